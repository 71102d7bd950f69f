"""The screen: every text of a record passes here, once, before anything is written.

Two copies come out. The *exact* one, for the vault, has secrets and card numbers replaced for good. The *masked* one,
for the store, is made from the exact one: personal data has become tokens and ids pseudonyms.

Invariants. Screening the exact copy again gives both copies again, screening the masked copy gives itself. Both are
functions of the record and the project's key. What is unchanged comes back as the same object. Any failure raises
Unavailable: what was not screened is not kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, Final, TypeVar

import msgspec

from onrecord.errors import OnrecordError, Unavailable
from onrecord.model.message import Message, ToolDefinition
from onrecord.model.project import ContentMode
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.privacy.detect.scan import detector
from onrecord.privacy.identity import known_ids, mask_links, mask_score, named_in, shown_id
from onrecord.privacy.modes import bare_message, bare_score, bare_span, bare_tool
from onrecord.privacy.policy import DEFAULT, Policy
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.texts import Copies, Screened, TextScreen
from onrecord.privacy.walk import Leaf, leaves, rebuild

T = TypeVar("T")

_CONTENT: Final = ("input", "output", "tools")
"""Fields that are screened message by message."""
_IDS: Final = ("trace_id", "span_id", "parent_id", "user_id", "session_id", "tenant_id")
_REST: Final = tuple(name for name in Span.__struct_fields__ if name not in (*_CONTENT, *_IDS))
_ids_of = attrgetter(*_IDS)
_rest_of = attrgetter(*_REST)


class Screen:
    """The screen of one project. Threads may share it."""

    def __init__(
        self, pseudonyms: Pseudonyms, policy: Policy = DEFAULT, *, mode: ContentMode = ContentMode.FULL
    ) -> None:
        """``mode`` says what the exact copy is: in ``pseudonymised`` the masked one, in ``metadata`` without text."""
        self._pseudonyms = pseudonyms
        self._policy = policy
        self._mode = mode
        self._texts = TextScreen(pseudonyms, detector(policy.regions))

    def text(self, text: str, key: str = "") -> Screened:
        """Screen one text; ``key`` is that of the map entry under which it stands."""
        with _fail_closed():
            if self._mode is ContentMode.METADATA:
                return Screened("", "", ())
            screened = self._texts.text(text, key)
            return screened if self._mode is ContentMode.FULL else screened._replace(exact=screened.masked)

    def message(self, message: Message) -> tuple[Message, Message, tuple[str, ...]]:
        """Exact copy, masked copy and labels of a message."""
        with _fail_closed():
            return self._in_mode(self._value(self._bared(message, bare_message)))

    def tools(self, tool: ToolDefinition) -> tuple[ToolDefinition, ToolDefinition, tuple[str, ...]]:
        """Exact copy, masked copy and labels of a tool definition."""
        with _fail_closed():
            return self._in_mode(self._value(self._bared(tool, bare_tool)))

    def score(self, score: Score) -> tuple[Score, Score, tuple[str, ...]]:
        """Exact copy, masked copy and labels of a score that arrived alone."""
        with _fail_closed():
            exact, masked, found = self._value(self._bared(score, bare_score))
            return self._in_mode((exact, mask_score(self._pseudonyms, masked), found))

    def span(self, span: Span) -> tuple[Span, Span, tuple[str, ...]]:
        """Exact copy, masked copy and labels of all of a span but ``input``, ``output`` and ``tools``.

        Both copies lack the resource attributes that the policy drops; in the masked one ids are pseudonyms, also
        where attributes and texts repeat them.
        """
        with _fail_closed():
            exact = self._without_dropped(self._bared(span, bare_span))
            texts: list[str] = []
            keys: list[str] = []
            for value in _rest_of(exact):
                if value:
                    leaves(value, texts, keys)
            joined = "\n".join(texts)
            found: tuple[str, ...] = ()
            masked = exact
            ids = "\n".join(_ids_of(exact))
            if named_in(known_ids(self._pseudonyms, exact), texts, joined) or not self._texts.is_clean(
                f"{joined}\n{ids}", keys
            ):
                exact, masked, found = self._span(exact)
            return self._in_mode((exact, self._with_masked_ids(masked), found))

    def _bared(self, value: T, bare: Callable[[T], T]) -> T:
        return bare(value) if self._mode is ContentMode.METADATA else value

    def _in_mode(self, copies: tuple[T, T, tuple[str, ...]]) -> tuple[T, T, tuple[str, ...]]:
        return copies if self._mode is ContentMode.FULL else (copies[1], copies[1], copies[2])

    def _span(self, span: Span) -> tuple[Span, Span, tuple[str, ...]]:
        copies = Copies(self._texts)
        exact = _walk(span, copies.exact, (*_IDS, *_REST))
        copies.know(known_ids(self._pseudonyms, exact))
        return exact, _walk(exact, copies.masked, _REST), copies.found()

    def _without_dropped(self, span: Span) -> Span:
        dropped = self._policy.resource_dropped
        if dropped.isdisjoint(span.resource):
            return span
        kept = {key: value for key, value in span.resource.items() if key not in dropped}
        return msgspec.structs.replace(span, resource=kept)

    def _with_masked_ids(self, span: Span) -> Span:
        names = self._pseudonyms
        new: dict[str, Any] = {
            "trace_id": shown_id(names, span.trace_id),
            "span_id": shown_id(names, span.span_id),
            "parent_id": shown_id(names, span.parent_id),
            "user_id": names.user(span.user_id),
            "session_id": names.session(span.session_id),
            "tenant_id": names.tenant(span.tenant_id),
        }
        if span.links:
            new["links"] = mask_links(names, span.links)
        if span.scores:
            new["scores"] = tuple(mask_score(names, score) for score in span.scores)
        if all(value == getattr(span, name) for name, value in new.items()):
            return span
        return msgspec.structs.replace(span, **new)

    def _value(self, value: T) -> tuple[T, T, tuple[str, ...]]:
        texts: list[str] = []
        keys: list[str] = []
        leaves(value, texts, keys)
        if self._texts.is_clean("\n".join(texts), keys):
            return value, value, ()
        copies = Copies(self._texts)
        exact = rebuild(value, copies.exact)
        return exact, rebuild(exact, copies.masked), copies.found()


def _walk(span: Span, leaf: Leaf, names: tuple[str, ...]) -> Span:
    new = {}
    for name in names:
        old = getattr(span, name)
        if old:
            changed = rebuild(old, leaf)
            if changed is not old:
                new[name] = changed
    return msgspec.structs.replace(span, **new) if new else span


@contextmanager
def _fail_closed() -> Iterator[None]:
    try:
        yield
    except OnrecordError:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever fails, nothing unscreened goes on
        raise Unavailable(
            f"Screening for personal data failed ({type(fault).__name__}); nothing was kept.",
            hint="Send it again; if it fails again, report the kind of error named here.",
        ) from None
