"""What queries answer: frozen values, the same for the API, the pages and the command line.

Instants are microseconds since the epoch, UTC (``_us``); durations are milliseconds (``_ms``). ``None`` is *unknown*,
never 0; an empty text is *not there* or *not for this reader* (level ``metadata``). Ids of users, sessions and tenants
are pseudonyms. Text is pseudonymised everywhere but in ``SpanDetail.content`` at level ``exact``.
"""

from typing import Final, Generic, TypeVar

import msgspec

from onrecord.model.access import Level
from onrecord.model.span import Span

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some rows, newest received first, and where to go on."""

    rows: tuple[T, ...]
    next: str = ""
    """Opaque cursor of the page that follows; empty on the last one."""


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which page is asked for. ``limit`` is between 1 and ``limits.PAGE_ROWS``; ``after`` is a ``Page.next``."""

    limit: int = 50
    after: str = ""


FIRST: Final = PageRequest()


class Tokens(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Token counts that are never double-counted: calls only, else the topmost steps that know a count."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    reasoning: int | None = None
    total: int | None = None


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One judgement of a span, a trace or a session; the newest of its id."""

    name: str
    id: str = ""
    """The client's id of it, pseudonymised unless it is a random one; the same id again replaces the judgement."""
    value: float | None = None
    label: str = ""
    passed: bool | None = None
    comment: str = ""
    source: str = ""
    author: str = ""
    trace_id: str = ""
    span_id: str = ""
    session: str = ""
    time_us: int = 0
    shard: int = 0
    index: int = 0
    metadata: dict[str, str] = {}


class TraceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One trace in a list."""

    trace_id: str
    span_id: str
    """The root, else the earliest span that is there."""
    name: str
    kind: str
    status: str
    """``error`` when the root failed, else the root's own."""
    running: bool = False
    """At least one span has not reported its end."""
    start_us: int
    received_us: int
    """Newest of its spans; the order of the list."""
    duration_ms: float | None = None
    spans: int
    errors: int
    error: str = ""
    """Why the failed step that began last failed (the innermost, or the last attempt): type, else first words."""
    tokens: Tokens
    cost_reported: float | None = None
    cost_currency: str = ""
    models: tuple[str, ...] = ()
    user: str = ""
    """Named by any of its spans."""
    session: str = ""
    application: str = ""
    environment: str = ""
    input_preview: str = ""
    output_preview: str = ""
    scores: tuple[ScoreRow, ...] = ()
    shard: int
    index: int
    """Where the root's entry stands in the ledger."""
    sequenced: bool = False
    """A signed checkpoint covers the root's entry."""


class SpanRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One span in a list or in a tree."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    name: str
    kind: str
    status: str
    running: bool = False
    start_us: int
    received_us: int
    duration_ms: float | None = None
    time_to_first_token_ms: float | None = None
    provider: str = ""
    model_requested: str = ""
    model_served: str = ""
    tokens: Tokens
    aggregate: bool = False
    """Its tokens repeat what spans below it report."""
    cost_reported: float | None = None
    cost_currency: str = ""
    error_type: str = ""
    error_message: str = ""
    finish_reasons: tuple[str, ...] = ()
    user: str = ""
    session: str = ""
    tenant: str = ""
    application: str = ""
    environment: str = ""
    release: str = ""
    tool: str = ""
    agent: str = ""
    prompt_version: str = ""
    tags: tuple[str, ...] = ()
    input_preview: str = ""
    output_preview: str = ""
    shard: int
    index: int
    revision: int = 0
    sequenced: bool = False


class Node(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A span and its place in the tree."""

    span: SpanRow
    depth: int
    """0 for roots."""
    children: int
    """Spans directly below it."""
    offset_ms: float
    """From the trace's start."""
    orphan: bool = False
    """It names a parent that is not there; it stands at the root."""


class TraceTree(msgspec.Struct, frozen=True, kw_only=True):
    """One trace, in reading order: each span directly before what is below it, siblings by start."""

    trace: TraceRow
    nodes: tuple[Node, ...]
    omitted: int = 0
    """Spans beyond ``limits.TRACE_SPANS`` that are counted but not carried."""
    scores: tuple[ScoreRow, ...] = ()


class SpanDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One span with its content at the level the reader has."""

    row: SpanRow
    state: str
    """``present``, ``withheld`` (level ``metadata``), ``erased``, ``expired``, ``pending`` or ``altered``."""
    level: Level
    """What ``content`` holds."""
    content: Span | None = None
    """Exact or pseudonymised. ``None`` unless the state is ``present``."""
    new_from: int = 0
    """Index in ``content.input`` of the newest turn; what stands before it was sent before."""
    reason: str = ""
    """Why the content is not there, in a sentence; for an erased one, the entry that says so."""
    scores: tuple[ScoreRow, ...] = ()
    record_id: str = ""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session: the traces that share a session id."""

    session: str
    user: str = ""
    application: str = ""
    environment: str = ""
    start_us: int
    last_us: int
    """When its newest step happened (``fields.HAPPENED``)."""
    received_us: int
    duration_ms: float | None = None
    traces: int
    spans: int
    errors: int
    tokens: Tokens
    cost_reported: float | None = None
    cost_currency: str = ""
    first_input: str = ""
    last_output: str = ""


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """One user, by pseudonym."""

    user: str
    first_us: int
    last_us: int
    """When the newest of their steps happened (``fields.HAPPENED``)."""
    received_us: int
    sessions: int
    traces: int
    errors: int
    tokens: Tokens
    cost_reported: float | None = None
    """Of the calls whose price is known."""
    cost_currency: str = ""
    unpriced: int = 0
    """Calls whose price is unknown: they are not in the cost."""


class Snippet(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Text around a hit. ``marks`` are (start, end) character offsets into ``text``, in order, never overlapping."""

    field: str
    """``input``, ``output`` or ``name``."""
    text: str
    marks: tuple[tuple[int, int], ...] = ()


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A span that a search found."""

    span: SpanRow
    snippets: tuple[Snippet, ...] = ()


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """Measures of one group in one stretch of time."""

    time_us: int | None
    """Start of the stretch; ``None`` without an interval."""
    group: tuple[str, ...] = ()
    """Values of the ``group_by`` fields, in order."""
    values: dict[str, float | None]
    """By measure; ``None`` is unknown."""


class Facet(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One value of a field and how many spans have it."""

    value: str
    count: int


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """The most frequent values of one field."""

    field: str
    values: tuple[Facet, ...]


class StatusCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of the first page."""

    traces: int
    spans: int
    errors: int
    running: int
    newest_us: int | None = None
    ledger_size: int = 0
    """Entries in the newest ledger, as last signed."""


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What stands above a list: how much fits, and when it happened."""

    counts: StatusCounts
    buckets: tuple[Bucket, ...]
    """``traces`` and ``errors`` by stretch of time, oldest first."""
    tail: str = ""
    """Cursor to ask ``tail`` with for what comes after; empty when nothing fits."""


class GapRow(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of one producer that have not come."""

    producer: str
    """Keyed digest of the producer's id, in hex."""
    first: int
    last: int
    missing: int
    since_us: int
    """When a higher number came first."""
    recorded: bool
    """A ``gap`` record in the ledger says so."""


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether every record that a producer numbered has come."""

    producers: int
    """Producers that number their records."""
    gaps: int
    missing: int
    """Numbers in those gaps."""
    oldest_us: int | None
    """Since when the oldest gap is there."""
    declared_drops: int
    """Records that producers declared as dropped: not in a gap."""
    declared_sampled: int
    """Records that producers declared as left out by their sample rate."""
    rows: tuple[GapRow, ...] = ()
    """The gaps, the oldest first, at most a page of them."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The last signed checkpoint of one ledger."""

    shard: int
    origin: str
    size: int
    root: str
    """Base64."""
    signed_us: int | None = None


class LedgerState(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger, as somebody from outside would find it."""

    shard: int
    origin: str
    path: str
    """Where its files are served: ``/ledger/`` and this."""
    size: int
    root: str
    """Base64."""
    verifier_key: str
    """As it lies beside the ledger; empty when it is not there."""
    newest_us: int | None
    """When its newest entry was received; the checkpoint that covers it is signed within a second."""
    heartbeat_us: int | None
    """When the last heartbeat came, looked for among the newest entries."""
    heartbeat_index: int | None
    closed: bool
    """Its last entry names the ledger that continues it."""
    fault: str = ""
    """What can not be read of it."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """That one record is in the ledger, with everything needed to check it without us."""

    shard: int
    index: int
    state: str
    """``verified``, ``pending`` (no checkpoint covers it yet), ``altered`` or ``missing``."""
    origin: str = ""
    entry: bytes = b""
    """The entry as it stands in the ledger."""
    facts: dict[str, str] = {}
    """The entry's fields, in words."""
    leaf_hash: str = ""
    """Base64."""
    size: int = 0
    """Tree size of the checkpoint."""
    path: tuple[str, ...] = ()
    """RFC 6962 inclusion proof, base64."""
    checkpoint: str = ""
    """The signed note."""
    verifier_key: str = ""
    """C2SP note verifier key (vkey)."""
    explanation: tuple[str, ...] = ()
    """What was recorded, when, under which checkpoint, and how to check it; plain sentences."""
