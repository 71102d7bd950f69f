"""The API in one table: every address, what it takes, what it gives. ``openapi.py`` and ``app.py`` read it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from onrecord.api.letters import LETTERS
from onrecord.api.media import MEDIA
from onrecord.api.operation import Operation, Parameter, Question
from onrecord.api.reading import whole
from onrecord.api.sql import SQL
from onrecord.api.upkeep import UPKEEP
from onrecord.errors import Rejected
from onrecord.model.access import Level
from onrecord.model.record import Place
from onrecord.query.charts import DIMENSIONS, Charts
from onrecord.query.compare import Comparison
from onrecord.query.completing import Completion
from onrecord.query.content import TraceContent
from onrecord.query.figures import MEASURES
from onrecord.query.neighbours import Neighbours
from onrecord.query.prompts import PromptDetail, PromptRow
from onrecord.query.results import (
    Bucket,
    Completeness,
    Facets,
    Head,
    Hit,
    Page,
    Proof,
    SessionRow,
    SpanDetail,
    SpanRow,
    StatusCounts,
    TraceRow,
    TraceTree,
    UserRow,
)
from onrecord.query.values import read_value

_LARGEST_SHARD: Final = (1 << 16) - 1


class ProjectRow(msgspec.Struct, frozen=True):
    """A project that the caller may see."""

    id: str
    name: str
    mode: str
    retention: str
    demo: bool


class HealthSummary(msgspec.Struct, frozen=True):
    """How the installation is."""

    figures: dict[str, Any]


def _traces(asked: Question) -> Page[TraceRow]:
    return asked.services.engine.traces(asked.access, asked.project.id, asked.where, asked.page)


def _trace(asked: Question) -> TraceTree:
    return asked.services.engine.trace(asked.access, asked.project.id, asked.path["trace_id"])


def _trace_content(asked: Question) -> TraceContent:
    level = Level[asked.value("content", "pseudonymised").upper()]
    return asked.services.engine.trace_content(asked.access, asked.project.id, asked.path["trace_id"], level)


def _neighbours(asked: Question) -> Neighbours:
    return asked.services.engine.neighbours(asked.access, asked.project.id, asked.path["trace_id"], asked.where)


def _compare(asked: Question) -> Comparison:
    left, right = (_step_named(asked.value(side)) for side in ("left", "right"))
    return asked.services.engine.compare(asked.access, asked.project.id, left, right)


def _complete(asked: Question) -> Page[Completion]:
    return Page(rows=asked.services.engine.complete(asked.access, asked.project.id, asked.value("line"), asked.where))


def _span(asked: Question) -> SpanDetail:
    level = Level[asked.value("content", "pseudonymised").upper()]
    ids = (asked.path["trace_id"], asked.path["span_id"])
    return asked.services.engine.span(asked.access, asked.project.id, *ids, level)


def _spans(asked: Question) -> Page[SpanRow]:
    return asked.services.engine.spans(asked.access, asked.project.id, asked.where, asked.page)


def _export(asked: Question) -> Page[SpanDetail]:
    level = Level[asked.value("content", "pseudonymised").upper()]
    return asked.services.engine.export(asked.access, asked.project.id, asked.where, asked.page, level)


def _sessions(asked: Question) -> Page[SessionRow]:
    return asked.services.engine.sessions(asked.access, asked.project.id, asked.where, asked.page)


def _session(asked: Question) -> SessionRow:
    return asked.services.engine.session(asked.access, asked.project.id, asked.path["session_id"])


def _users(asked: Question) -> Page[UserRow]:
    return asked.services.engine.users(asked.access, asked.project.id, asked.where, asked.page)


def _search(asked: Question) -> Page[Hit]:
    return asked.services.engine.search(asked.access, asked.project.id, asked.where, asked.page)


def _tail(asked: Question) -> Page[TraceRow]:
    return asked.services.engine.tail(asked.access, asked.project.id, asked.page.after, asked.where, asked.page.limit)


def _aggregate(asked: Question) -> Page[Bucket]:
    interval = asked.value("interval")
    return Page(
        rows=asked.services.engine.aggregate(
            asked.access,
            asked.project.id,
            asked.values.get("measure", ("count",)),
            group_by=asked.values.get("group_by", ()),
            interval_s=_seconds(interval) if interval else None,
            where=asked.where,
        )
    )


def _charts(asked: Question) -> Charts:
    by = asked.value("by", "model")
    return asked.services.engine.charts(asked.access, asked.project.id, by, asked.where)


def _prompts(asked: Question) -> Page[PromptRow]:
    return asked.services.engine.prompts(asked.access, asked.project.id, asked.where, asked.page)


def _prompt(asked: Question) -> PromptDetail:
    return asked.services.engine.prompt(asked.access, asked.project.id, asked.path["version"])


def _facets(asked: Question) -> Page[Facets]:
    most = whole("values", asked.value("values", "20"))
    fields = asked.values["field"]
    return Page(rows=asked.services.engine.facets(asked.access, asked.project.id, fields, asked.where, most))


def _counts(asked: Question) -> StatusCounts:
    return asked.services.engine.counts(asked.access, asked.project.id, asked.where)


def _ledgers(asked: Question) -> Page[Head]:
    return Page(rows=asked.services.engine.heads(asked.access, asked.project.id))


def _proof(asked: Question) -> Proof:
    return asked.services.engine.proof(asked.access, asked.project.id, _place(asked))


def _tlog_proof(asked: Question) -> bytes:
    return asked.services.engine.tlog_proof(asked.access, asked.project.id, _place(asked))


def _completeness(asked: Question) -> Completeness:
    return asked.services.engine.completeness(asked.access, asked.project.id)


def _projects(asked: Question) -> Page[ProjectRow]:
    rows = [ProjectRow(one.id, one.name, one.mode, one.retention, one.demo) for one in asked.caller.projects]
    return Page(rows=tuple(rows))


def _health(asked: Question) -> HealthSummary:
    return HealthSummary(dict(asked.services.health()))


def _step_named(text: str) -> tuple[str, str]:
    trace_id, _, span_id = text.partition("/")
    if not trace_id or not span_id:
        raise Rejected("A step is named as TRACE_ID/SPAN_ID.")
    return trace_id, span_id


def _place(asked: Question) -> Place:
    shard, index = whole("shard", asked.path["shard"]), asked.path["index"]
    if shard > _LARGEST_SHARD or not index.isascii() or not index.isdecimal() or int(index) >= 1 << 62:
        raise Rejected("A record's place is a year and a whole number.")
    return Place(shard, int(index))


def _seconds(text: str) -> int:
    try:
        milliseconds = read_value("duration", f"{text}s" if text.isdecimal() else text)
    except ValueError as error:
        raise Rejected(f"The parameter 'interval' is not understood: {error}.") from None
    assert not isinstance(milliseconds, str)
    return int(milliseconds // 1_000)


_CONTENT: Final = (
    Parameter(
        name="content",
        note="Content level; exact content needs the right and a purpose, and is recorded",
        choices=tuple(level.name.lower() for level in Level),
    ),
    Parameter(name="purpose", note="Why exact content is read, in your words"),
)

OPERATIONS: Final[Sequence[Operation]] = (
    Operation(
        name="listTraces", path="/traces", summary="Traces of which a step fits, newest received first",
        handler=_traces, result=Page[TraceRow], filtered=True, paged=True,
    ),
    Operation(
        name="getTrace", path="/traces/{trace_id}", summary="One trace as a tree, in reading order",
        handler=_trace, result=TraceTree,
    ),
    Operation(
        name="exportTrace", path="/traces/{trace_id}/content",
        summary="One trace with the content of its steps, in one read",
        handler=_trace_content, result=TraceContent, parameters=_CONTENT,
    ),
    Operation(
        name="getNeighbours", path="/traces/{trace_id}/neighbours",
        summary="The traces before and after one in the list that the filter makes",
        handler=_neighbours, result=Neighbours, filtered=True,
    ),
    Operation(
        name="compareSpans", path="/compare", summary="What differs between two steps: words, parameters, figures",
        handler=_compare, result=Comparison,
        parameters=tuple(Parameter(name=side, note="A step, as TRACE_ID/SPAN_ID", required=True)
                         for side in ("left", "right")),
    ),
    Operation(
        name="complete", path="/complete", summary="What the end of a search line could become",
        handler=_complete, result=Page[Completion], filtered=True,
        parameters=(Parameter(name="line", note="The search line up to the caret", required=True),),
    ),
    Operation(
        name="getSpan", path="/traces/{trace_id}/spans/{span_id}", summary="One step with its content",
        handler=_span, result=SpanDetail, parameters=_CONTENT,
    ),
    Operation(
        name="listSpans", path="/spans", summary="Steps that fit, newest received first",
        handler=_spans, result=Page[SpanRow], filtered=True, paged=True,
    ),
    Operation(
        name="export", path="/export", summary="Steps that fit with their content, newest received first",
        handler=_export, result=Page[SpanDetail], filtered=True, paged=True, parameters=_CONTENT,
    ),
    Operation(
        name="listSessions", path="/sessions", summary="Sessions of which a step fits, most recent first",
        handler=_sessions, result=Page[SessionRow], filtered=True, paged=True,
    ),
    Operation(
        name="getSession", path="/sessions/{session_id}", summary="One session, by raw id or pseudonym",
        handler=_session, result=SessionRow,
    ),
    Operation(
        name="listUsers", path="/users", summary="Users, by pseudonym, most recently seen first",
        handler=_users, result=Page[UserRow], filtered=True, paged=True,
    ),
    Operation(
        name="search", path="/search", summary="Steps that fit, with the text around what was found",
        handler=_search, result=Page[Hit], filtered=True, paged=True,
    ),
    Operation(
        name="tail", path="/tail", summary="Traces that changed after the cursor; without one, the cursor of now",
        handler=_tail, result=Page[TraceRow], filtered=True, paged=True,
    ),
    Operation(
        name="aggregate", path="/aggregate", summary="Measures by field values and stretches of time",
        handler=_aggregate, result=Page[Bucket], filtered=True,
        parameters=(
            Parameter(name="measure", note="What to measure", repeated=True, choices=tuple(MEASURES)),
            Parameter(name="group_by", note="A field; up to three", repeated=True),
            Parameter(name="interval", note="Length of a stretch of time: 3600, 90s, 5m, 1h"),
        ),
    ),
    Operation(
        name="charts", path="/charts", summary="Traffic, errors, latency, tokens and cost over time, in lines",
        handler=_charts, result=Charts, filtered=True,
        parameters=(Parameter(name="by", note="What has a line each", choices=tuple(DIMENSIONS)),),
    ),
    Operation(
        name="listPrompts", path="/prompts", summary="Versions of system prompts that were seen, most recent first",
        handler=_prompts, result=Page[PromptRow], filtered=True, paged=True,
    ),
    Operation(
        name="getPrompt", path="/prompts/{version}", summary="One version: its text, and those of the same name",
        handler=_prompt, result=PromptDetail,
    ),
    Operation(
        name="facets", path="/facets", summary="The most frequent values of fields",
        handler=_facets, result=Page[Facets], filtered=True,
        parameters=(
            Parameter(name="field", note="A field", required=True, repeated=True),
            Parameter(name="values", note="Values of each field", whole=True),
        ),
    ),
    Operation(
        name="counts", path="/counts", summary="How much there is",
        handler=_counts, result=StatusCounts, filtered=True,
    ),
    Operation(
        name="completeness", path="/completeness",
        summary="Which of the records that producers numbered have not come, and what they declared as dropped",
        handler=_completeness, result=Completeness,
    ),
    Operation(
        name="listLedgers", path="/ledgers", summary="The newest signed checkpoint of each ledger",
        handler=_ledgers, result=Page[Head],
    ),
    Operation(
        name="getProof", path="/records/{shard}/{index}/proof",
        summary="That one record is in the ledger: entry, path, checkpoint, in bytes and in words",
        handler=_proof, result=Proof,
    ),
    Operation(
        name="downloadProof", path="/records/{shard}/{index}/proof.tlog-proof",
        summary="The same as a C2SP tlog-proof file",
        handler=_tlog_proof, result=bytes, media_type="application/octet-stream", immutable=True,
    ),
    Operation(
        name="listProjects", path="/projects", summary="Projects that you may see",
        handler=_projects, result=Page[ProjectRow], scoped=False,
    ),
    Operation(
        name="getHealth", path="/health", summary="How the installation is",
        handler=_health, result=HealthSummary, scoped=False,
    ),
    *MEDIA,
    *LETTERS,
    *UPKEEP,
    *SQL,
)  # fmt: skip
"""Everything that can be asked. ``POST /scores`` and ``GET /openapi.json`` stand beside it."""
