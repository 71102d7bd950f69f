"""One trace: header, its steps as tree, waterfall or transcript, and the selected step beside them.

A page carries the first ``FIRST_ROWS`` steps; further ones follow as fragments while the reader scrolls. Content is
read for the selected step only, and in the transcript for the model calls of the batch.
"""

from typing import Any, Final

import msgspec
from starlette.responses import Response

from onrecord.query.results import Node, SpanDetail, TraceTree
from onrecord.web.content import Block, View, blocks
from onrecord.web.looking import looking
from onrecord.web.steps import FIRST_ROWS, Layout, Step
from onrecord.web.views.step import step_context
from onrecord.web.visit import Visit, integer

VIEWS: Final = ("tree", "waterfall", "transcript")
CARDS: Final = 40
"""Cards of one batch of the transcript."""
_QUIET: Final = ("span", "chain", "embedding")
"""Kinds that tell nothing in a transcript, unless they failed or stand alone."""
_CARD_MESSAGES: Final = 6
"""Messages of the newest turn on a card."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the transcript."""

    step: Step
    detail: SpanDetail | None = None
    earlier: int = 0
    input: tuple[Block, ...] = ()
    output: tuple[Block, ...] = ()


def trace(visit: Visit) -> Response:
    """The page ``/traces/{trace}``."""
    tree = _tree(visit)
    layout = Layout(tree)
    wanted = visit.asked("s")
    selected = wanted if any(node.span.span_id == wanted for node in tree.nodes) else layout.first()
    detail = visit.site.engine.span(visit.access, visit.project.id, tree.trace.trace_id, selected)
    errors = (node.span.span_id for node in tree.nodes if node.span.status == "error")
    context = step_context(visit, detail)
    return visit.render(
        "trace.html",
        **{**context, **_window(visit, layout, selected)},
        tree=tree,
        total_ms=layout.total_ms,
        first_error=next(errors, ""),
    )


def rows(visit: Visit) -> Response:
    """Further rows of the tree, waterfall or transcript: a fragment."""
    layout = Layout(_tree(visit))
    view = visit.asked("view", "tree")
    template = "part/cards.html" if view == "transcript" else "part/steps.html"
    return visit.render("part/rows.html", part=template, **_window(visit, layout, visit.asked("s")))


def _tree(visit: Visit) -> TraceTree:
    return visit.site.engine.trace(visit.access, visit.project.id, visit.request.path_params["trace"])


def _window(visit: Visit, layout: Layout, chosen: str) -> dict[str, Any]:
    """The batch of rows that the address asks for, and where the next one begins."""
    view = visit.asked("view", "tree")
    view = view if view in VIEWS else "tree"
    nodes = layout.nodes
    numbers = [number for number, node in enumerate(nodes) if view != "transcript" or _tells(node, len(nodes))]
    size = CARDS if view == "transcript" else FIRST_ROWS
    first = min(integer(visit.asked("from", "0"), "row number"), len(numbers))
    batch = [layout.row(number) for number in numbers[first : first + size]]
    after = first + len(batch)
    q = visit.asked("q")
    terms = looking({"q": q}, 0).terms
    return {
        "here": f"/traces/{visit.request.path_params['trace']}",
        "view": view,
        "rows": () if view == "transcript" else batch,
        "cards": [_card(visit, step, View(terms=terms)) for step in batch] if view == "transcript" else (),
        "chosen": chosen,
        "next_from": after if after < len(numbers) else 0,
        "left": len(numbers) - after,
        "q": q,
        "terms": terms,
        "exact": False,
    }


def _tells(node: Node, total: int) -> bool:
    span = node.span
    return span.kind not in _QUIET or span.status == "error" or total == 1


def _card(visit: Visit, step: Step, look: View) -> Card:
    span = step.node.span
    if span.kind != "llm":
        return Card(step=step)
    detail = visit.site.engine.span(visit.access, visit.project.id, span.trace_id, span.span_id)
    if detail.content is None:
        return Card(step=step)
    newest = detail.content.input[detail.new_from :]
    first = max(0, len(newest) - _CARD_MESSAGES)
    return Card(
        step=step,
        detail=detail,
        earlier=detail.new_from + first,
        input=blocks(newest[first:], "input", look, detail.new_from + first),
        output=blocks(detail.content.output, "output", look),
    )
