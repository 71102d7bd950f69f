"""Which chart a result makes, and that it says what the rows say."""

import re
from typing import Any

import pytest

from onrecord.query.sql.answer import SqlAnswer, SqlColumn
from onrecord.web.sqlchart import BARS, LINES, SqlChart, chart_of, moment

HOUR = "DateTime"


def answer(columns: dict[str, str], *rows: tuple[Any, ...]) -> SqlAnswer:
    return SqlAnswer(
        outcome="answered", columns=tuple(SqlColumn(*one) for one in columns.items()), rows=rows, count=len(rows)
    )


def drawn(columns: dict[str, str], *rows: tuple[Any, ...]) -> SqlChart:
    chart = chart_of(answer(columns, *rows))
    assert chart is not None
    return chart


def hour(number: int) -> str:
    return f"2026-11-25T{number:02}:00:00Z"


def test_a_time_and_figures_are_lines_in_order_each_on_its_own_scale() -> None:
    chart = drawn({"hour": HOUR, "calls": "UInt64", "cost": "Nullable(Float64)"},
                  (hour(3), 10, 0.5), (hour(1), 5, None), (hour(2), 0, 1.0))  # fmt: skip
    assert (chart.title, chart.note) == ("calls, cost over hour", "Each line has a scale of its own, from zero.")
    assert [(line.name, line.peak) for line in chart.lines] == [("calls", 10), ("cost", 1.0)]
    assert chart.lines[0].path == "M0.00 50.00h0L50.00 100.00L100.00 0.00"
    assert chart.lines[1].path == "M50.00 0.00h0L100.00 50.00"  # the unknown one is not zero
    assert (chart.first, chart.last) == ("2026-11-25 01:00:00", "2026-11-25 03:00:00")


def test_a_time_a_text_and_a_figure_are_a_line_for_each_text_on_one_scale() -> None:
    chart = drawn({"hour": HOUR, "model": "LowCardinality(String)", "calls": "UInt64"},
                  (hour(1), "a", 2), (hour(1), "b", 10), (hour(2), "b", 5), (hour(3), "a", 4))  # fmt: skip
    assert (chart.title, chart.note) == ("calls over hour, by model", "")
    assert [(line.name, line.path) for line in chart.lines] == [
        ("b", "M0.00 0.00h0L50.00 50.00"),
        ("a", "M0.00 80.00h0M100.00 60.00h0"),  # nothing is drawn where a has no row
    ]


def test_of_many_texts_the_largest_are_drawn_and_the_chart_says_so() -> None:
    rows = [(hour(at), f"m{number}", number) for at in (1, 2) for number in range(LINES + 3)]
    chart = drawn({"hour": HOUR, "model": "String", "calls": "UInt64"}, *rows)
    assert [line.name for line in chart.lines] == [f"m{number}" for number in range(LINES + 2, 2, -1)]
    assert chart.note == f"The {LINES} largest of {LINES + 3}."


def test_texts_and_a_figure_are_bars_named_by_all_texts() -> None:
    chart = drawn({"app": "String", "model": "Nullable(String)", "calls": "UInt64", "more": "UInt64"},
                  ("shop", "a", 4, 9), ("shop", None, 2, 9), ("", "b", 1, 9), ("x", "y", None, 9))  # fmt: skip
    assert chart.title == "calls by app, model"
    assert [(bar.name, bar.width) for bar in chart.bars] == [
        ("shop · a", 100.0), ("shop · unknown", 50.0), ("empty · b", 25.0),
    ]  # fmt: skip


def test_what_is_below_zero_is_drawn_below_zero() -> None:
    chart = drawn({"name": "String", "difference": "Float64"}, ("a", -30.0), ("b", 10.0))
    assert [(bar.left, bar.width) for bar in chart.bars] == [(0.0, 75.0), (75.0, 25.0)]
    assert chart.zero == 75.0
    line = drawn({"day": "Date", "difference": "Int32"}, ("2026-11-25", -10), ("2026-11-26", 30))
    assert (line.lines[0].path, line.zero) == ("M0.00 100.00h0L100.00 0.00", 75.0)


def test_of_many_texts_with_a_figure_the_first_are_drawn_and_a_few_whole_numbers_are_names_too() -> None:
    chart = drawn({"name": "String", "calls": "UInt64"}, *((f"n{number}", number) for number in range(BARS + 5)))
    assert (len(chart.bars), chart.note) == (BARS, f"The first {BARS} of {BARS + 5}.")
    hours = {"hour": "UInt8", "calls": "UInt64"}
    assert [bar.name for bar in drawn(hours, (0, 5), (1, 9)).bars] == ["0", "1"]
    assert chart_of(answer(hours, *((number, number) for number in range(BARS + 1)))) is None


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ({"calls": "UInt64"}, [(1,), (2,)]),
        ({"name": "String", "kind": "String"}, [("a", "b"), ("c", "d")]),
        ({"name": "String", "calls": "UInt64"}, [("a", 1)]),
        ({"name": "String", "ms": "Float64"}, [("a", 1.0), ("a", 2.0)]),
        ({"start": HOUR, "ms": "Float64"}, [(hour(1), 1.0), (hour(1), 2.0)]),
        ({"start": HOUR, "name": "String", "ms": "Float64"}, [(hour(1), "a", 1.0), (hour(1), "a", 2.0)]),
        ({"name": "String", "start": HOUR, "ms": "Float64"}, [("a", hour(1), 1.0), ("b", hour(2), 2.0)]),
        ({"tags": "Array(String)", "calls": "UInt64"}, [(["a"], 1), (["b"], 2)]),
        ({"name": "String", "ago": "IntervalDay"}, [("a", 1), ("b", 2)]),
        ({"name": "String", "calls": "UInt64"}, []),
        ({"name": "String", "calls": "UInt64"}, [("a", None), ("b", None)]),
        ({"start": f"Nullable({HOUR})", "calls": "UInt64"}, [(None, 1), (None, 2)]),
    ],
)
def test_no_chart_is_drawn_that_would_say_something_else(columns: dict[str, str], rows: list[tuple[Any, ...]]) -> None:
    assert chart_of(answer(columns, *rows)) is None


def test_numbers_of_any_size_make_a_path_of_numbers_only() -> None:
    huge = 2**255
    chart = drawn({"day": "Date32", "n": "UInt256"}, ("0001-01-01", huge), ("9999-12-31", 0), ("1970-01-01", huge // 3))
    assert re.fullmatch(r"[MLh0-9. ]+", chart.lines[0].path)
    times = ("0000-01-01T00:00:00.193Z", "9999-12-31T23:59:59.775807Z")
    assert chart_of(answer({"time": "DateTime64(6)", "n": "UInt8"}, *((time, 1) for time in times))) is None


def test_an_instant_is_read_without_what_says_nothing() -> None:
    assert moment("2026-11-25T11:01:53.512000Z") == "2026-11-25 11:01:53.512"
    assert moment("2026-11-25T00:00:00.000000Z") == "2026-11-25 00:00:00"
    assert moment("2026-11-25") == "2026-11-25"
