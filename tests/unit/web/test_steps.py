"""A trace's tree as rows."""

import time

from onrecord.query.results import Node, SpanRow, Tokens, TraceRow, TraceTree
from onrecord.web.steps import INDENT, Layout, Step, total_ms


def node(depth: int, *, kind: str = "chain", at_ms: float = 0.0, total: int | None = None, **rest: object) -> Node:
    span = SpanRow(
        trace_id="t", span_id=f"{depth}{at_ms}", name="n", kind=kind, status=str(rest.get("status", "unset")),
        start_us=0, received_us=0, duration_ms=10.0, tokens=Tokens(total=total), aggregate=bool(rest.get("aggregate")),
        shard=2026, index=0,
    )  # fmt: skip
    return Node(span=span, depth=depth, children=0, offset_ms=at_ms)


def tree(*nodes: Node) -> TraceTree:
    row = TraceRow(
        trace_id="t", span_id="s", name="n", kind="chain", status="unset", start_us=0, received_us=0,
        spans=len(nodes), errors=0, tokens=Tokens(), shard=2026, index=0,
    )  # fmt: skip
    return TraceTree(trace=row, nodes=nodes)


def steps(found: TraceTree) -> list[Step]:
    layout = Layout(found)
    return [layout.row(number) for number in range(len(found.nodes))]


def test_a_trace_opens_at_the_cause_of_its_failure_else_at_its_first_call() -> None:
    cause = node(2, status="error", at_ms=5.0)
    assert Layout(tree(node(0, status="error"), node(1, kind="llm"), cause)).first() == cause.span.span_id
    assert Layout(tree(node(0), node(1, kind="llm", at_ms=3.0))).first() == "13.0"
    assert Layout(tree(node(0), node(1))).first() == "00.0"


def test_a_parent_sums_the_calls_below_it_and_a_call_shows_its_own() -> None:
    rows = steps(tree(node(0), node(1), node(2, total=5), node(2, total=7), node(1, total=100)))
    assert [(row.tokens, row.summed, row.below) for row in rows] == [
        (112, True, 4), (12, True, 2), (5, False, 0), (7, False, 0), (100, False, 0),
    ]  # fmt: skip


def test_tokens_that_repeat_what_stands_below_are_not_added_again() -> None:
    rows = steps(tree(node(0, total=12, aggregate=True), node(1, total=12)))
    assert (rows[0].tokens, rows[0].summed) == (12, True)


def test_what_nobody_counted_stays_unknown() -> None:
    assert steps(tree(node(0), node(1)))[0].tokens is None


def test_a_failure_bubbles_up_to_the_roots_it_belongs_to() -> None:
    rows = steps(tree(node(0), node(1), node(2, status="error"), node(0), node(1)))
    assert [row.fails_below for row in rows] == [True, True, False, False, False]


def test_bars_stay_inside_the_waterfall() -> None:
    found = tree(node(0, at_ms=-5.0), node(1, at_ms=90.0), node(1, at_ms=100.0))
    assert total_ms(found) == 110.0
    for row in steps(found):
        assert 0 <= row.x < 100
        assert row.width > 0


def test_a_hundred_and_thirty_levels_are_indented_to_a_bound() -> None:
    rows = steps(tree(*(node(depth) for depth in range(130))))
    assert max(row.indent for row in rows) == INDENT
    assert rows[0].below == 129


def test_ten_thousand_steps_are_laid_out_in_linear_time() -> None:
    many = tree(node(0), *(node(1 + place % 40, at_ms=float(place)) for place in range(10_000)))
    begun = time.perf_counter()
    assert len(steps(many)) == 10_001
    assert time.perf_counter() - begun < 2
