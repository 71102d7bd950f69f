"""Content: from a record's place to the exact value, its parts merged; and from there to the row again.

The row that a rebuild makes goes through the same functions as the row at ingest, so that both give the same answers.
"""

from collections.abc import Iterator

import msgspec

from onrecord.errors import Corrupt, Missing, Rejected
from onrecord.ingest.prepare import SCORES, SPANS, media_identity, screen_span
from onrecord.ingest.project import ProjectRuntime, ProjectRuntimes
from onrecord.ledger.entry import Entry
from onrecord.model.media import Media
from onrecord.model.message import Message, ToolDefinition
from onrecord.model.record import SPAN_KINDS, Place, RecordFacts
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.merge import merge
from onrecord.privacy.screen import Screen
from onrecord.store.row import DAMAGED, damaged_line, score_line, span_line, stamp
from onrecord.vault.body import place_of
from onrecord.vault.manifest import Content
from onrecord.vault.reader import Located, VaultReader

_span = msgspec.msgpack.Decoder(Span).decode
_score = msgspec.msgpack.Decoder(Score).decode
_message = msgspec.msgpack.Decoder(Message).decode
_media = msgspec.msgpack.Decoder(Media).decode
_tools = msgspec.msgpack.Decoder(tuple[ToolDefinition, ...]).decode


def span_of(content: Content) -> Span:
    """The exact span that a record holds.

    Raises:
        Corrupt: when the bytes opened but are not a span.
    """
    try:
        bare: Span = _span(content.attributes)
        return msgspec.structs.replace(
            bare,
            tools=_tools(content.tools) if content.tools is not None else (),
            input=tuple(map(_message, content.input)),
            output=tuple(map(_message, content.output)),
        )
    except msgspec.DecodeError as error:
        raise Corrupt("the content of a record is not a span") from error


class ContentReader:
    """Exact content of spans, for those who may read it."""

    def __init__(self, vault: VaultReader, runtimes: ProjectRuntimes) -> None:
        self._vault = vault
        self._runtimes = runtimes

    def read(self, project: int, place: Place) -> Span:
        """The exact span whose first record stands at ``place``, every part merged in.

        Raises:
            Missing: when it was erased, has expired, or never was.
            Corrupt: when it is altered.
        """
        return self.read_until(project, place, None)

    def read_until(self, project: int, place: Place, last: Place | None) -> Span:
        """The same, with the parts up to and including the one at ``last`` only."""
        located = self._vault.locate(project, place)
        span: Span | None = None
        for part in self._vault.parts(located):
            at = Place(int(part.month[:4]), place_of(part.record.id)[1])
            if at < place or (last is not None and at > last):
                continue
            value = span_of(self._vault.open(part))
            span = value if span is None else merge(span, value)
        if span is None:
            raise Missing("this span is not kept")
        return span

    def masked(self, project: int, place: Place) -> Span:
        """The span as a reader of pseudonymised content sees it, whole conversation included."""
        runtime = self._runtimes.numbered(project)
        return mask(self.read(project, place), runtime.screen)

    def media_place(self, project: int, trace_id: str, media_id: str) -> Place:
        """Where a medium of a trace stands; the newest when the client sent other bytes under the same id.

        Raises:
            Missing: when it was erased, has expired, or never was.
        """
        identity = self._runtimes.numbered(project).locators.identity(trace_id, media_identity(media_id))
        found = self._vault.find(identity)
        if not found:
            raise Missing("this medium is not kept", hint="It was erased, has expired or never arrived.")
        return Place(int(found[-1].month[:4]), place_of(found[-1].record.id)[1])

    def media(self, project: int, place: Place) -> Media:
        """The medium that stands at ``place``.

        Raises:
            Missing: when it was erased or has expired.
            Corrupt: when it is altered.
        """
        try:
            return _media(self._vault.open(self._vault.locate(project, place)).attributes)
        except msgspec.DecodeError as error:
            raise Corrupt("the content of a record is not a medium") from error

    def row(self, project: int, facts: RecordFacts, first: Place, last: Place | None, revision: int) -> bytes:
        """The store line of a span with its parts up to ``last``."""
        runtime = self._runtimes.under(project, facts.mode)
        span = self.read_until(project, first, last)
        _, _, _, masked, found, version = screen_span(span, runtime)
        return stamp(span_line(masked, facts, found, version), first, revision, facts.received_us)

    def score_row(self, located: Located, project: int, facts: RecordFacts, place: Place) -> bytes:
        """The store line of a score."""
        score = _score(self._vault.open(located).attributes)
        _, masked, _ = self._runtimes.under(project, facts.mode).screen.score(score)
        return stamp(score_line(masked, facts), place, 0, facts.received_us)

    def rows(self, project: int, entries: Iterator[tuple[Place, Entry]]) -> Iterator[tuple[str, bytes]]:
        """Table and line of every record of a project, from its entries and the vault: what a rebuild replays.

        Each span gives one line, of its newest revision. What was erased or has expired gives none, neither does a part
        that waits for its span; what can not be read gives one that says so.
        """
        runtime = self._runtimes.numbered(project)
        for place, entry in entries:
            if entry.kind not in (*SPAN_KINDS, "score") or entry.part_of is not None:
                continue
            facts = facts_of(entry, runtime)
            try:
                located = self._vault.locate(project, place)
                if entry.kind == "part" and self._vault.waits(located):
                    continue  # its row comes when its span does, or when it has waited long enough
                if entry.kind == "score":
                    yield SCORES, self.score_row(located, project, facts, place)
                else:
                    revision = len(self._vault.parts(located)) - 1
                    yield SPANS, self.row(project, facts, place, None, revision)
            except Missing:
                continue
            except (Corrupt, Rejected):  # altered, or can not be screened
                yield DAMAGED, damaged_line(facts.project, place, 0, facts.retention)


def facts_of(entry: Entry, runtime: ProjectRuntime) -> RecordFacts:
    """What the server knew of a record when it came, from its entry."""
    return RecordFacts(
        project=runtime.project.id,
        record_id=entry.id,
        kind=entry.kind,
        received_us=entry.received_us,
        mode=entry.mode,
        retention=runtime.project.retention,
    )


def mask(span: Span, screen: Screen) -> Span:
    """A whole exact span as a reader of pseudonymised content sees it."""
    bare = msgspec.structs.replace(span, input=(), output=(), tools=())
    _, masked, _ = screen.span(bare)
    whole: Span = msgspec.structs.replace(
        masked,
        input=tuple(screen.message(message)[1] for message in span.input),
        output=tuple(screen.message(message)[1] for message in span.output),
        tools=tuple(screen.tools(tool)[1] for tool in span.tools),
    )
    return whole
