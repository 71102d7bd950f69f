"""Media that a step mentions: what and how large, for everybody who may read it; the bytes for those who may see them.

A medium is one that was kept apart (a reference of Langfuse, an attachment of LangSmith), or one whose bytes stand in
a message. It is named by its number within the step, so that no text of a client is part of an address. What lies at
another address is said and never fetched.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from onrecord.errors import Corrupt, Missing
from onrecord.model.access import Level
from onrecord.model.media import Media
from onrecord.model.record import Place
from onrecord.model.span import Span
from onrecord.query import content
from onrecord.query.content import Vault
from onrecord.query.results import SpanDetail
from onrecord.query.scope import View

MEDIA: Final = 50
"""Media of one step that are listed."""
REFERENCE: Final = re.compile(r"@@@langfuseMedia:type=([^|@]{1,100})\|id=([^|@]{1,200})\|source=[^@]{0,50}@@@")
"""How Langfuse's SDKs write a medium into a text: type and id."""
_TYPE: Final = re.compile(r"[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,60}")
_DEPTH: Final = 30


class MediumRow(msgspec.Struct, frozen=True, kw_only=True):
    """One medium of a step, without its bytes."""

    number: int
    """Its number within the step, from 1."""
    media_type: str
    """What the client says that it is; empty when that is no media type."""
    size: int | None
    """Bytes; ``None`` is unknown."""
    state: str
    """``present``, ``withheld`` (the project keeps no text), ``gone``, ``altered`` or ``elsewhere``."""


class _Mentioned(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    """Of one that was kept apart."""
    media_type: str = ""
    data: bytes = b""
    """Of one that stands in a message."""


def listed(view: View, vault: Vault, detail: SpanDetail) -> tuple[MediumRow, ...]:
    """The media that a step mentions; none at level ``metadata``, or when its content is not there."""
    if view.level < Level.PSEUDONYMISED or detail.content is None or not mentioned(detail.content):
        return ()  # pseudonymising takes no medium away: most steps need no second look into the vault
    span = vault.content.read(view.project.number, Place(detail.row.shard, detail.row.index))
    return tuple(_row(view, vault, span, number, one) for number, one in enumerate(mentioned(span), 1))


def opened(view: View, vault: Vault, detail: SpanDetail, number: int) -> Media:
    """The medium with that number, with its bytes; recorded before it is given.

    Raises:
        Denied: without the right. Rejected: without a purpose. Missing: there is none, or it is not kept.
        Corrupt: it is altered. Unavailable: the read could not be recorded.
    """
    content.may_read(view, Level.EXACT)
    place = Place(detail.row.shard, detail.row.index)
    span = vault.content.read(view.project.number, place)
    found = mentioned(span)
    if not 1 <= number <= len(found):
        raise Missing("This step mentions no such medium.")
    one = found[number - 1]
    if one.id:
        kept = content.media(view, vault, span.trace_id, one.id)
    else:
        content.put_on_record(view, vault, "media", (place,))
        kept = Media(id="", trace_id=span.trace_id, media_type=one.media_type, data=one.data, size=len(one.data))
    if not kept.data:
        raise Missing("The bytes of this medium are not kept.", hint="The project keeps no text, or it lies elsewhere.")
    return kept


def mentioned(span: Span) -> list[_Mentioned]:
    """Every medium that a span mentions, each once, in reading order. Pure."""
    found: list[_Mentioned] = []
    known: set[str] = set()
    for one in _all(span):
        if one.id and one.id in known:
            continue
        known.add(one.id)
        found.append(one)
        if len(found) >= MEDIA:
            break
    return found


def _all(span: Span) -> Iterator[_Mentioned]:
    for message in (*span.input, *span.output):
        for part in message.parts:
            if part.type == "media" and not REFERENCE.search(part.uri):
                yield _Mentioned(media_type=_typed(part.mime), data=part.data)
            yield from _references((part.text, part.uri, part.value, part.extra))
    yield from _references((span.metadata, span.attributes))
    attached = span.attributes.get("attachments")
    for one in attached if isinstance(attached, list) else ():
        if isinstance(one, dict) and isinstance(one.get("id"), str) and one["id"]:
            yield _Mentioned(id=one["id"], media_type=_typed(one.get("media_type")))


def _references(value: Any, depth: int = 0) -> Iterator[_Mentioned]:
    if isinstance(value, str):
        if "@@@" in value:
            for media_type, id_ in REFERENCE.findall(value):
                yield _Mentioned(id=id_, media_type=_typed(media_type))
    elif depth < _DEPTH and isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _references(item, depth + 1)


def _row(view: View, vault: Vault, span: Span, number: int, one: _Mentioned) -> MediumRow:
    if not one.id:
        state, size = ("present", len(one.data)) if one.data else ("elsewhere", None)
        return MediumRow(number=number, media_type=one.media_type, size=size, state=state)
    project = view.project.number
    try:
        kept = vault.content.media(project, vault.content.media_place(project, span.trace_id, one.id))
    except Missing:
        return MediumRow(number=number, media_type=one.media_type, size=None, state="gone")
    except Corrupt:
        return MediumRow(number=number, media_type=one.media_type, size=None, state="altered")
    media_type = _typed(kept.media_type) or one.media_type
    state = "withheld" if kept.withheld else "present"
    return MediumRow(number=number, media_type=media_type, size=kept.size or len(kept.data), state=state)


def _typed(said: Any) -> str:
    """A media type in small letters without parameters, or nothing."""
    bare = said.partition(";")[0].strip().lower() if isinstance(said, str) else ""
    return bare if _TYPE.fullmatch(bare) else ""
