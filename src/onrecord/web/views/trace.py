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
from onrecord.web.views.step import VIEWS, step_context
from onrecord.web.views.turn import Turn, turn_of
from onrecord.web.visit import Visit, integer

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
    root, window = tree.nodes[0].span, _window(visit, layout, selected)
    is_told = window["view"] == VIEWS[0] and root.kind != "llm"
    wanted_ids = dict.fromkeys((selected, *([root.span_id] if is_told else ())))
    details = visit.site.engine.steps(visit.access, visit.project.id, tree, tuple(wanted_ids))
    errors = (node.span.span_id for node in tree.nodes if node.span.status == "error")
    context = step_context(visit, details[0])
    return visit.render(
        "trace.html",
        **{**context, **window},
        tree=tree,
        turn=_turn(details[-1], View(terms=window["terms"])) if is_told else None,
        end=visit.asked("end"),
        total_ms=layout.total_ms,
        first_error=next(errors, ""),
    )


def rows(visit: Visit) -> Response:
    """Further rows of the tree, waterfall or transcript: a fragment."""
    layout = Layout(_tree(visit))
    view = visit.asked("view", VIEWS[0])
    template = "part/cards.html" if view == "transcript" else "part/steps.html"
    return visit.render("part/rows.html", part=template, **_window(visit, layout, visit.asked("s")))


def following(visit: Visit) -> Response:
    """To the next older trace of the list that the address holds; at its end the same trace again, which says so."""
    return _beside(visit, newer=False)


def preceding(visit: Visit) -> Response:
    """To the next newer one."""
    return _beside(visit, newer=True)


def _beside(visit: Visit, *, newer: bool) -> Response:
    look = looking(visit.request.query_params, visit.site.clock.now_us())
    trace_id = visit.request.path_params["trace"]
    other = visit.site.engine.beside(visit.access, visit.project.id, trace_id, look.where, newer=newer)
    view = visit.asked("view")
    end = "" if other else ("newest" if newer else "oldest")
    return visit.go(f"/traces/{other or trace_id}", view=view, end=end, **look.within)


def _tree(visit: Visit) -> TraceTree:
    return visit.site.engine.trace(visit.access, visit.project.id, visit.request.path_params["trace"])


def _window(visit: Visit, layout: Layout, chosen: str) -> dict[str, Any]:
    """The batch of rows that the address asks for, and where the next one begins."""
    view = visit.asked("view", VIEWS[0])
    view = view if view in VIEWS else VIEWS[0]
    nodes = layout.nodes
    told = [number for number, node in enumerate(nodes) if view != "transcript" or _tells(node, len(nodes))]
    numbers = told or list(range(len(nodes)))
    size = CARDS if view == "transcript" else FIRST_ROWS
    first = min(integer(visit.asked("row", "0"), "row number"), len(numbers))
    batch = [layout.row(number) for number in numbers[first : first + size]]
    after = first + len(batch)
    look = looking(visit.request.query_params, visit.site.clock.now_us())
    terms = look.terms
    return {
        "here": f"/traces/{visit.request.path_params['trace']}",
        "view": view,
        "rows": () if view == "transcript" else batch,
        "cards": _cards(visit, batch, View(terms=terms)) if view == "transcript" else (),
        "chosen": chosen,
        "next_from": after if after < len(numbers) else 0,
        "left": len(numbers) - after,
        "within": look.within,
        "terms": terms,
        "exact": False,
    }


def _turn(root: SpanDetail, look: View) -> Turn | None:
    """Both ends of the conversation, around the steps; none where the root tells neither."""
    found = turn_of(root, look)
    return found if found.told else None


def _tells(node: Node, total: int) -> bool:
    span = node.span
    return span.kind not in _QUIET or span.status == "error" or total == 1


def _cards(visit: Visit, batch: list[Step], look: View) -> list[Card]:
    """The cards of a batch; the content of all its model calls in one read."""
    calls = [step.node.span for step in batch if step.node.span.kind == "llm"]
    read = visit.site.engine.opened(visit.access, visit.project.id, calls)
    details = {detail.row.span_id: detail for detail in read}
    return [_card(step, details.get(step.node.span.span_id), look) for step in batch]


def _card(step: Step, detail: SpanDetail | None, look: View) -> Card:
    if detail is None or detail.content is None:
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
