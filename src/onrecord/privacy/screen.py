"""The screen: every text of a record passes here, once, before anything is written.

Two copies come out. The *exact* one, for the vault, has secrets and card numbers replaced for good. The *masked* one,
for the store, is made from the exact one: personal data has become tokens and ids pseudonyms.

Invariants. Screening the exact copy again gives both copies again, screening the masked copy gives itself. Both are
functions of the record and the project's key. What is unchanged comes back as the same object. Any failure raises:
Rejected when it lies in the text, Unavailable when the screen does not work; what was not screened is not kept.
"""

from collections.abc import Callable
from operator import attrgetter
from types import TracebackType
from typing import Any, Final, NamedTuple, TypeVar

from msgspec.structs import fields, replace

from onrecord.errors import OnrecordError, Rejected, Unavailable
from onrecord.model.ids import is_random_id
from onrecord.model.message import Message, ToolDefinition
from onrecord.model.project import ContentMode
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.privacy.detect.scan import detector
from onrecord.privacy.identity import known_ids, mask_ids, mask_score, named_in
from onrecord.privacy.modes import bare_message, bare_score, bare_span, bare_tool
from onrecord.privacy.policy import DEFAULT, Policy
from onrecord.privacy.pseudonym import Pseudonyms, labels_in
from onrecord.privacy.texts import Copies, Screened, TextScreen
from onrecord.privacy.walk import Gathered, Leaf, gather, rebuild, text_fields

T = TypeVar("T")

_PROBE: Final = "probe@example.com"
"""What every screen finds that works."""
_CONTENT: Final = ("input", "output", "tools")
"""Fields that are screened message by message."""
_IDS: Final = ("trace_id", "span_id", "parent_id", "user_id", "session_id", "tenant_id")
_REST: Final = tuple(name for name in text_fields(Span) if name not in (*_CONTENT, *_IDS))
_WORDS: Final = tuple(field.name for field in fields(Span) if field.type is str and field.name in _REST)
_BELOW: Final = tuple(name for name in _REST if name not in (*_WORDS, "resource"))
_ids_of = attrgetter(*_IDS)
_words_of = attrgetter(*_WORDS)
_below_of = attrgetter(*_BELOW)


class _Resource(NamedTuple):
    """A resource as it came, as it is kept, and what is in it: spans of one request share one."""

    raw: dict[str, Any]
    kept: dict[str, Any]
    gathered: Gathered
    clean: bool


class _FailClosed:
    """Turns whatever fails inside into an error of ours: nothing unscreened goes on.

    When the screen still finds a known address, the fault lies in the text: Rejected, sending it again changes nothing.
    Else, or when memory is short, the screen as a whole does not work: Unavailable.
    """

    def __init__(self, texts: TextScreen) -> None:
        self._texts = texts

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        """Raise for a fault that is not one of ours already."""
        if not isinstance(fault, Exception) or isinstance(fault, OnrecordError):
            return
        name = type(fault).__name__
        if not isinstance(fault, MemoryError) and self._works():
            raise Rejected(
                f"could not be screened for personal data ({name})",
                hint="It was not kept as a record. Please report the kind of error named here.",
                status=422,
            ) from None
        raise Unavailable(
            f"Screening for personal data failed ({name}); nothing was kept.",
            hint="Send it again; if it fails again, report the kind of error named here.",
        ) from None

    def _works(self) -> bool:
        try:
            return self._texts.text(_PROBE).found == ("EMAIL",)
        except Exception:  # noqa: BLE001 - whatever it is, the screen does not work
            return False


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
        self._closed = _FailClosed(self._texts)
        self._resource = _Resource({}, {}, Gathered([], [], []), clean=True)

    def forget(self) -> None:
        """Drop every text of a record from memory."""
        self._texts.forget()

    def text(self, text: str, key: str = "") -> Screened:
        """Screen one text; ``key`` is that of the map entry under which it stands."""
        with self._closed:
            if self._mode is ContentMode.METADATA:
                return Screened("", "", ())
            screened = self._texts.text(text, key)
            return screened if self._mode is ContentMode.FULL else screened._replace(exact=screened.masked)

    def message(self, message: Message) -> tuple[Message, Message, tuple[str, ...]]:
        """Exact copy, masked copy and labels of a message."""
        with self._closed:
            return self._in_mode(self._value(self._bared(message, bare_message)))

    def tools(self, tool: ToolDefinition) -> tuple[ToolDefinition, ToolDefinition, tuple[str, ...]]:
        """Exact copy, masked copy and labels of a tool definition."""
        with self._closed:
            return self._in_mode(self._value(self._bared(tool, bare_tool)))

    def score(self, score: Score) -> tuple[Score, Score, tuple[str, ...]]:
        """Exact copy, masked copy and labels of a score that arrived alone."""
        with self._closed:
            exact, masked, found = self._value(self._bared(score, bare_score))
            return self._in_mode((exact, mask_score(self._pseudonyms, masked), found))

    def span(self, span: Span) -> tuple[Span, Span, tuple[str, ...]]:
        """Exact copy, masked copy and labels of all of a span but ``input``, ``output`` and ``tools``.

        Both copies lack the resource attributes that the policy drops; in the masked one ids are pseudonyms, also
        where attributes and texts repeat them.
        """
        with self._closed:
            exact = self._bared(span, bare_span)
            resource = self._resource
            if exact.resource is not resource.raw:
                resource = self._resource = self._read_resource(exact.resource)
            if resource.kept is not resource.raw:
                exact = replace(exact, resource=resource.kept)
            texts = [text for text in _words_of(exact) if text]
            gathered = Gathered(texts, [""] * len(texts), [])
            for value in _below_of(exact):
                if value:
                    gather(value, gathered)
            kept = resource.gathered
            named = any(named_in(exact, said) for said in (texts, gathered.keys, kept.texts, kept.keys))
            if not resource.clean:
                gather(exact.resource, gathered)
            ids = [each for each in _ids_of(exact) if each and not is_random_id(each) and not self._texts.keeps(each)]
            texts += ids
            gathered.under.extend([""] * len(ids))
            copies = self._texts.copies(gathered)
            if copies is None and not named:
                return self._in_mode((exact, mask_ids(self._pseudonyms, exact), ()))
            return self._in_mode(self._span(exact, copies or Copies(self._texts, only=set()), named))

    def _read_resource(self, raw: dict[str, Any]) -> _Resource:
        dropped = self._policy.resource_dropped
        kept = raw if dropped.isdisjoint(raw) else {key: value for key, value in raw.items() if key not in dropped}
        gathered = Gathered([], [], [])
        gather(kept, gathered)
        return _Resource(raw, kept, gathered, clean=self._texts.copies(gathered) is None)

    def _bared(self, value: T, bare: Callable[[T], T]) -> T:
        return bare(value) if self._mode is ContentMode.METADATA else value

    def _in_mode(self, copies: tuple[T, T, tuple[str, ...]]) -> tuple[T, T, tuple[str, ...]]:
        return copies if self._mode is ContentMode.FULL else (copies[1], copies[1], copies[2])

    def _span(self, span: Span, copies: Copies, named: bool) -> tuple[Span, Span, tuple[str, ...]]:
        exact = _walk(span, copies.exact, (*_IDS, *_REST)) if copies.exact_differs else span
        copies.know(known_ids(self._pseudonyms, exact))
        names = _REST if copies.masked_differs else _naming(exact) if named else ()
        masked = _walk(exact, copies.masked, names) if names else exact
        masked = mask_ids(self._pseudonyms, masked)
        return exact, masked, _labels_of(masked) if copies.found() or copies.rewritten else ()

    def _value(self, value: T) -> tuple[T, T, tuple[str, ...]]:
        gathered = Gathered([], [], [])
        gather(value, gathered)
        copies = self._texts.copies(gathered)
        if copies is None:
            return value, value, ()
        exact = rebuild(value, copies.exact) if copies.exact_differs else value
        masked = rebuild(exact, copies.masked) if copies.masked_differs else exact
        return exact, masked, copies.found()


def _labels_of(masked: Span) -> tuple[str, ...]:
    """Labels of the tokens in a masked span: so every copy gives the same ones."""
    gathered = Gathered([], [], [])
    for name in (*_IDS, *_REST):
        gather(getattr(masked, name), gathered)
    return labels_in("\n".join(gathered.texts + gathered.keys))


def _naming(span: Span) -> tuple[str, ...]:
    """The fields in which an id of the span's person, session or tenant stands."""
    names = []
    for name in _REST:
        value = getattr(span, name)
        if value:
            gathered = Gathered([], [], [])
            gather(value, gathered)
            if named_in(span, gathered.texts + gathered.keys):
                names.append(name)
    return tuple(names)


def _walk(span: Span, leaf: Leaf, names: tuple[str, ...]) -> Span:
    new = {}
    for name in names:
        old = getattr(span, name)
        if old:
            changed = rebuild(old, leaf)
            if changed is not old:
                new[name] = changed
    return replace(span, **new) if new else span
