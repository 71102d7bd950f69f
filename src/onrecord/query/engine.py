"""The engine: every question that can be asked of what is on the record.

Each method takes the reader's ``Access`` first and the project second; project and level are enforced in one place
(``scope.enter``), before anything is asked of the store. A project that the reader may not see is ``Missing``, like one
that does not exist. Lists are newest received first and paged by key, never by offset.
"""

from collections.abc import Sequence
from typing import Final

from onrecord.errors import Missing, Rejected
from onrecord.model.access import Access, Level
from onrecord.model.ids import is_random_id
from onrecord.model.media import Media
from onrecord.model.record import Place
from onrecord.model.time import Clock
from onrecord.query import (
    charts,
    compare,
    completeness,
    completing,
    content,
    exports,
    figures,
    ledgerstate,
    lists,
    neighbours,
    people,
    prompts,
    proofs,
    scorerows,
    searching,
    stepmedia,
    tree,
)
from onrecord.query.charts import Charts
from onrecord.query.compare import Comparison
from onrecord.query.compile import resolve
from onrecord.query.completing import Completion
from onrecord.query.content import TraceContent
from onrecord.query.cursor import PlaceCursor, encode, limit_of, name_after, place_after
from onrecord.query.neighbours import Neighbours
from onrecord.query.port import Content, FindLedgers, FindLens, FindProducers, FindProject, RecordAccess, Select
from onrecord.query.prompts import PromptDetail, PromptRow
from onrecord.query.results import (
    Bucket,
    Completeness,
    Facets,
    Head,
    Hit,
    LedgerState,
    Page,
    PageRequest,
    Proof,
    ScoreRow,
    SessionRow,
    SpanDetail,
    SpanRow,
    StatusCounts,
    TraceRow,
    TraceTree,
    UserRow,
)
from onrecord.query.scope import View, enter
from onrecord.query.stepmedia import MediumRow
from onrecord.query.syntax import EVERYTHING, Compare, Filter

FIRST: Final = PageRequest()
_TARGETS: Final = {"span": "span_id", "trace": "trace_id", "session": "session"}
_RUNNING: Final = Compare("running", "=", 1)


class Engine:
    """All queries. One per process; methods may be called from any thread."""

    def __init__(
        self,
        *,
        store: Select,
        projects: FindProject,
        lenses: FindLens,
        ledgers: FindLedgers,
        producers: FindProducers,
        vault: Content,
        record_access: RecordAccess,
        clock: Clock,
    ) -> None:
        self._store = store
        self._projects = projects
        self._lenses = lenses
        self._ledgers = ledgers
        self._producers = producers
        self._vault = content.Vault(vault, record_access)
        self._clock = clock

    def traces(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[TraceRow]:
        """Traces of which at least one span fits, newest received first.

        Raises:
            Missing: the project is not there for this reader. Rejected: the cursor or filter is malformed.
        """
        view, wanted = self._enter(access, project, where)
        start, limit = place_after(page.after), limit_of(page)
        return lists.traces(view, wanted, start, limit, self._sizes(view))

    def spans(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[SpanRow]:
        """Spans that fit, newest received first."""
        view, wanted = self._enter(access, project, where)
        start, limit = place_after(page.after), limit_of(page)
        return lists.spans(view, wanted, start, limit, self._sizes(view))

    def details(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[SpanDetail]:
        """Spans that fit with their content, pseudonymised at most; their scores are a question of their own."""
        found = self.spans(access, project, where, page)
        return Page(rows=self.opened(access, project, found.rows), next=found.next)

    def opened(self, access: Access, project: str, rows: Sequence[SpanRow]) -> tuple[SpanDetail, ...]:
        """Spans of an earlier answer with their content, as ``details``: the store is not asked again."""
        view, _ = self._enter(access, project)
        return tuple(content.listed(view, self._vault, row) for row in rows)

    def running(self, access: Access, project: str, page: PageRequest = FIRST) -> Page[SpanRow]:
        """Spans that have not reported their end."""
        return self.spans(access, project, _RUNNING, page)

    def trace(self, access: Access, project: str, trace_id: str) -> TraceTree:
        """One trace as a tree; orphans stand at the root, cycles are cut.

        Raises:
            Missing: no span of it is there for this reader.
        """
        view, _ = self._enter(access, project)
        return tree.trace_tree(view, self._shown_id(view, trace_id), self._sizes(view))

    def span(
        self, access: Access, project: str, trace_id: str, span_id: str, level: Level = Level.PSEUDONYMISED
    ) -> SpanDetail:
        """One span with its content at ``level``, or at the reader's own level when that is lower.

        ``Level.EXACT`` must be asked for, needs the right and a purpose, and is recorded before it is answered.

        Raises:
            Denied: exact content without the right. Rejected: without a purpose. Missing: no such span.
            Unavailable: the read could not be recorded, so nothing is shown.
        """
        view, _ = self._enter(access, project)
        ids = (self._shown_id(view, trace_id), self._shown_id(view, span_id))
        return content.span_detail(view, self._vault, ids, level, self._sizes(view))

    def trace_content(
        self, access: Access, project: str, trace_id: str, level: Level = Level.PSEUDONYMISED
    ) -> TraceContent:
        """One trace with the content of its steps: what an export holds. Levels, and what is raised, as ``span``."""
        view, _ = self._enter(access, project)
        found = tree.trace_tree(view, self._shown_id(view, trace_id), self._sizes(view))
        return content.trace_content(view, self._vault, found, level)

    def compare(self, access: Access, project: str, left: tuple[str, str], right: tuple[str, str]) -> Comparison:
        """What differs between two steps, each a trace id and a span id; pseudonymised, like everything by default.

        Raises:
            Missing: one of them is not there for this reader.
        """
        view, _ = self._enter(access, project)
        sizes = self._sizes(view)
        details = []
        for trace_id, span_id in (left, right):
            ids = (self._shown_id(view, trace_id), self._shown_id(view, span_id))
            details.append(content.span_detail(view, self._vault, ids, Level.PSEUDONYMISED, sizes))
        return compare.compare(*details)

    def neighbours(self, access: Access, project: str, trace_id: str, where: Filter = EVERYTHING) -> Neighbours:
        """The next newer and the next older trace in the list that ``where`` makes; empty at its ends."""
        view, wanted = self._enter(access, project, where)
        return neighbours.neighbours(view, wanted, self._shown_id(view, trace_id), self._sizes(view))

    def complete(self, access: Access, project: str, line: str, where: Filter = EVERYTHING) -> tuple[Completion, ...]:
        """What the end of a search line could become: names of fields, values of the spans that fit ``where``."""
        view, wanted = self._enter(access, project, where)
        return completing.complete(view, line, wanted)

    def note(self, access: Access, project: str, kind: str, places: tuple[Place, ...]) -> None:
        """Put on the record that these records were shown; ``access.purpose`` says why or how they were asked for.

        Raises:
            Unavailable: it could not be recorded: then nothing may be shown.
        """
        view, _ = self._enter(access, project)
        content.put_on_record(view, self._vault, kind, places)

    def media(self, access: Access, project: str, trace_id: str, media_id: str) -> Media:
        """An image, a sound or a document of a trace: exact content, recorded before it is given.

        Raises:
            Denied: without the right. Rejected: without a purpose. Missing: it is not kept. Corrupt: it is altered.
            Unavailable: the read could not be recorded, so nothing is shown.
        """
        view, _ = self._enter(access, project)
        return content.media(view, self._vault, trace_id, media_id)

    def step_media(self, access: Access, project: str, detail: SpanDetail) -> tuple[MediumRow, ...]:
        """The media that a step of the project mentions: type and size of each, never its bytes."""
        view, _ = self._enter(access, project)
        return stepmedia.listed(view, self._vault, detail)

    def step_medium(self, access: Access, project: str, ids: tuple[str, str], number: int) -> Media:
        """One of them (trace id, span id, number) with its bytes: exact content, recorded before it is given.

        Raises:
            As ``media`` does.
        """
        view, _ = self._enter(access, project)
        return stepmedia.opened(view, self._vault, self.span(access, project, *ids), number)

    def scores(
        self, access: Access, project: str, target: str, ids: Sequence[str], *, offset: int = 0, limit: int = 1_000
    ) -> tuple[ScoreRow, ...]:
        """The newest judgement of each id about some spans, traces or sessions, newest first.

        ``target`` is ``span``, ``trace`` or ``session``; ``ids`` are those of the targets, as their client says them.

        Raises:
            Rejected: ``target`` is none of the three.
        """
        column = _TARGETS.get(target)
        if column is None:
            raise Rejected("Scores are about a span, a trace or a session.")
        view, _ = self._enter(access, project)
        pseudonyms = self._lenses(view.project.number).pseudonyms
        shown = [pseudonyms.session(one) if target == "session" else self._shown_id(view, one) for one in ids]
        return scorerows.scores_about(view, column, shown, offset, limit)

    def export(
        self,
        access: Access,
        project: str,
        where: Filter = EVERYTHING,
        page: PageRequest = FIRST,
        level: Level = Level.PSEUDONYMISED,
    ) -> Page[SpanDetail]:
        """Spans that fit with their content at ``level``, newest received first; raises as ``span``.

        A page ends early when its content is large; each page of exact content is recorded once, before it is answered.
        """
        view, wanted = self._enter(access, project, where)
        start, limit = place_after(page.after), limit_of(page)
        return exports.export(view, self._vault, wanted, start, limit, level, self._sizes(view))

    def sessions(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[SessionRow]:
        """Sessions of which at least one span fits, newest received first."""
        view, wanted = self._enter(access, project, where)
        return people.sessions(view, wanted, name_after(page.after), limit_of(page))

    def session(self, access: Access, project: str, session: str) -> SessionRow:
        """One session by raw id or pseudonym; its traces are ``traces`` with a filter on it."""
        view, _ = self._enter(access, project)
        found = people.session(view, self._lenses(view.project.number).pseudonyms.session(session))
        if found is None:
            raise Missing("There is no such session.", hint="It may be of another project, or erased.")
        return found

    def users(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[UserRow]:
        """Users (pseudonyms) of whom at least one span fits, most recently seen first."""
        view, wanted = self._enter(access, project, where)
        return people.users(view, wanted, name_after(page.after), limit_of(page))

    def search(self, access: Access, project: str, where: Filter, page: PageRequest = FIRST) -> Page[Hit]:
        """Spans that fit, newest first, with the text around what was found."""
        view, wanted = self._enter(access, project, where)
        start, limit = place_after(page.after), limit_of(page)
        return searching.search(view, wanted, start, limit, self._sizes(view))

    def aggregate(
        self,
        access: Access,
        project: str,
        measures: Sequence[str] = ("count",),
        *,
        group_by: Sequence[str] = (),
        interval_s: int | None = None,
        where: Filter = EVERYTHING,
    ) -> tuple[Bucket, ...]:
        """Measures of the spans that fit, by field values and stretches of time.

        Measures: ``count``, ``traces``, ``errors``, ``tokens``, ``tokens_input``, ``tokens_output``, ``cost``,
        ``latency_p50_ms``, ``latency_p95_ms``, ``latency_p99_ms``, ``users``, ``sessions``.
        """
        view, wanted = self._enter(access, project, where)
        return figures.aggregate(view, measures, group_by, interval_s, wanted)

    def charts(
        self, access: Access, project: str, by: str = "model", where: Filter = EVERYTHING, *,
        since_us: int = 0, until_us: int = 0,
    ) -> Charts:  # fmt: skip
        """Traffic, errors, latency, tokens and cost of the spans that fit, in lines over time.

        ``by`` is a key of ``charts.DIMENSIONS``. 0 is the first row that fits, and now.
        """
        view, wanted = self._enter(access, project, where)
        return charts.charts(view, by, wanted, since_us, until_us or self._clock.now_us())

    def prompts(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[PromptRow]:
        """Versions of system prompts of which a span fits, most recently seen first; figures of the spans that fit."""
        view, wanted = self._enter(access, project, where)
        return prompts.prompts(view, wanted, name_after(page.after), limit_of(page))

    def prompt(self, access: Access, project: str, version: str) -> PromptDetail:
        """One version of a system prompt with its text, pseudonymised, and its versions over time.

        Raises:
            Missing: no call with it is there for this reader.
        """
        view, _ = self._enter(access, project)
        return prompts.prompt(view, self._vault, version, self._sizes(view))

    def facets(
        self, access: Access, project: str, fields: Sequence[str], where: Filter = EVERYTHING, limit: int = 20
    ) -> tuple[Facets, ...]:
        """The most frequent values of each field among the spans that fit."""
        view, wanted = self._enter(access, project, where)
        return figures.facets(view, fields, wanted, limit)

    def tail(
        self, access: Access, project: str, after: str = "", where: Filter = EVERYTHING, limit: int = 50
    ) -> Page[TraceRow]:
        """Traces that changed after the cursor, newest first; ``next`` is the cursor to ask with the next time.

        Without a cursor the answer has no rows, only a cursor that stands at the present.
        """
        view, wanted = self._enter(access, project, where)
        since, rows = place_after(after), limit_of(PageRequest(limit=limit))
        if since is None:
            newest = lists.newest_place(view, self._sizes(view))
            return Page(rows=(), next=encode(PlaceCursor(newest.shard, newest.index)))
        return lists.changed(view, wanted, since, rows, self._sizes(view))

    def counts(self, access: Access, project: str, where: Filter = EVERYTHING) -> StatusCounts:
        """How much there is: traces, spans, errors, running ones, and the size of the ledger."""
        view, wanted = self._enter(access, project, where)
        heads = proofs.heads(self._ledgers(view.project))
        return figures.counts(view, wanted, heads[-1].size if heads else 0)

    def heads(self, access: Access, project: str) -> tuple[Head, ...]:
        """The last signed checkpoint of each ledger of the project, newest shard last."""
        view, _ = self._enter(access, project)
        return proofs.heads(self._ledgers(view.project))

    def ledgers(self, access: Access, project: str) -> tuple[LedgerState, ...]:
        """Each ledger of the project as its files say, newest shard first."""
        view, _ = self._enter(access, project)
        return ledgerstate.states(self._ledgers(view.project))

    def completeness(self, access: Access, project: str) -> Completeness:
        """Which of the records that producers numbered have not come, and what they declared as dropped or left out."""
        view, _ = self._enter(access, project)
        return completeness.completeness(view, self._producers)

    def proof(self, access: Access, project: str, place: Place) -> Proof:
        """That one record is in the ledger, and how to check it.

        Raises:
            Missing: no such entry, and none pending.
        """
        view, _ = self._enter(access, project)
        return proofs.proof(view, self._ledgers(view.project), place)

    def tlog_proof(self, access: Access, project: str, place: Place) -> bytes:
        """The proof as a C2SP ``.tlog-proof`` file.

        Raises:
            Missing: no signed checkpoint covers the record yet.
        """
        view, _ = self._enter(access, project)
        return proofs.tlog_proof(self._ledgers(view.project), place)

    def _enter(self, access: Access, project: str, where: Filter = EVERYTHING) -> tuple[View, Filter]:
        """The reader's view of the project, and the filter in the words of the store."""
        view = enter(self._store, self._projects, access, project, where)
        if where == EVERYTHING:
            return view, where
        return view, resolve(where, self._lenses(view.project.number), self._clock.now_us())

    def _shown_id(self, view: View, raw: str) -> str:
        """A trace or span id as the store has it."""
        return raw if is_random_id(raw) else self._lenses(view.project.number).pseudonyms.text_id(raw)

    def _sizes(self, view: View) -> dict[int, int]:
        return proofs.sizes(proofs.heads(self._ledgers(view.project)))
