"""The engine: every question that can be asked of what is on the record.

Each method takes the reader's ``Access`` first and the project second; project and level are enforced in one place
(``scope.enter``), before anything is asked of the store. A project that the reader may not see is ``Missing``, like one
that does not exist. Lists are newest received first and paged by key, never by offset.
"""

from collections.abc import Sequence

from onrecord.model.access import Access, Level
from onrecord.model.record import Place
from onrecord.query.filters import EVERYTHING, Filter
from onrecord.query.results import (
    Bucket,
    Facets,
    Head,
    Hit,
    Page,
    PageRequest,
    Proof,
    SessionRow,
    SpanDetail,
    SpanRow,
    StatusCounts,
    TraceRow,
    TraceTree,
    UserRow,
)

FIRST = PageRequest()


class Engine:
    """All queries. One per process; methods may be called from any thread."""

    def traces(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[TraceRow]:
        """Traces of which at least one span fits, newest received first.

        Raises:
            Missing: the project is not there for this reader. Rejected: the cursor or filter is malformed.
        """
        raise NotImplementedError

    def spans(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[SpanRow]:
        """Spans that fit, newest received first."""
        raise NotImplementedError

    def running(self, access: Access, project: str, page: PageRequest = FIRST) -> Page[SpanRow]:
        """Spans that have not reported their end."""
        raise NotImplementedError

    def trace(self, access: Access, project: str, trace_id: str) -> TraceTree:
        """One trace as a tree; orphans stand at the root, cycles are cut.

        Raises:
            Missing: no span of it is there for this reader.
        """
        raise NotImplementedError

    def span(
        self, access: Access, project: str, trace_id: str, span_id: str, level: Level = Level.PSEUDONYMISED
    ) -> SpanDetail:
        """One span with its content at ``level``, or at the reader's own level when that is lower.

        ``Level.EXACT`` must be asked for, needs the right and a purpose, and is recorded before it is answered.

        Raises:
            Denied: exact content without the right. Rejected: without a purpose. Missing: no such span.
            Unavailable: the read could not be recorded, so nothing is shown.
        """
        raise NotImplementedError

    def sessions(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[SessionRow]:
        """Sessions of which at least one span fits, newest received first."""
        raise NotImplementedError

    def session(self, access: Access, project: str, session: str) -> SessionRow:
        """One session by raw id or pseudonym; its traces are ``traces`` with a filter on it."""
        raise NotImplementedError

    def users(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[UserRow]:
        """Users (pseudonyms) of whom at least one span fits, most recently seen first."""
        raise NotImplementedError

    def search(self, access: Access, project: str, where: Filter, page: PageRequest = FIRST) -> Page[Hit]:
        """Spans that fit, newest first, with the text around what was found."""
        raise NotImplementedError

    def aggregate(
        self,
        access: Access,
        project: str,
        measures: Sequence[str] = ("count",),
        group_by: Sequence[str] = (),
        interval_s: int | None = None,
        where: Filter = EVERYTHING,
    ) -> tuple[Bucket, ...]:
        """Measures of the spans that fit, by field values and stretches of time.

        Measures: ``count``, ``traces``, ``errors``, ``tokens``, ``tokens_input``, ``tokens_output``, ``cost``,
        ``latency_p50_ms``, ``latency_p95_ms``, ``latency_p99_ms``, ``users``, ``sessions``.
        """
        raise NotImplementedError

    def facets(
        self, access: Access, project: str, fields: Sequence[str], where: Filter = EVERYTHING, limit: int = 20
    ) -> tuple[Facets, ...]:
        """The most frequent values of each field among the spans that fit."""
        raise NotImplementedError

    def tail(
        self, access: Access, project: str, after: str = "", where: Filter = EVERYTHING, limit: int = 50
    ) -> Page[TraceRow]:
        """Traces that changed after the cursor, newest first; ``next`` is the cursor to ask with the next time.

        Without a cursor the answer has no rows, only a cursor that stands at the present.
        """
        raise NotImplementedError

    def counts(self, access: Access, project: str, where: Filter = EVERYTHING) -> StatusCounts:
        """How much there is: traces, spans, errors, running ones, and the size of the ledger."""
        raise NotImplementedError

    def heads(self, access: Access, project: str) -> tuple[Head, ...]:
        """The last signed checkpoint of each ledger of the project, newest shard last."""
        raise NotImplementedError

    def proof(self, access: Access, project: str, place: Place) -> Proof:
        """That one record is in the ledger, and how to check it.

        Raises:
            Missing: no such entry, and none pending.
        """
        raise NotImplementedError

    def tlog_proof(self, access: Access, project: str, place: Place) -> bytes:
        """The proof as a C2SP ``.tlog-proof`` file.

        Raises:
            Missing: no signed checkpoint covers the record yet.
        """
        raise NotImplementedError
