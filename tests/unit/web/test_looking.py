"""The address as a filter, the histogram strip."""

import pytest
from starlette.datastructures import QueryParams

from onrecord.errors import Rejected
from onrecord.query.filters import And, Compare, Not, Text
from onrecord.query.results import Bucket
from onrecord.web.looking import BARS, RANGES, USUAL, condition_of, looking, step_s
from onrecord.web.strip import HEIGHT, strip

NOW_US = 1_795_521_600_000_000


def test_an_empty_address_looks_at_the_last_seven_days() -> None:
    look = looking({}, NOW_US)
    assert look.where == Compare("time", ">=", NOW_US - 7 * 86_400_000_000)
    assert look.parameters == {"q": "", "env": ""}
    assert not look.narrowed


def test_a_zoom_replaces_the_range_and_stays_in_the_address() -> None:
    look = looking({"from": "5", "to": "9", "range": "1h"}, NOW_US)
    assert look.where == And((Compare("time", ">=", 5), Compare("time", "<", 9)))
    assert look.parameters == {"q": "", "env": "", "from_": "5", "to": "9"}


def test_only_what_is_searched_for_is_marked() -> None:
    look = looking({"q": 'parcel "on time" -late status:error'}, NOW_US)
    assert look.terms == ("parcel", "on time")
    assert isinstance(look.where, And)
    assert Not(Text("words", "late")) in look.where.parts[0].parts  # type: ignore[attr-defined]


def test_each_condition_is_a_chip_that_can_be_dropped() -> None:
    chips = looking({"q": 'parcel model:gpt-4o -"on time" latency>2s'}, NOW_US).chips
    assert [chip.text for chip in chips] == ["parcel", "model:gpt-4o", '-"on time"', "latency>2s"]
    assert chips[1].rest == 'parcel -"on time" latency>2s'


@pytest.mark.parametrize("q", ["just words", "(model:a OR model:b)", "model:a OR model:b"])
def test_words_alone_and_alternatives_have_no_chips(q: str) -> None:
    assert looking({"q": q}, NOW_US).chips == ()


@pytest.mark.parametrize("query", [{"from": "x"}, {"to": "-1"}, {"from": "9" * 30}, {"q": "nofield:1"}, {"q": '"open'}])
def test_a_malformed_address_is_rejected(query: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        looking(query, NOW_US)


@pytest.mark.parametrize("seconds", [1, 3_600, *[span for span in RANGES.values() if span], 90 * 86_400])
def test_a_strip_never_has_more_bars_than_fit(seconds: int) -> None:
    assert seconds / step_s(seconds) <= BARS


def test_a_strip_has_a_bar_for_every_stretch_and_failures_inside_it() -> None:
    buckets = [
        Bucket(time_us=60_000_000, values={"traces": 4.0, "errors": 9.0}),
        Bucket(time_us=0, values={"traces": 1}),
    ]
    drawn = strip(buckets, 0, 180_000_000, 60)
    assert [bar.count for bar in drawn.bars] == [1, 4, 0]
    assert [bar.errors for bar in drawn.bars] == [0, 9, 0]
    assert drawn.bars[1].height == drawn.bars[1].bad == HEIGHT
    assert drawn.bars[2].height == 0


@pytest.mark.parametrize(
    "value", ["gpt-4o", "two words", 'a "quoted" one', "back\\slash", "a,b", "(x)", "*", "日本", "-x"]
)
def test_a_chosen_value_is_a_condition_that_means_it_literally(value: str) -> None:
    where = looking({"q": condition_of("model", value), "range": "all"}, NOW_US).where
    assert where == Compare("model", "=", value)


def test_chosen_columns_are_known_ones_in_the_order_of_the_list() -> None:
    look = looking({"cols": "cost.time.nonsense"}, NOW_US)
    assert look.columns == ("time", "cost")
    assert look.parameters["cols"] == "time.cost"
    assert looking({"cols": "nonsense"}, NOW_US).columns == USUAL
    assert looking(QueryParams([("cols", ""), ("col", "input"), ("col", "time")]), NOW_US).columns == ("time", "input")
    assert "cols" not in looking({}, NOW_US).parameters


def test_a_traces_page_keeps_which_traces_and_nothing_of_how_they_were_shown() -> None:
    look = looking({"q": "parcel", "range": "30d", "cols": "time", "facets": "1"}, NOW_US)
    assert look.within == {"q": "parcel", "range": "30d"}
    assert looking({"from": "5", "to": "9"}, NOW_US).within == {"from_": "5", "to": "9"}
    assert looking({}, NOW_US).within == {}
