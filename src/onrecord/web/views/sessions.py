"""Sessions: the list, and one session as the conversation that it was."""

from typing import Final

import msgspec
from starlette.responses import Response

from onrecord.model.record import Place
from onrecord.query.filters import Compare
from onrecord.query.results import PageRequest, SpanDetail, TraceRow
from onrecord.query.syntax import At
from onrecord.web.content import Block, View, blocks
from onrecord.web.looking import RANGE_WORDS, looking
from onrecord.web.views.traces import environments
from onrecord.web.visit import Visit

ROWS: Final = 50
TURNS: Final = 20
"""Traces of a session on one page."""
_SYSTEM: Final = ("system", "developer")


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One trace of a conversation: what came in, what went out."""

    row: TraceRow
    detail: SpanDetail
    input: tuple[Block, ...]
    output: tuple[Block, ...]


def sessions(visit: Visit) -> Response:
    """The page ``/sessions``."""
    look = looking(visit.request.query_params, visit.site.clock.now_us())
    after = visit.asked("after")
    page = visit.site.engine.sessions(visit.access, visit.project.id, look.where, PageRequest(limit=ROWS, after=after))
    return visit.render(
        "sessions.html",
        look=look,
        page=page,
        after=after,
        base="/sessions",
        environments=environments(visit, look),
        range_words=RANGE_WORDS[look.range],
    )


def session(visit: Visit) -> Response:
    """The page ``/sessions/{session}``: its newest traces, oldest of them first, as one conversation."""
    name = visit.request.path_params["session"]
    engine, access, project = visit.site.engine, visit.access, visit.project.id
    found = engine.session(access, project, name)
    page = engine.traces(
        access, project, Compare("session", "=", found.session), PageRequest(limit=TURNS, after=visit.asked("after"))
    )
    # One question for the roots of all turns; each stands where its trace says.
    roots = At(tuple(Place(row.shard, row.index) for row in page.rows))
    found_roots = engine.details(access, project, roots, PageRequest(limit=TURNS)).rows
    details = {(detail.row.shard, detail.row.index): detail for detail in found_roots}
    turns = [
        _turn(row, details[row.shard, row.index])
        for row in reversed(page.rows)
        if (row.shard, row.index) in details  # erased just now
    ]
    return visit.render(
        "session.html", session=found, turns=turns, older=page.next, after=visit.asked("after"), terms=(), exact=False
    )


def _turn(row: TraceRow, detail: SpanDetail) -> Turn:
    if detail.content is None:
        return Turn(row=row, detail=detail, input=(), output=())
    look = View()
    return Turn(
        row=row,
        detail=detail,
        input=_said(detail, look),
        output=blocks(detail.content.output, "output", look),
    )


def _said(detail: SpanDetail, look: View) -> tuple[Block, ...]:
    """The newest turn without the system's part of it, which is the same in every turn."""
    assert detail.content is not None
    newest = detail.content.input[detail.new_from :]
    quiet = next((number for number, one in enumerate(newest) if one.role not in _SYSTEM), len(newest))
    return blocks(newest[quiet:], "input", look, detail.new_from + quiet)
