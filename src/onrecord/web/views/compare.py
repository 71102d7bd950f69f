"""Two calls beside each other: ``/traces/{trace}/compare?s=STEP&with=TRACE/STEP``."""

import re
from typing import Any, Final
from urllib.parse import unquote

from starlette.responses import Response

from onrecord.errors import Rejected
from onrecord.query.results import Node
from onrecord.web.looking import looking
from onrecord.web.visit import Visit

CALLS: Final = 200
"""Calls of a trace that can be chosen from."""
_ADDRESS: Final = re.compile(r"/traces/([^/?#\s]+)[^?#\s]*\?(?:[^#\s]*&)?s=([^&#\s]+)")
_NAMED: Final = re.compile(r"([^/?#\s]+)/([^/?#\s]+)")


def compare(visit: Visit) -> Response:
    """The page. Without a second call it takes the one before, and offers the others of the trace."""
    engine, project = visit.site.engine, visit.project.id
    tree = engine.trace(visit.access, project, visit.request.path_params["trace"])
    calls = [node for node in tree.nodes if node.span.kind == "llm"] or list(tree.nodes)
    chosen = visit.asked("s") or calls[-1].span.span_id
    other = _other(visit.asked("paste").strip()) or _other(visit.asked("with")) or _before(calls, chosen)
    found = engine.compare(visit.access, project, other, (tree.trace.trace_id, chosen)) if other else None
    return visit.render(
        "compare.html",
        found=found,
        tree=tree,
        chosen=chosen,
        other="/".join(other) if other else "",
        calls=calls[:CALLS],
        terms=(),
        folded=_folded(found.messages) if found else (),
        here=f"/traces/{tree.trace.trace_id}",
        within=looking(visit.request.query_params, visit.site.clock.now_us()).within,
    )


def _other(text: str) -> tuple[str, str] | None:
    """The step that an address or ``TRACE/STEP`` names; nothing for nothing. Raises ``Rejected`` for anything else."""
    if not text:
        return None
    found = _ADDRESS.search(text) or _NAMED.fullmatch(text)
    if found is None:
        raise Rejected("That is not the address of a step.", hint="Select the step, copy its link and paste it here.")
    return unquote(found[1]), unquote(found[2])


def _before(calls: list[Node], chosen: str) -> tuple[str, str] | None:
    places = [place for place, node in enumerate(calls) if node.span.span_id == chosen]
    place = places[0] if places else len(calls)
    near = calls[place - 1] if place else next(iter(calls[1:]), None)
    return (near.span.trace_id, near.span.span_id) if near is not None else None


def _folded(messages: Any) -> list[list[Any]]:
    """Messages in runs: those in a row that are the same stand folded together."""
    runs: list[list[Any]] = []
    for one in messages:
        if runs and one.state == runs[-1][0].state == "same" and one.side == runs[-1][0].side:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs
