"""Plots: titles are sentences, unknown is a gap, and each figure has the condition of its rows."""

from typing import Any

import pytest

from onrecord.query.charts import Charts, Line, Measured
from onrecord.query.filters import parse
from onrecord.web.plots import condition, data_of, every, joined, name_of, own_condition, path, plots


def point(traffic: int = 1, **more: Any) -> Measured:
    return Measured(traffic=traffic, **more)


def charts(by: str = "model", unit: str = "call") -> Charts:
    lines = (
        Line(value="gpt 4", whole=point(3, cost=0.5, unpriced=1), points=(point(1, cost=0.5), point(0), point(2))),
        Line(value="", whole=point(2), points=(point(1), point(0), point(1))),
        Line(other=True, whole=point(1), points=(point(0), point(1), point(0))),
    )
    whole = Line(whole=point(6, unpriced=1, currency="EUR"), points=(point(2), point(1), point(3)))
    return Charts(by=by, unit=unit, interval_s=3_600, starts=(0, 1, 2), values=9, whole=whole, lines=lines)


def test_titles_are_sentences_and_say_what_is_not_in_a_sum() -> None:
    drawn = {plot.key: plot for plot in plots(charts())}
    assert drawn["errors"].title == "Failed calls per hour, by model"
    assert drawn["cost"].note == "1 call of unknown price not included"
    assert (drawn["cost"].form, drawn["cost"].currency) == ("money", "EUR")
    assert {plot.title for plot in plots(charts("user", "trace"))} >= {"Traces per hour, by user"}


def test_unknown_is_a_gap_and_a_stretch_without_calls_cost_nothing() -> None:
    cost = next(plot for plot in plots(charts()) if plot.key == "cost")
    assert [list(one.points) for one in cost.traces[:2]] == [[0.5, 0, None], [None, None, None]]
    assert cost.traces[1].quiet == (False, True, False)


def test_lines_are_named_and_narrowed_by_the_search_language() -> None:
    made = charts()
    assert [name_of(line, "model") for line in made.lines] == ["gpt 4", "no model", "other"]
    assert [own_condition(made, line) for line in made.lines] == ['model:"gpt 4"', "-model:*", '-model:"gpt 4" model:*']
    assert own_condition(made, made.whole) == ""
    for line in (*made.lines, made.whole):
        for measure in ("traffic", "errors", "p95", "first95", "tokens", "cost", "unpriced"):
            parse(condition(made, line, measure, 12.3456))


@pytest.mark.parametrize(
    ("rows", "figure", "wanted"),
    [
        ("model:* latency>=", 1234.56789, "model:* latency>=1234.567ms x"), ("model:* latency>=", None, "model:* x"),
        ("time_to_first_token>=", None, "x"), ("status:error", 7.0, "status:error x"),
    ],
)  # fmt: skip
def test_a_percentile_leads_to_the_rows_that_were_at_least_as_slow(
    rows: str, figure: float | None, wanted: str
) -> None:
    assert joined(rows, "x", figure) == wanted


def test_a_path_joins_known_neighbours_and_dots_a_point_alone() -> None:
    assert path((0, 5, None, 10), 10) == "M12.50 100.00L37.50 50.00M87.50 0.00h0"
    assert path((), 0) == ""
    assert path((0, 0), 0).count("L") == 1


@pytest.mark.parametrize(
    ("length", "words"), [(1, "second"), (30, "30 seconds"), (600, "10 minutes"), (3_600, "hour"), (10_800, "3 hours"),
                          (86_400, "day"), (604_800, "week"), (2_592_000, "30 days")]
)  # fmt: skip
def test_a_stretch_is_named_by_its_largest_unit(length: int, words: str) -> None:
    assert every(length) == words


def test_the_browser_gets_the_same_conditions() -> None:
    made = charts()
    data = data_of(made, plots(made))
    assert data["plots"]["errors"]["lines"][0]["rows"].endswith("status:error")
    assert data["plots"]["errors"]["lines"][2]["own"] == '-model:"gpt 4" model:*'
