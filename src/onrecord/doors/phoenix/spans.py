"""Spans: those that a client logs by hand, and lists of them with their content."""

import asyncio
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.doors.phoenix import chosen, frames, shown
from onrecord.doors.phoenix.answer import Reading, number, reading, route, said, unsupported, writer
from onrecord.doors.phoenix.projects import name_of
from onrecord.doors.port import Desk
from onrecord.errors import Rejected
from onrecord.limits import FRAME_SPANS
from onrecord.query.filters import Filter, everything_of, from_parameters
from onrecord.query.results import PageRequest, SpanDetail
from onrecord.query.syntax import Exists, Not
from onrecord.receive.port import Delivery

_PAGE: Final = 100
"""Spans of one answer: each is read from the vault."""
_SIGNAL: Final = "phoenix.spans"


class _Query(msgspec.Struct, frozen=True):
    """The body of ``POST /v1/spans``."""

    queries: list[dict[str, Any]] = []
    start_time: str | None = None
    end_time: str | None = None
    limit: int = 1_000
    root_spans_only: bool | None = None
    project_name: str | None = None


_query: Final = msgspec.json.Decoder(_Query).decode


def routes(desk: Desk) -> list[Route]:
    """Where spans are logged, listed and not deleted."""
    kept = unsupported(
        "A span can not be deleted alone: the log stays whole. Erase its person or its trace with `onrecord erase`."
    )
    return [
        route(desk, "/v1/projects/{project}/spans", "GET", _list),
        route(desk, "/v1/projects/{project}/spans", "POST", _log),
        route(desk, "/v1/spans", "POST", _frame),
        route(desk, "/v1/spans/{span}", "DELETE", kept),
    ]


async def _list(desk: Desk, request: Request) -> dict[str, Any]:
    who = reading(desk, request)
    where = chosen.spans(request)
    page = PageRequest(limit=number(request, "limit", _PAGE, _PAGE), after=request.query_params.get("cursor", ""))
    found = await run_in_threadpool(desk.engine.details, who.access, who.project.id, where, page)
    return {"data": [shown.span(one) for one in found.rows], "next_cursor": found.next or None}


async def _log(desk: Desk, request: Request) -> Response:
    project = writer(desk, request)
    async with desk.bodies.plain(request, _SIGNAL) as plain:
        delivery = Delivery(
            project=project,
            signal=_SIGNAL,
            media="json",
            body=plain,
            application=name_of(request.path_params["project"]),
        )
        ack = await asyncio.shield(asyncio.wrap_future(desk.intake.submit(delivery)))
    tally = desk.bodies.tally
    tally.accepted[_SIGNAL] += ack.accepted - ack.duplicates
    tally.duplicates[_SIGNAL] += ack.duplicates
    tally.rejected[_SIGNAL] += ack.rejected
    counts = {"total_received": ack.accepted + ack.rejected, "total_queued": ack.accepted}
    if not ack.rejected:
        return said(counts, 202)
    invalid = [{"span_id": "", "trace_id": "", "error": reason} for reason in ack.reasons]
    bad = {"error": "Some spans are not as they must be; the others were kept.", "invalid_spans": invalid}
    return said(counts | bad | {"total_invalid": ack.rejected, "total_duplicates": 0, "duplicate_spans": []}, 400)


async def _frame(desk: Desk, request: Request) -> Response:
    """Spans as a table, for ``get_spans_dataframe``."""
    who = reading(desk, request)
    async with desk.bodies.plain(request, _SIGNAL) as plain:
        try:
            asked = _query(plain)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Rejected("The body is no query of spans.", status=422) from None
    if len(asked.queries) > 1 or any(asked.queries):
        return said({"detail": "A SpanQuery is not supported here: take all columns, or choose by get_spans()."}, 501)
    if not 1 <= asked.limit <= FRAME_SPANS:
        raise Rejected(f"The limit is between 1 and {FRAME_SPANS}.", status=422)
    name = asked.project_name or request.query_params.get("project_name") or "default"
    pairs = [("application", name)]
    pairs += [("start__gte", asked.start_time)] if asked.start_time else []
    pairs += [("start__lt", asked.end_time)] if asked.end_time else []
    where = from_parameters(pairs)
    if asked.root_spans_only:
        where = everything_of([where, Not(Exists("parent"))])
    found = await run_in_threadpool(_all, desk, who, where, asked.limit)
    return frames.response([shown.span(one) for one in found])


def _all(desk: Desk, who: Reading, where: Filter, limit: int) -> list[SpanDetail]:
    found: list[SpanDetail] = []
    after = ""
    while len(found) < limit:
        request = PageRequest(limit=min(_PAGE, limit - len(found)), after=after)
        page = desk.engine.details(who.access, who.project.id, where, request)
        found += page.rows
        after = page.next
        if not after:
            break
    return found
