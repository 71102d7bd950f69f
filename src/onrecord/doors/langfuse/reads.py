"""Reads: traces, observations, sessions, scores, by the query engine, at the level that the key opens.

What a key may not read exactly it reads pseudonymised. Every exact read is recorded.
"""

from collections.abc import Callable
from typing import Any, Final

from starlette.routing import BaseRoute

from onrecord.doors.langfuse.call import READ, Call, route
from onrecord.doors.langfuse.listing import PAGE_ITEMS, asked_page, iso, paged
from onrecord.doors.langfuse.shapes import observation, score, sides
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.model.span import Span
from onrecord.query.results import Page, PageRequest, SpanRow, TraceRow
from onrecord.query.syntax import And, Compare, Filter, Not, Or
from onrecord.query.values import read_value

_TYPES: Final = {"GENERATION": "llm", "SPAN": "span", "EVENT": "span"}
_TYPE: Final = "attributes.langfuse.observation.type"
_NEWEST: Final = "timestamp.desc"
_PAGES: Final = 20
"""How many of the engine's pages a numbered page may lie behind: a client that reads more narrows its question."""
_ENGINE_ROWS: Final = 500
_DETAILED: Final = 200
"""Observations of one trace whose content is opened for one answer; the others come without it."""


def routes(desk: Desk) -> list[BaseRoute]:
    """What can be read."""
    return [
        route(desk, "/traces/{trace}", READ, GET=_trace),
        route(desk, "/traces", READ, GET=_traces),
        route(desk, "/observations/{span}", READ, GET=_observation),
        route(desk, "/observations", READ, GET=_observations),
        route(desk, "/v2/observations", READ, GET=_observations_by_cursor),
        route(desk, "/sessions/{session}", READ, GET=_session),
        route(desk, "/sessions", READ, GET=_sessions),
        route(desk, "/scores", READ, GET=_scores),
        route(desk, "/v2/scores", READ, GET=_scores),
    ]


def _trace(call: Call) -> Any:
    tree = call.desk.engine.trace(call.access(), call.project.id, call.path("trace"))
    rows = [node.span for node in tree.nodes]
    spans = [_content(call, row) if at < _DETAILED else None for at, row in enumerate(rows)]
    shown = [observation(row, span) for row, span in zip(rows, spans, strict=True) if row.span_id != row.trace_id]
    at = next((at for at, row in enumerate(rows) if row.span_id == tree.trace.span_id), 0)
    return {
        **_shown_trace(call, tree.trace, spans[at] if spans else None, tuple(rows)),
        "observations": shown,
        "scores": [score(one, tree.trace.environment or "default") for one in tree.scores],
    }


def _traces(call: Call) -> Any:
    _refuse(call, "filter", "version")
    if call.asked("orderBy", _NEWEST) != _NEWEST:
        raise Rejected(f"Traces are listed as {_NEWEST} only.", status=501)
    where = _all(call, userId="user", sessionId="session", release="release", environment="environment", tags="tag")
    if call.asked("name"):
        name = call.asked("name")
        where.append(Or((Compare("workflow", "=", name), And((Compare("root", "=", 1), Compare("name", "=", name))))))
    where += _between(call, "fromTimestamp", "toTimestamp")
    engine, access = call.desk.engine, call.access()

    def shown(row: TraceRow) -> dict[str, Any]:
        root = engine.span(access, call.project.id, row.trace_id, row.span_id, access.level).content
        scores = [f"{one.shard}-{one.index}" for one in row.scores]
        return {**_shown_trace(call, row, root, ()), "observations": [], "scores": scores}

    chosen = And(tuple(where))
    total = engine.counts(access, call.project.id, chosen).traces
    return _numbered(call, total, lambda page: engine.traces(access, call.project.id, chosen, page), shown)


def _observation(call: Call) -> Any:
    found = call.desk.engine.spans(call.access(), call.project.id, Compare("span", "=", call.path("span"))).rows
    if not found:
        raise Missing("There is no such observation.")
    return observation(found[0], _content(call, found[0]))


def _observations(call: Call) -> Any:
    engine, access, where = call.desk.engine, call.access(), _of_observations(call)
    total = engine.counts(access, call.project.id, where).spans
    return _numbered(
        call,
        total,
        lambda page: engine.spans(access, call.project.id, where, page),
        lambda row: observation(row, _content(call, row)),
    )


def _observations_by_cursor(call: Call) -> Any:
    page = PageRequest(limit=call.number("limit", 50, _ENGINE_ROWS), after=call.asked("cursor"))
    found = call.desk.engine.spans(call.access(), call.project.id, _of_observations(call), page)
    groups = call.asked("fields", "core,basic,io").split(",")
    open_it = not {"io", "metadata", "model", "prompt", "usage"}.isdisjoint(groups)
    shown = [observation(row, _content(call, row) if open_it else None) for row in found.rows]
    for one in shown:
        one["projectId"] = call.project.id
    return {"data": shown, "meta": {"cursor": found.next} if found.next else {}}


def _of_observations(call: Call) -> Filter:
    _refuse(call, "filter", "version", "promptName", "promptVersion")
    where = _all(
        call, name="name", userId="user", sessionId="session", traceId="trace", parentObservationId="parent",
        environment="environment",
    )  # fmt: skip
    where.append(Not(Compare(_TYPE, "=", "trace")))
    type_ = call.asked("type")
    if type_:
        event = Compare(_TYPE, "=", "event")
        where.append(Compare("kind", "=", _TYPES.get(type_, type_.lower())))
        where.append(event if type_ == "EVENT" else Not(event))
    if call.asked("isRootObservation"):
        where.append(Compare("root", "=", int(call.asked("isRootObservation") == "true")))
    if call.asked("level"):
        errors = call.asked("level") == "ERROR"
        own = Compare("attributes.langfuse.observation.level", "=", call.asked("level"))
        where.append(Compare("status", "=", "error") if errors else own)
    return And((*where, *_between(call, "fromStartTime", "toStartTime")))


def _session(call: Call) -> Any:
    engine, access = call.desk.engine, call.access()
    session = engine.session(access, call.project.id, call.path("session"))
    where = Compare("session", "=", session.session)
    traces = engine.traces(access, call.project.id, where, PageRequest(limit=PAGE_ITEMS)).rows
    shown = [
        _shown_trace(
            call, row, engine.span(access, call.project.id, row.trace_id, row.span_id, access.level).content, ()
        )
        for row in traces
    ]
    return {**_shown_session(call, call.path("session"), session.start_us, session.environment), "traces": shown}


def _sessions(call: Call) -> Any:
    where = And((*_all(call, environment="environment"), *_between(call, "fromTimestamp", "toTimestamp")))
    engine, access = call.desk.engine, call.access()
    rows = engine.aggregate(access, call.project.id, measures=("sessions",), where=where)
    total = int(rows[0].values["sessions"] or 0) if rows else 0
    return _numbered(
        call,
        total,
        lambda page: engine.sessions(access, call.project.id, where, page),
        lambda row: _shown_session(call, row.session, row.start_us, row.environment),
    )


def _scores(call: Call) -> Any:
    """Scores of one trace; a list of all of them is not served."""
    if not call.asked("traceId"):
        raise Rejected("Scores are read by 'traceId' here.", hint="Name a trace.", status=501)
    tree = call.desk.engine.trace(call.access(), call.project.id, call.asked("traceId"))
    wanted = [
        score(one)
        for one in tree.scores
        if call.asked("name", one.name) == one.name and call.asked("observationId", one.span_id) == one.span_id
    ]
    page, limit = asked_page(call)
    return paged(wanted[(page - 1) * limit : page * limit], page, limit, len(wanted))


def _numbered(
    call: Call, total: int, ask: Callable[[PageRequest], Page[Any]], shown: Callable[[Any], dict[str, Any]]
) -> Any:
    """A numbered page out of pages that go on from a cursor."""
    page, limit = asked_page(call)
    first, after = (page - 1) * limit, ""
    rows: list[Any] = []
    for _ in range(_PAGES):
        found = ask(PageRequest(limit=_ENGINE_ROWS, after=after))
        rows += found.rows
        after = found.next
        if not after or len(rows) >= first + limit:
            break
    else:
        raise Rejected(f"This page lies behind {_PAGES * _ENGINE_ROWS} rows.", hint="Narrow the times.")
    return paged([shown(row) for row in rows[first : first + limit]], page, limit, total)


def _content(call: Call, row: SpanRow) -> Span | None:
    access = call.access()
    return call.desk.engine.span(access, call.project.id, row.trace_id, row.span_id, access.level).content


def _shown_trace(call: Call, row: TraceRow, root: Span | None, rows: tuple[SpanRow, ...]) -> dict[str, Any]:
    given, gave = sides(root) if root else (None, None)
    metadata = dict(root.metadata) if root else {}
    tags = {tag for one in rows for tag in one.tags} | set(root.tags if root else ())
    return {
        "id": row.trace_id, "timestamp": iso(row.start_us), "name": (root.workflow if root else "") or row.name,
        "input": given, "output": gave, "sessionId": (root.session_id if root else "") or row.session or None,
        "userId": (root.user_id if root else "") or row.user or None, "metadata": metadata, "tags": sorted(tags),
        "public": bool(metadata.get("public")), "environment": row.environment or "default",
        "release": (root.release if root else "") or None, "version": metadata.get("version"),
        "htmlPath": f"/project/{call.project.id}/traces/{row.trace_id}", "projectId": call.project.id,
        "latency": (row.duration_ms or 0.0) / 1e3, "totalCost": row.cost_reported or 0.0,
        "createdAt": iso(row.start_us), "updatedAt": iso(row.received_us), "bookmarked": False, "externalId": None,
    }  # fmt: skip


def _shown_session(call: Call, name: str, start_us: int, environment: str) -> dict[str, Any]:
    return {
        "id": name, "createdAt": iso(start_us), "projectId": call.project.id, "environment": environment or "default",
    }  # fmt: skip


def _refuse(call: Call, *parameters: str) -> None:
    """Raise ``Rejected`` (501) for a parameter that would be passed over."""
    for parameter in parameters:
        if call.asked(parameter):
            raise Rejected(f"The parameter '{parameter}' is not served here.", hint="Leave it out.", status=501)


def _all(call: Call, **fields: str) -> list[Filter]:
    """Comparisons of the parameters that are there; one that comes several times is any of its values."""
    where: list[Filter] = []
    for parameter, field in fields.items():
        values = [one for one in call.request.query_params.getlist(parameter) if one]
        if values:
            where.append(Or(tuple(Compare(field, "=", one) for one in values)))
    return where


def _between(call: Call, since: str, until: str) -> list[Filter]:
    where: list[Filter] = []
    for parameter, operator in ((since, ">="), (until, "<")):
        if call.asked(parameter):
            try:
                where.append(Compare("start", operator, read_value("instant", call.asked(parameter))))
            except ValueError:
                raise Rejected(f"The parameter '{parameter}' is not an instant.") from None
    return where
