"""Ids of people and conversations: pseudonyms in the masked copy, also where attributes and texts repeat them."""

import re
from typing import Any, Final, NamedTuple

import msgspec

from onrecord.model.ids import is_random_id
from onrecord.model.score import Score
from onrecord.model.span import Link, Span
from onrecord.privacy.pseudonym import TOKEN, Pseudonyms, is_made_id

_RANDOM = re.compile(r"[0-9a-f]{32}\n[0-9a-f]{16}\n(?:[0-9a-f]{16})?\Z")
"""The usual ids of a span, lower case: a shortcut past three calls of ``is_random_id``."""
_LONG: Final = 6
"""Characters of the shortest id that is looked for inside texts; a shorter one would hit words and counts."""


class KnownId(NamedTuple):
    """An id that the record names, and what stands for it."""

    raw: str
    pseudonym: str

    def hide(self, text: str, key: str) -> str:
        """``text`` without the id: as a whole value of a map (``key``), and inside when the id is long enough.

        Nothing is changed inside what already stands for something, which an id may be spelled like a part of.
        """
        raw = self.raw
        if text == raw and (key or len(raw) >= _LONG):
            return self.pseudonym
        if len(raw) < _LONG or raw not in text:
            return text

        def stand_in(found: re.Match[str]) -> str:
            token = TOKEN.match(text, found.start())
            return found.group() if token and token.end() >= found.end() else self.pseudonym

        return re.sub(rf"(?<!\w){re.escape(raw)}(?!\w)|{TOKEN.pattern}", stand_in, text)


def known_ids(pseudonyms: Pseudonyms, span: Span) -> list[KnownId]:
    """The ids by which ``span`` names a person, a session or a tenant; longest first."""
    known = []
    if span.user_id:
        known.append(KnownId(span.user_id, pseudonyms.user(span.user_id)))
    if span.session_id:
        known.append(KnownId(span.session_id, pseudonyms.session(span.session_id)))
    if span.tenant_id:
        known.append(KnownId(span.tenant_id, pseudonyms.tenant(span.tenant_id)))
    if not known:
        return known
    return sorted((each for each in known if not _is_masked(each.raw)), key=lambda each: -len(each.raw))


def _is_masked(raw: str) -> bool:
    """Whether an id is a pseudonym or a token as a whole, so that it names nobody."""
    return is_made_id(raw) or (raw[0] == "<" and TOKEN.fullmatch(raw) is not None)


def shown_id(pseudonyms: Pseudonyms, raw: str) -> str:
    """A trace or span id as the store may hold it: random ones as sent, others as pseudonyms."""
    return raw if not raw or is_random_id(raw) else pseudonyms.text_id(raw)


def mask_links(pseudonyms: Pseudonyms, links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Links whose ids are safe to show."""
    if all(is_random_id(link.trace_id) and is_random_id(link.span_id) for link in links):
        return links
    return tuple(
        msgspec.structs.replace(
            link, trace_id=shown_id(pseudonyms, link.trace_id), span_id=shown_id(pseudonyms, link.span_id)
        )
        for link in links
    )


def mask_score(pseudonyms: Pseudonyms, score: Score) -> Score:
    """A score whose ids are safe to show."""
    return msgspec.structs.replace(
        score,
        trace_id=shown_id(pseudonyms, score.trace_id),
        span_id=shown_id(pseudonyms, score.span_id),
        session_id=pseudonyms.session(score.session_id),
    )


def mask_ids(pseudonyms: Pseudonyms, span: Span) -> Span:
    """A span whose own ids, and those of its links and scores, are safe to show; the same object when they are."""
    new: dict[str, Any] = {}
    if not _RANDOM.match(f"{span.trace_id}\n{span.span_id}\n{span.parent_id}"):
        for name in ("trace_id", "span_id", "parent_id"):
            new[name] = shown_id(pseudonyms, getattr(span, name))
    if span.user_id:
        new["user_id"] = pseudonyms.user(span.user_id)
    if span.session_id:
        new["session_id"] = pseudonyms.session(span.session_id)
    if span.tenant_id:
        new["tenant_id"] = pseudonyms.tenant(span.tenant_id)
    if span.links:
        new["links"] = mask_links(pseudonyms, span.links)
    if span.scores:
        new["scores"] = tuple(mask_score(pseudonyms, score) for score in span.scores)
    if all(value == getattr(span, name) for name, value in new.items()):
        return span
    masked: Span = msgspec.structs.replace(span, **new)
    return masked


def named_in(span: Span, texts: list[str]) -> bool:
    """Whether ``texts`` repeat an id by which ``span`` names a person, a session or a tenant."""
    raw = [each for each in (span.user_id, span.session_id, span.tenant_id) if each and not _is_masked(each)]
    if not raw or not texts:
        return False
    joined = "\n".join(texts)
    return any(each in joined if len(each) >= _LONG else each in texts for each in raw)
