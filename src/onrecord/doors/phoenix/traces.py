"""Traces and sessions, as lists."""

from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from onrecord.doors.phoenix import chosen, shown
from onrecord.doors.phoenix.answer import Reading, number, reading, route, unsupported
from onrecord.doors.phoenix.projects import id_of
from onrecord.doors.port import Desk
from onrecord.limits import PAGE_ROWS
from onrecord.query.filters import Filter
from onrecord.query.results import PageRequest, SessionRow, TraceRow
from onrecord.query.syntax import Compare

_PAGE: Final = 100
_SESSION: Final = "A session can not be deleted here: erase its person or its traces with `onrecord erase`."


def routes(desk: Desk) -> list[Route]:
    """Where traces and sessions are listed and not deleted."""
    return [
        route(desk, "/v1/projects/{project}/traces", "GET", _traces),
        route(desk, "/v1/projects/{project}/sessions", "GET", _sessions),
        route(desk, "/v1/sessions/{session}", "GET", _session),
        route(desk, "/v1/sessions/{session}", "DELETE", unsupported(_SESSION)),
        route(desk, "/v1/sessions/delete", "POST", unsupported(_SESSION)),
        route(desk, "/v1/traces/{trace}", "DELETE", unsupported(_SESSION)),
    ]


async def _traces(desk: Desk, request: Request) -> dict[str, Any]:
    who = reading(desk, request)
    where = chosen.traces(request)
    with_spans = request.query_params.get("include_spans", "").lower() == "true"

    def find() -> dict[str, Any]:
        found = desk.engine.traces(who.access, who.project.id, where, _page(request))
        return {
            "data": [_trace(desk, who, row, with_spans=with_spans) for row in found.rows],
            "next_cursor": found.next or None,
        }

    return await run_in_threadpool(find)


async def _sessions(desk: Desk, request: Request) -> dict[str, Any]:
    who = reading(desk, request)
    where = chosen.project(request)

    def find() -> dict[str, Any]:
        found = desk.engine.sessions(who.access, who.project.id, where, _page(request))
        return {
            "data": [_shown_session(desk, who, row, row.session) for row in found.rows],
            "next_cursor": found.next or None,
        }

    return await run_in_threadpool(find)


async def _session(desk: Desk, request: Request) -> dict[str, Any]:
    who = reading(desk, request)
    name = request.path_params["session"]

    def find() -> dict[str, Any]:
        row = desk.engine.session(who.access, who.project.id, name)
        return {"data": _shown_session(desk, who, row, name)}

    return await run_in_threadpool(find)


def _page(request: Request) -> PageRequest:
    limit = number(request, "limit", _PAGE, _PAGE)
    return PageRequest(limit=limit, after=request.query_params.get("cursor", ""))


def _trace(desk: Desk, who: Reading, row: TraceRow, *, with_spans: bool) -> dict[str, Any]:
    found = {
        "id": row.trace_id,
        "trace_id": row.trace_id,
        "project_id": id_of(row.application),
        **shown.times(row.start_us, row.duration_ms),
        **shown.counts(row.tokens),
    }
    if with_spans:
        found["spans"] = [
            {
                "id": node.span.span_id,
                "span_id": node.span.span_id,
                "parent_id": node.span.parent_id or None,
                "name": node.span.name,
                "span_kind": shown.kind_of(node.span.kind),
                "status_code": node.span.status.upper(),
                **shown.times(node.span.start_us, node.span.duration_ms),
            }
            for node in desk.engine.trace(who.access, who.project.id, row.trace_id).nodes
        ]
    return found


def _shown_session(desk: Desk, who: Reading, row: SessionRow, name: str) -> dict[str, Any]:
    return {
        "id": row.session,
        "session_id": name,
        "project_id": id_of(row.application),
        **shown.times(row.start_us, row.duration_ms),
        "traces": _traces_of(desk, who, Compare("session", "=", row.session)),
        **shown.counts(row.tokens),
    }


def _traces_of(desk: Desk, who: Reading, where: Filter) -> list[dict[str, str]]:
    found = desk.engine.traces(who.access, who.project.id, where, PageRequest(limit=PAGE_ROWS))
    told = [
        {"id": row.trace_id, "trace_id": row.trace_id, **shown.times(row.start_us, row.duration_ms)}
        for row in found.rows
    ]
    return sorted(told, key=lambda one: one["start_time"])
