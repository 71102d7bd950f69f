"""The views: the only tables that a statement can name, each of one project and of what its reader may see.

They are common table expressions that stand before the statement, so nothing is made in the store and there is no
name to reach another project by. Columns are called as the fields of docs/api.md and the rows of its answers are.
At level ``metadata`` the columns of text are not there at all.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from onrecord.errors import Corrupt
from onrecord.model.access import Level
from onrecord.model.project import Project
from onrecord.query.compile import ONE_JUDGEMENT
from onrecord.query.uses import CALL, TOTAL

_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
_TABLE: Final = re.compile(r"[0-9A-Za-z_]{1,128}")
_WORDS: Final = re.compile(r"[a-z_][a-z0-9_]*")
_FIRST: Final = "(NOT is_root, start_us, idx)"


class Column(msgspec.Struct, frozen=True):
    """One column of a view."""

    name: str
    type: str
    """ClickHouse's."""
    note: str
    source: str = ""
    """How it is made of the table's; empty: the column of the same name."""
    is_text: bool = False
    """Text of content, which a reader of metadata does not see."""


class SqlView(msgspec.Struct, frozen=True, kw_only=True):
    """One view."""

    name: str
    note: str
    table: str
    """The table it reads, or the view that it adds up."""
    columns: tuple[Column, ...]
    tail: str = ""
    """What follows its condition."""

    def shown(self, level: Level) -> tuple[Column, ...]:
        """The columns that a reader of this level has."""
        return tuple(one for one in self.columns if level >= Level.PSEUDONYMISED or not one.is_text)


def _instant(column: str) -> str:
    return f"fromUnixTimestamp64Micro({column}, 'UTC')"


def _known_instant(column: str) -> str:
    return f"if({column} > 0, {_instant(column)}, NULL)"


_TIME: Final = "DateTime64(6, 'UTC')"
_WORD: Final = "LowCardinality(String)"
_MAP: Final = "Map(LowCardinality(String), String)"
_MODEL: Final = "if(model_served != '', model_served, model_requested)"
_ASKED: Final = "(model_served != '' OR model_requested != '')"
_BEGAN: Final = "minIf(start_us, start_us > 0)"
_ENDED: Final = f"countIf(start_us > 0) > 0 AND NOT max(running) AND max(end_us) > {_BEGAN}"
_COUNT: Final = "Nullable(UInt64)"

_SPANS: Final = (
    Column("trace_id", "String", "Trace that the step belongs to"),
    Column("span_id", "String", "The step"),
    Column("parent_id", "String", "Step above it; empty for a root"),
    Column("root", "Bool", "Has no parent", "is_root"),
    Column("name", _WORD, "Name of the step"),
    Column("kind", _WORD, "`llm`, `tool`, `agent`, `chain`, `retriever`, ..."),
    Column("status", _WORD, "`ok`, `error` or `unset`"),
    Column("running", "Bool", "Its end has not been reported"),
    Column("received", _TIME, "When the server received it", _instant("received_us")),
    Column("start", f"Nullable({_TIME})", "When it began, by the client's clock", _known_instant("start_us")),
    Column("end", f"Nullable({_TIME})", "When it ended, by the client's clock", _known_instant("end_us")),
    Column("latency_ms", "Nullable(Float64)", "How long it took", "duration_us / 1000"),
    Column("time_to_first_token_ms", "Nullable(Float32)", "Until the first piece of a streamed answer"),
    Column("tokens_per_second", "Nullable(Float32)", "Output tokens per second"),
    Column("user", "String", "Pseudonym of the user"),
    Column("session", "String", "Pseudonym of the session"),
    Column("tenant", "String", "Pseudonym of the tenant"),
    Column("application", _WORD, "Name that the client gives itself"),
    Column("environment", _WORD, "Deployment environment"),
    Column("release", _WORD, "Version of the application"),
    Column("model", "String", "Served model, else the requested one", _MODEL),
    Column("model_requested", _WORD, "Model that was asked for"),
    Column("model_served", _WORD, "Model that answered"),
    Column("provider", _WORD, "Who serves the model"),
    Column("endpoint", _WORD, "Operation or address of the provider"),
    Column("finish_reasons", f"Array({_WORD})", "Finish reason of each choice"),
    Column("call", "Bool", "Asked a model: sum tokens and cost over these, so that nothing is counted twice",
           f"toBool({CALL})"),
    Column("tokens_input", "Nullable(UInt32)", "Input tokens, cached ones included"),
    Column("tokens_output", "Nullable(UInt32)", "Output tokens, reasoning included"),
    Column("tokens_total", "Nullable(UInt64)", "All tokens", f"CAST({TOTAL}, 'Nullable(UInt64)')"),
    Column("tokens_cache_read", "Nullable(UInt32)", "Input tokens read from a cache"),
    Column("tokens_cache_write", "Nullable(UInt32)", "Input tokens written to a cache"),
    Column("tokens_reasoning", "Nullable(UInt32)", "Output tokens spent on reasoning"),
    Column("estimated", "Bool", "Somebody else than the provider counted", "usage_estimated"),
    Column("cost", "Nullable(Float64)", "Cost as the client reported it", "cost_reported"),
    Column("cost_currency", _WORD, "Its currency"),
    Column("error_type", _WORD, "Type of the error"),
    Column("error_message", "String", "Message of the error", is_text=True),
    Column("http_status", "Nullable(UInt16)", "HTTP status of a failed call"),
    Column("retries", "Nullable(UInt16)", "Retries of the call", "retry_count"),
    Column("agent", _WORD, "Name of the agent"),
    Column("workflow", _WORD, "Name of the workflow"),
    Column("tool", _WORD, "Name of the tool"),
    Column("prompt", _WORD, "Name of the managed prompt", "prompt_name"),
    Column("prompt_label", _WORD, "Version of the managed prompt, as its owner calls it"),
    Column("prompt_variant", _WORD, "Variant of the managed prompt"),
    Column("prompt_version", _WORD, "Version of the system prompt, made by the server"),
    Column("document_ids", "Array(String)", "Documents that were found", is_text=True),
    Column("rating", "Nullable(Float32)", "Rating that came on the step itself"),
    Column("validation", _WORD, "Outcome of a validation that came on the step itself"),
    Column("validator", _WORD, "Its validator"),
    Column("tags", f"Array({_WORD})", "Tags of the step", is_text=True),
    Column("metadata", _MAP, "What the application noted, by key", is_text=True),
    Column("attributes", _MAP, "Attributes without a column of their own", is_text=True),
    Column("resource", _MAP, "Attributes of the process", is_text=True),
    Column("parameters", _MAP, "Parameters of the call", is_text=True),
    Column("input", "String", "Newest turn of the input, pseudonymised", "input_text", is_text=True),
    Column("output", "String", "The answer, pseudonymised", "output_text", is_text=True),
    Column("found", f"Array({_WORD})", "Labels of personal data that was found"),
    Column("receiver", _WORD, "Door through which it came"),
    Column("dialect", _WORD, "Convention in which it came"),
    Column("sdk", _WORD, "Instrumentation library"),
    Column("sdk_version", _WORD, "Its version"),
    Column("language", _WORD, "Programming language of the client"),
    Column("mode", _WORD, "Content mode under which it was kept"),
    Column("shard", "UInt16", "Year of the ledger in which it stands"),
    Column("index", "UInt64", "Its entry there", "idx"),
)  # fmt: skip

_SCORES: Final = (
    Column("name", _WORD, "What was judged"),
    Column("value", "Nullable(Float64)", "The figure"),
    Column("label", _WORD, "The word"),
    Column("passed", "Nullable(Bool)", "Whether it passed"),
    Column("comment", "String", "Why, pseudonymised", is_text=True),
    Column("source", _WORD, "`end_user`, `reviewer`, `validator`, `evaluator`, ..."),
    Column("author", "String", "Pseudonym or name of who judged"),
    Column("trace_id", "String", "Trace that is judged"),
    Column("span_id", "String", "Step that is judged; empty for the whole trace"),
    Column("session", "String", "Session that is judged"),
    Column("response_id", "String", "Answer of a provider that is judged, where neither is known"),
    Column("time", _TIME, "When it was judged", _instant("time_us")),
    Column("received", _TIME, "When the server received it", _instant("received_us")),
    Column("metadata", _MAP, "What came with it, by key", is_text=True),
    Column("shard", "UInt16", "Year of the ledger in which it stands"),
    Column("index", "UInt64", "Its entry there", "idx"),
)

_TRACES: Final = (
    Column("trace_id", "String", "The trace"),
    Column("name", "String", "Name of its root, else of its earliest step", f"toString(argMin(name, {_FIRST}))"),
    Column("status", "String", "Status of the same step", f"toString(argMin(status, {_FIRST}))"),
    Column("running", "Bool", "A step has not reported its end", "max(running)"),
    Column("received", _TIME, "Newest receipt of its steps", _instant("max(received_us)")),
    Column("start", f"Nullable({_TIME})", "Earliest start",
           f"if(countIf(start_us > 0) > 0, {_instant(_BEGAN)}, NULL)"),
    Column("latency_ms", "Nullable(Float64)", "How long the root took, else from first to last",
           f"ifNull(argMin(tuple(duration_us), {_FIRST}).1, if({_ENDED}, max(end_us) - {_BEGAN}, NULL)) / 1000"),
    Column("spans", "UInt64", "Steps", "count()"),
    Column("errors", "UInt64", "Steps that failed", "countIf(status = 'error')"),
    Column("calls", "UInt64", "Steps that asked a model", f"countIf({CALL} AND {_ASKED})"),
    Column("tokens_input", _COUNT, "Of its calls", f"sumIf(tokens_input, {CALL})"),
    Column("tokens_output", _COUNT, "Of its calls", f"sumIf(tokens_output, {CALL})"),
    Column("tokens_total", _COUNT, "Of its calls", f"sumIf(CAST({TOTAL}, 'Nullable(UInt64)'), {CALL})"),
    Column("cost", "Nullable(Float64)", "Of its calls; unknown when they are of several currencies",
           f"if(uniqExactIf(cost_currency, isNotNull(cost_reported)) > 1, NULL, sumIf(cost_reported, {CALL}))"),
    Column("models", "Array(String)", "Models that answered, at most eight",
           f"arraySort(groupUniqArrayIf(8)(toString({_MODEL}), {_ASKED}))"),
    Column("user", "String", "Named by any of its steps", f"argMinIf(user, {_FIRST}, user != '')"),
    Column("session", "String", "Named by any of its steps", f"argMinIf(session, {_FIRST}, session != '')"),
    Column("application", "String", "Named by any of its steps",
           f"toString(argMinIf(application, {_FIRST}, application != ''))"),
    Column("environment", "String", "Named by any of its steps",
           f"toString(argMinIf(environment, {_FIRST}, environment != ''))"),
    Column("input", "String", "Its first input, 200 characters, pseudonymised",
           f"argMinIf(input_preview, {_FIRST}, input_preview != '')", is_text=True),
    Column("output", "String", "Its last answer, 200 characters, pseudonymised",
           "argMaxIf(output_preview, (is_root, end_us), output_preview != '')", is_text=True),
)  # fmt: skip

_SUMS: Final = (
    Column("traces", "UInt64", "Traces", "count()"),
    Column("spans", "UInt64", "Steps", "sum(spans)"),
    Column("errors", "UInt64", "Steps that failed", "sum(errors)"),
    Column("calls", "UInt64", "Steps that asked a model", "sum(calls)"),
    Column("tokens_input", _COUNT, "Of its calls", "sum(tokens_input)"),
    Column("tokens_output", _COUNT, "Of its calls", "sum(tokens_output)"),
    Column("tokens_total", _COUNT, "Of its calls", "sum(tokens_total)"),
    Column("cost", "Nullable(Float64)", "Of its calls", "sum(cost)"),
)
_SESSIONS: Final = (
    Column("session", "String", "Pseudonym of the session"),
    Column("user", "String", "Named by any of its traces", "anyIf(user, user != '')"),
    Column("start", f"Nullable({_TIME})", "Earliest start", "min(start)"),
    Column("received", _TIME, "Newest receipt", "max(received)"),
    *_SUMS,
)
_USERS: Final = (
    Column("user", "String", "Pseudonym of the user"),
    Column("sessions", "UInt64", "Sessions", "uniqExactIf(session, session != '')"),
    Column("start", f"Nullable({_TIME})", "Earliest start", "min(start)"),
    Column("received", _TIME, "Newest receipt", "max(received)"),
    *_SUMS,
)

VIEWS: Final = (
    SqlView(name="spans", note="Steps, each in its newest state", table="spans", columns=_SPANS),
    SqlView(name="scores", note="Judgements, the newest of each id", table="scores", columns=_SCORES,
            tail=f" ORDER BY shard DESC, idx DESC, ordinal DESC LIMIT 1 BY name, {ONE_JUDGEMENT}"),
    SqlView(name="traces", note="Traces, added up over their steps", table="spans", columns=_TRACES,
            tail=" GROUP BY trace_id"),
    SqlView(name="sessions", note="Sessions, added up over their traces", table="traces", columns=_SESSIONS,
            tail=" GROUP BY session"),
    SqlView(name="users", note="Users, added up over the traces that name them", table="traces", columns=_USERS,
            tail=" GROUP BY user"),
)  # fmt: skip
"""Every view, in the order in which a statement may build on them."""
TABLES: Final = ("spans", "scores")
"""The tables of the store that they read."""


def scoped(database: str, project: Project, level: Level) -> str:
    """The views as the beginning of a statement: ``WITH spans AS (...), ...``.

    Raises:
        Corrupt: the project's id or the name of the database is none of ours.
    """
    if not _ID.fullmatch(project.id) or not _TABLE.fullmatch(database):
        raise Corrupt("a statement would read more than one project and was not sent")
    return "WITH " + ", ".join(_definition(view, database, project, level) for view in VIEWS)


def filters(database: str, project: Project) -> str:
    """The value of ``additional_table_filters``: the same bound once more, in the engine."""
    condition = f"project = \\'{project.id}\\'"
    return "{" + ", ".join(f"'{database}.{table}': '{condition}'" for table in TABLES) + "}"


def columns_read(level: Level) -> Mapping[str, frozenset[str]]:
    """The columns of each table of the store that the views of this level are made of."""
    return {
        table: frozenset(
            word
            for view in VIEWS
            if view.table == table
            for made in (view.tail, "project", *(column.source or column.name for column in view.shown(level)))
            for word in _WORDS.findall(made)
        )
        for table in TABLES
    }


def _definition(view: SqlView, database: str, project: Project, level: Level) -> str:
    """Columns get their names outside: inside, a name is always the table's, whatever a column is called."""
    columns = view.shown(level)
    made = ", ".join(f"{column.source or column.name} AS c{number}" for number, column in enumerate(columns))
    named = ", ".join(f"c{number} AS `{column.name}`" for number, column in enumerate(columns))
    if view.table in TABLES:
        source = f"{database}.{view.table} FINAL WHERE project = '{project.id}'"
    else:
        source = f"{view.table} WHERE {view.columns[0].name} != ''"
    return f"{view.name} AS (SELECT {named} FROM (SELECT {made} FROM {source}{view.tail}))"


def names(views: Sequence[SqlView]) -> str:
    """The names of views in words."""
    return ", ".join(view.name for view in views)
