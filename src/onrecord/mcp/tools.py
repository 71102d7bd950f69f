"""The tools: what each one takes, and the queries that answer it. Every answer is put on the record before it leaves.

Content is masked, whatever the caller's role would open: what an agent reads goes on to a model elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from onrecord.control.caller import Caller
from onrecord.errors import Rejected
from onrecord.mcp import brief
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.model.record import Place
from onrecord.query.engine import Engine
from onrecord.query.failures import causes, sentences
from onrecord.query.figures import MEASURES
from onrecord.query.filters import Filter, from_parameters
from onrecord.query.results import PageRequest, SpanRow, TraceRow
from onrecord.query.values import read_value

_WORDS: Final = 4_000
"""Characters of a call that stand in its record."""
_CAUSES: Final = 3
"""Causes that are explained; a failure has seldom more."""
_TURN: Final = 1_000
"""Characters of each text of the turn that failed."""
_ROWS: Final = 50
"""Groups of figures in one answer."""

Query = Annotated[
    str,
    Meta(
        description='A search line: words, "a phrase", field:value, latency>2s, error:*, -not, OR. '
        "Fields: model, status, kind, user, session, application, tool, error, latency, cost, tokens_total, tag, "
        "time, metadata.KEY, score.NAME and others."
    ),
]
Since = Annotated[str, Meta(description="Began at or after: 2026-11-23, 2026-11-23T08:00:00Z or -24h.")]
Until = Annotated[str, Meta(description="Began before; as since.")]
ProjectName = Annotated[str, Meta(description="Id or name of the project; needed when you may see several.")]
TraceId = Annotated[str, Meta(description="A trace_id of search_traces.")]


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tool takes."""

    project: ProjectName = ""


class SearchTraces(Arguments, frozen=True, kw_only=True):
    """Arguments of ``search_traces``."""

    query: Query = ""
    since: Since = ""
    until: Until = ""
    limit: Annotated[int, Meta(ge=1, le=25, description="Traces in the answer.")] = 10
    after: Annotated[str, Meta(description="The `next` of the answer before.")] = ""


class GetTrace(Arguments, frozen=True, kw_only=True):
    """Arguments of ``get_trace``."""

    trace_id: TraceId
    first: Annotated[
        int, Meta(ge=0, description="Position of the first step to show; the `next` of the answer before.")
    ] = 0
    limit: Annotated[int, Meta(ge=1, le=200, description="Steps in the answer.")] = 60


class GetSpan(Arguments, frozen=True, kw_only=True):
    """Arguments of ``get_span``."""

    trace_id: TraceId
    span_id: Annotated[str, Meta(description="A span_id of get_trace.")]
    first: Annotated[
        int, Meta(ge=-1, description="Position of the first message to show; -1 is the beginning of the newest turn.")
    ] = -1
    characters: Annotated[int, Meta(ge=100, le=20_000, description="Characters of each text.")] = 2_000


class Aggregate(Arguments, frozen=True, kw_only=True):
    """Arguments of ``aggregate``."""

    measures: Annotated[
        tuple[str, ...], Meta(min_length=1, max_length=6, description=f"Of {', '.join(MEASURES)}. The first orders.")
    ] = ("count", "errors", "tokens", "cost")
    group_by: Annotated[
        tuple[str, ...], Meta(max_length=3, description="Fields, such as model, user, tool, status.")
    ] = ()
    interval: Annotated[str, Meta(description="A row for each stretch of time: 15m, 1h, 24h.")] = ""
    query: Query = ""
    since: Since = ""
    until: Until = ""


class ExplainFailure(Arguments, frozen=True, kw_only=True):
    """Arguments of ``explain_failure``."""

    trace_id: TraceId


class Reading(msgspec.Struct, frozen=True):
    """One call, with the right to make it."""

    engine: Engine
    access: Access
    project: Project


Answer = tuple[dict[str, Any], Sequence[SpanRow | TraceRow]]
"""What is answered, and the rows that it shows."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool."""

    takes: type[Arguments]
    says: str
    """What it does, for a model."""
    run: Callable[[Reading, Any], Answer]


def call(engine: Engine, caller: Caller, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one call, once the read is on the record.

    Raises:
        KeyError: there is no such tool. Rejected: the arguments do not fit. Denied, Missing: of the queries.
        Unavailable: the read could not be recorded, so nothing is shown.
    """
    tool = TOOLS[name]
    try:
        taken = msgspec.convert(dict(arguments), tool.takes, strict=False)
    except msgspec.ValidationError:
        names = ", ".join(tool.takes.__struct_fields__)
        raise Rejected("The arguments do not fit their schema.", hint=f"It takes {names}; see tools/list.") from None
    project = caller.chosen(taken.project)
    words = f"MCP {name} {msgspec.json.encode(taken).decode()}"[:_WORDS]
    access = msgspec.structs.replace(caller.access(project.id), purpose=words)
    answer, rows = tool.run(Reading(engine, access, project), taken)
    engine.note(access, project.id, f"mcp.{name}", tuple(Place(row.shard, row.index) for row in rows))
    return answer


def listed() -> list[dict[str, Any]]:
    """Every tool as ``tools/list`` says it."""
    return [
        {
            "name": name,
            "description": tool.says,
            "inputSchema": _schema(tool.takes),
            "annotations": {"readOnlyHint": True, "openWorldHint": False},
        }
        for name, tool in TOOLS.items()
    ]


def _schema(takes: type[Arguments]) -> dict[str, Any]:
    _, parts = msgspec.json.schema_components([takes])
    return {key: value for key, value in parts[takes.__name__].items() if key != "description"}


def _search_traces(reading: Reading, taken: SearchTraces) -> Answer:
    where = _where(taken.query, taken.since, taken.until)
    page = reading.engine.traces(
        reading.access, reading.project.id, where, PageRequest(limit=taken.limit, after=taken.after)
    )
    return {"traces": [brief.trace(row) for row in page.rows], "next": page.next}, page.rows


def _get_trace(reading: Reading, taken: GetTrace) -> Answer:
    tree = reading.engine.trace(reading.access, reading.project.id, taken.trace_id)
    shown = tree.nodes[taken.first : taken.first + taken.limit]
    following = taken.first + len(shown)
    answer: dict[str, Any] = {"trace": brief.trace(tree.trace), "steps": [brief.step(node) for node in shown]}
    if following < len(tree.nodes):
        answer["next"] = following
    return answer, [node.span for node in shown] or [tree.trace]


def _get_span(reading: Reading, taken: GetSpan) -> Answer:
    ids = (taken.trace_id, taken.span_id)
    detail = reading.engine.span(reading.access, reading.project.id, *ids, Level.PSEUDONYMISED)
    first = detail.new_from if taken.first < 0 else taken.first
    return {**brief.span(detail.row), **brief.content(detail, first, taken.characters)}, [detail.row]


def _aggregate(reading: Reading, taken: Aggregate) -> Answer:
    interval_s = None
    if taken.interval:
        try:
            interval_s = int(float(read_value("duration", taken.interval)) // 1_000)
        except ValueError as error:
            raise Rejected(f"The interval is not understood: {error}.") from None
    buckets = reading.engine.aggregate(
        reading.access,
        reading.project.id,
        taken.measures,
        group_by=taken.group_by,
        interval_s=interval_s,
        where=_where(taken.query, taken.since, taken.until),
    )
    answer: dict[str, Any] = {"rows": [brief.bucket(one, taken.group_by) for one in buckets[-_ROWS:]]}
    if taken.interval and len(buckets) > _ROWS:
        answer["left_out"] = f"{len(buckets) - _ROWS} older rows; narrow since and until, or lengthen the interval"
    elif len(buckets) > _ROWS:
        answer = {"rows": [brief.bucket(one, taken.group_by) for one in buckets[:_ROWS]]}
        answer["left_out"] = f"{len(buckets) - _ROWS} smaller groups; narrow the query"
    return answer, ()


def _explain_failure(reading: Reading, taken: ExplainFailure) -> Answer:
    tree = reading.engine.trace(reading.access, reading.project.id, taken.trace_id)
    found = causes(tree)
    answer: dict[str, Any] = {"trace": brief.trace(tree.trace), "explanation": sentences(tree, found[:_CAUSES])}
    if not found:
        return answer, [tree.trace]
    if len(found) > _CAUSES:
        answer["further_failed_steps"] = len(found) - _CAUSES
    answer["failed_steps"] = [brief.span(cause.span) for cause in found[:_CAUSES]]
    first = found[0].span
    detail = reading.engine.span(
        reading.access, reading.project.id, tree.trace.trace_id, first.span_id, Level.PSEUDONYMISED
    )
    answer["turn_that_failed"] = brief.content(detail, detail.new_from, _TURN)
    if first.error_type:
        where = from_parameters([("error", first.error_type), ("time__gte", "-7d")])
        same = reading.engine.aggregate(reading.access, reading.project.id, ("count", "traces"), where=where)
        answer["same_error_in_7_days"] = same[0].values if same else {"count": 0, "traces": 0}
    return answer, [tree.trace, *(cause.span for cause in found[:_CAUSES])]


def _where(query: str, since: str, until: str) -> Filter:
    named = (("q", query), ("time__gte", since), ("time__lt", until))
    return from_parameters([(name, value) for name, value in named if value])


TOOLS: Final[Mapping[str, Tool]] = {
    "search_traces": Tool(
        takes=SearchTraces,
        says="Find traces (one request of an AI application each), newest first, by words and fields.",
        run=_search_traces,
    ),
    "get_trace": Tool(
        takes=GetTrace,
        says="One trace as a tree of steps in reading order, without content: kind, status, model, tokens, errors.",
        run=_get_trace,
    ),
    "get_span": Tool(
        takes=GetSpan,
        says="One step with its messages, tool arguments and results, pseudonymised; the newest turn by default.",
        run=_get_span,
    ),
    "aggregate": Tool(
        takes=Aggregate,
        says="Counts, cost, tokens and latency of steps, by fields and over time. null is unknown, never 0.",
        run=_aggregate,
    ),
    "explain_failure": Tool(
        takes=ExplainFailure,
        says="Why a trace failed: the steps that failed first, what was asked, and how often the same error came.",
        run=_explain_failure,
    ),
}
