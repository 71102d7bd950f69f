"""A glance at a trace beside the list, without leaving it: both ends of the turn, what failed, what it cost."""

from typing import Final

from starlette.responses import Response

from onrecord.web.content import View
from onrecord.web.looking import looking
from onrecord.web.steps import Layout
from onrecord.web.views.turn import turn_of
from onrecord.web.visit import Visit

STEPS: Final = 40
"""Steps that a glance lists; the rest is counted."""


def glance(visit: Visit) -> Response:
    """The fragment ``/traces/{trace}/glance``."""
    tree = visit.site.engine.trace(visit.access, visit.project.id, visit.request.path_params["trace"])
    (root,) = visit.site.engine.steps(visit.access, visit.project.id, tree, (tree.nodes[0].span.span_id,))
    look = looking(visit.request.query_params, visit.site.clock.now_us())
    layout = Layout(tree)
    return visit.render(
        "part/glance.html",
        tree=tree,
        turn=turn_of(root, View(terms=look.terms)),
        rows=[layout.row(number) for number in range(min(STEPS, len(tree.nodes)))],
        left=len(tree.nodes) - STEPS,
        here=f"/traces/{tree.trace.trace_id}",
        within=look.within,
        terms=look.terms,
        exact=False,
        view="tree",
        chosen="",
        next_from=0,
    )
