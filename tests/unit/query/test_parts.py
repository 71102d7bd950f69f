"""The pure parts of queries: the order of a tree, topmost use, snippets, cursors, fields."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord import limits
from onrecord.errors import Rejected
from onrecord.model.record import Place
from onrecord.query.compile import Bound, compile_filter
from onrecord.query.cursor import NameCursor, PlaceCursor, encode, name_after, place_after
from onrecord.query.fields import ALIASES, FIELDS, find
from onrecord.query.filters import Compare, Exists, Text
from onrecord.query.results import SpanRow, Tokens
from onrecord.query.snippets import needles, snippet
from onrecord.query.tree import ordered
from onrecord.query.uses import Step, topmost


def span(number: int, parent: int = 0, start_us: int = 0) -> SpanRow:
    return SpanRow(
        trace_id="t", span_id=f"s{number}", parent_id=f"s{parent}" if parent else "", name="", kind="span", status="ok",
        start_us=start_us or number, received_us=0, tokens=Tokens(), shard=2026, index=number,
    )  # fmt: skip


def shape(*spans: SpanRow) -> list[tuple[str, int, bool]]:
    return [(node.span.span_id, node.depth, node.orphan) for node in ordered(spans, 0)]


def test_a_span_stands_directly_before_what_is_below_it() -> None:
    assert shape(span(3, 1), span(4, 2), span(2, 1), span(1)) == [
        ("s1", 0, False), ("s2", 1, False), ("s4", 2, False), ("s3", 1, False),
    ]  # fmt: skip


def test_a_cycle_and_a_span_that_is_its_own_parent_are_cut() -> None:
    assert shape(span(1, 2), span(2, 1), span(3, 3)) == [("s3", 0, True), ("s1", 0, True), ("s2", 1, False)]


def test_the_same_id_twice_keeps_both_spans() -> None:
    twin = span(2, 1, start_us=9)
    assert [identifier for identifier, _, _ in shape(span(1), span(2, 1), twin, span(3, 2))] == ["s1", "s2", "s3", "s2"]


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12), st.integers(1, 20)), max_size=25))
def test_every_span_stands_in_the_tree_exactly_once(made: list[tuple[int, int, int]]) -> None:
    spans = [span(number, parent, start) for number, parent, start in made]
    nodes = ordered(spans, 0)
    assert sorted(id(node.span) for node in nodes) == sorted(map(id, spans))
    assert all(later.depth <= node.depth + 1 for node, later in pairwise(nodes))


def test_a_tree_of_ten_thousand_levels_needs_no_recursion() -> None:
    nodes = ordered([span(number, number - 1) for number in range(1, 10_001)], 0)
    assert nodes[-1].depth == 9_999


def counted(identifier: str, parent: str, total: int | None, cost: float | None = None) -> Step:
    return Step(identifier, parent, Tokens(input=total, total=total), cost)


def test_a_count_above_speaks_for_every_count_below_it() -> None:
    use = topmost([
        counted("a", "", None), counted("b", "a", 5), counted("c", "b", None), counted("d", "c", 3, 0.5),
        counted("e", "a", 2), counted("x", "y", 1), counted("y", "x", 1),
    ])  # fmt: skip
    assert (use.tokens.total, use.cost) == (7, 0.5)


def marked(text: str, *wanted: Text) -> list[str]:
    found = snippet("input", text, [pattern for one in wanted for pattern in needles(one)])
    return [] if found is None else [found.text[low:high] for low, high in found.marks]


@pytest.mark.parametrize(
    ("text", "wanted", "marks"),
    [
        ("The Refund is late", Text("words", "refund late"), ["Refund", "late"]),
        ("a refund, is-late", Text("phrase", "refund is late"), ["refund, is-late"]),
        ("unrefundable", Text("words", "refund"), []),
        ("unrefundable", Text("substring", "REFUND"), ["refund"]),
        ("a+b (c)", Text("substring", "+b ("), ["+b ("]),
        ("a+b (c)", Text("words", "+"), ["+"]),
    ],
)
def test_marks_stand_on_what_was_looked_for(text: str, wanted: Text, marks: list[str]) -> None:
    assert marked(text, wanted) == marks


@given(st.text(max_size=600), st.text(min_size=1, max_size=3))
def test_marks_lie_in_the_snippet_in_order_and_apart(text: str, wanted: str) -> None:
    found = snippet("input", text, needles(Text("substring", wanted)))
    if found is not None:
        flat = [offset for mark in found.marks for offset in mark]
        assert flat == sorted(set(flat))
        assert flat[-1] <= len(found.text)
        assert found.text in text


def test_a_cursor_comes_back_as_it_was() -> None:
    assert place_after(encode(PlaceCursor(2026, 12))) == Place(2026, 12)
    assert name_after(encode(NameCursor(5, "ses_x"))) == NameCursor(5, "ses_x")
    assert place_after("") is None


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "W10",
        "é",
        "A" * 2_000,
        encode(NameCursor(5, "n")),
        encode(PlaceCursor(-1, 0)),
        encode(PlaceCursor(1, 1 << 70)),
    ],
)
def test_a_text_that_is_no_cursor_is_rejected(text: str) -> None:
    with pytest.raises(Rejected, match="'after'"):
        place_after(text)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_compiles_with_every_operator_that_it_has(name: str) -> None:
    field = FIELDS[name]
    value: Any = "x" if field.is_text else 1.0
    operators = ("=", "!=") if field.whole_trace else ("=", "!=", "prefix") if field.is_text else ("=", "<", ">=")
    for operator in operators:
        assert field.columns[0] in compile_filter(Compare(name, operator, value), Bound()) or field.whole_trace
    assert compile_filter(Exists(name), Bound())


def test_aliases_and_open_names_lead_to_fields() -> None:
    assert all(find(alias) is FIELDS[name] for alias, name in ALIASES.items())
    assert find("metadata.a.b") is not None
    for unknown in ("", "metadata", "metadata.", "nothing.x", "metadata." + "k" * 300):
        assert find(unknown) is None


def test_a_filter_that_names_what_is_not_there_is_rejected() -> None:
    for where in (Compare("nothing", "=", "x"), Compare("user", "<", "x"), Compare("latency", "=", "x")):
        with pytest.raises(Rejected):
            compile_filter(where, Bound())
    assert limits.PAGE_ROWS == 500
