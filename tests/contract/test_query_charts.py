"""Charts: lines by value over time, each figure with a condition that finds exactly the rows behind it."""

import random
from typing import Any

import msgspec
import pytest

from onrecord.errors import Denied, Rejected
from onrecord.model.access import Level
from onrecord.model.span import Span, Usage
from onrecord.query.charts import CONDITIONS, DIMENSIONS, LINES, STRETCHES, Charts, Line, interval_for
from onrecord.query.filters import And, Compare, Filter, Not, parse
from onrecord.query.syntax import EVERYTHING
from tests.contract.query_world import LENSES, NOW_US, OURS, THEIRS, World, reader, said, step

pytestmark = pytest.mark.chdb

HOUR_US = 3_600 * 1_000_000


def call(trace: int, number: int, **more: Any) -> Span:
    """A model call; model, tokens and cost may be overwritten."""
    plain: dict[str, Any] = {"kind": "llm", "model_served": "gpt-4o", "usage": Usage(input=10, output=5)}
    return step(trace, number, 1, **{**plain, **more})


def keep_at(world: World, hour: int, *spans: Span) -> None:
    """Keep spans that began in an hour and came three days later."""
    base_us = NOW_US - NOW_US % HOUR_US
    late = (base_us + hour * HOUR_US) * 1_000 - NOW_US * 1_000
    moved = [
        msgspec.structs.replace(
            one,
            start_unix_nano=one.start_unix_nano + late,
            end_unix_nano=one.end_unix_nano and one.end_unix_nano + late,
        )
        for one in spans
    ]
    world.keep(moved, facts={"received_us": base_us + 72 * HOUR_US})


def drawn(world: World, by: str = "model", where: Filter = EVERYTHING, hours: int = 48) -> Charts:
    base = NOW_US - NOW_US % HOUR_US
    return world.engine.charts(reader(), OURS.id, by, where, since_us=base, until_us=base + hours * HOUR_US)


def lines(found: Charts) -> dict[str, Line]:
    return {"other" if line.other else line.value: line for line in found.lines}


def test_each_value_has_a_line_and_the_points_of_a_line_stand_in_their_stretch(world: World) -> None:
    keep_at(world, 0, call(1, 2), call(1, 3, model_served="haiku"), step(1, 1, kind="agent"))
    keep_at(world, 5, call(2, 2, status="error"), call(2, 3))
    found = drawn(world)
    assert (found.unit, found.interval_s, len(found.starts), found.values) == ("call", 3_600, 48, 2)
    assert [line.value for line in found.lines] == ["gpt-4o", "haiku"]
    assert [point.traffic for point in found.lines[0].points[:7]] == [1, 0, 0, 0, 0, 2, 0]
    assert [point.errors for point in found.lines[0].points[:7]] == [0, 0, 0, 0, 0, 1, 0]
    assert (found.whole.whole.traffic, found.whole.points[0].traffic, found.whole.whole.tokens) == (4, 2, 60)


def test_a_step_that_names_no_time_or_one_to_come_happened_when_it_was_received(world: World) -> None:
    base_us = NOW_US - NOW_US % HOUR_US
    hour = {"received_us": base_us + 3 * HOUR_US}
    ahead = call(2, 2, start_unix_nano=(base_us + 40 * HOUR_US) * 1_000, end_unix_nano=0)
    world.keep([call(1, 2, start_unix_nano=0, end_unix_nano=0), ahead], facts=hour)
    world.keep([call(3, 2, start_unix_nano=(base_us + HOUR_US) * 1_000, end_unix_nano=0)], facts=hour)
    assert [point.traffic for point in drawn(world).whole.points[:5]] == [0, 1, 0, 2, 0]
    buckets = world.engine.aggregate(reader(), OURS.id, interval_s=3_600)
    assert [(bucket.time_us, bucket.values["count"]) for bucket in buckets] == [
        (base_us + HOUR_US, 1), (base_us + 3 * HOUR_US, 2),
    ]  # fmt: skip
    for hours, count in ((1, 3), (2, 2), (4, 0)):
        since = Compare("time", ">=", base_us + hours * HOUR_US)
        assert world.engine.counts(reader(), OURS.id, since).spans == count
        assert world.engine.counts(reader(), OURS.id, Not(since)).spans == 3 - count


def test_what_is_unknown_is_none_and_unknown_prices_are_counted(world: World) -> None:
    keep_at(world, 0, call(1, 2, usage=Usage()), call(1, 3, model_served="priced", cost_reported=0.5))
    keep_at(world, 1, call(2, 2, model_served="priced", end_unix_nano=0))
    found = lines(drawn(world))
    assert (found["gpt-4o"].whole.tokens, found["gpt-4o"].whole.cost, found["gpt-4o"].whole.unpriced) == (None, None, 1)
    priced = found["priced"]
    assert (priced.whole.cost, priced.whole.currency, priced.whole.unpriced) == (0.5, "USD", 1)
    assert (priced.points[1].cost, priced.points[1].latency_p95_ms, priced.points[2].traffic) == (None, None, 0)


def test_a_cost_in_several_currencies_is_not_added_up(world: World) -> None:
    keep_at(world, 0, call(1, 2, cost_reported=1.0), call(1, 3, cost_reported=1.0, cost_currency="EUR"))
    whole = drawn(world).whole.whole
    assert (whole.cost, whole.currency, whole.unpriced) == (None, "", 0)


def test_the_values_with_the_most_traffic_have_lines_and_the_rest_is_other(world: World) -> None:
    numbers = [number for number in range(LINES + 3) for _ in range(20 - number)]
    keep_at(world, 0, *(call(1, 2 + at, model_served=f"model {number:02}") for at, number in enumerate(numbers)))
    found = drawn(world)
    assert [line.value for line in found.lines] == [f"model {number:02}" for number in range(LINES)] + [""]
    assert (found.lines[-1].other, found.values) == (True, LINES + 3)
    assert found.lines[-1].whole.traffic == sum(20 - number for number in range(LINES, LINES + 3))
    assert sum(line.whole.traffic for line in found.lines) == found.whole.whole.traffic


def test_a_user_named_on_the_root_owns_the_calls_below_it(world: World) -> None:
    keep_at(world, 0, step(1, 1, kind="agent", user_id="jan"), call(1, 2), call(1, 3))
    keep_at(world, 0, step(2, 1, kind="agent"), call(2, 2))
    found = lines(drawn(world, "user"))
    jan = found[LENSES[1].pseudonyms.user("jan")].whole
    assert (jan.traffic, jan.tokens, jan.calls) == (1, 30, 2)
    assert (found[""].whole.traffic, found[""].whole.tokens) == (1, 15)


def test_a_step_with_two_tags_counts_for_both_and_once_for_everything(world: World) -> None:
    keep_at(world, 0, call(1, 2, tags=("a", "b"), status="error"), call(2, 2, tags=("a",)), call(3, 2))
    found = drawn(world, "tag")
    assert {name: line.whole.traffic for name, line in lines(found).items()} == {"a": 2, "b": 1, "": 1}
    assert (found.whole.whole.traffic, found.whole.whole.errors, found.whole.whole.tokens) == (3, 1, 45)


def test_latency_of_traces_is_that_of_their_topmost_step(world: World) -> None:
    keep_at(world, 0, step(1, 1, kind="agent", application="desk"), call(1, 2, application="desk", end_unix_nano=0))
    found = lines(drawn(world, "application"))["desk"].whole
    assert (found.latency_p50_ms, found.latency_p99_ms, found.traffic) == (100.0, 100.0, 1)


def test_time_to_first_token_and_prompt_versions_are_drawn(world: World) -> None:
    asked = (said("system", "Be brief."), said("user", "Hello"))
    keep_at(world, 0, call(1, 2, input=asked, time_to_first_token_ms=120.0), call(1, 3))
    found = drawn(world, "prompt")
    first = next(line for line in found.lines if line.value)
    assert first.value.startswith("pv_")
    assert (first.whole.first_token_p50_ms, first.whole.traffic) == (120.0, 1)
    assert lines(found)[""].whole.first_token_p50_ms is None


@pytest.mark.parametrize("by", ["model", "application", "environment", "user", "tag"])
def test_the_condition_of_a_figure_finds_the_rows_that_it_counts(world: World, by: str) -> None:
    rng, hours = random.Random(by), [list[Span]() for _ in range(7)]
    for trace in range(1, 60):
        shared: dict[str, Any] = {
            "application": rng.choice("abc"),
            "environment": rng.choice(("", "prod")),
            "user_id": rng.choice("xy"),
        }
        calls = [
            call(
                trace, number, model_served=rng.choice(("m1", "m2", "")), status=rng.choice(("ok", "error")),
                cost_reported=rng.choice((None, 0.25)), tags=(rng.choice("tu"),),
                time_to_first_token_ms=float(rng.randrange(900)), **shared,
            )
            for number in (2, 3)
        ]  # fmt: skip
        hours[trace % 7] += [step(trace, 1, kind="agent", tags=("t",), **shared), *calls]
    for hour, spans in enumerate(hours):
        keep_at(world, hour, *spans)
    found = drawn(world, by)
    conditions, field = CONDITIONS[found.unit], DIMENSIONS[by].field
    for line in found.lines:
        own = f"-{field}:*" if not line.value else f"{field}:{line.value}"

        def rows(condition: str, own: str = own) -> Any:
            return world.engine.counts(reader(), OURS.id, parse(f"{condition} {own}"))

        traffic = rows(conditions["traffic"])
        assert line.whole.traffic == (traffic.spans if found.unit == "call" else traffic.traces)
        assert line.whole.errors == rows(conditions["errors"]).spans
        assert line.whole.unpriced == rows(conditions["unpriced"]).spans
        assert (line.whole.cost or 0) == 0.25 * rows(conditions["cost"]).spans
        slow = line.whole.first_token_p95_ms
        if slow is not None:
            assert 0 < rows(f"{conditions['first_token']}{slow:.6f}ms").spans <= line.whole.calls


def test_a_filter_narrows_the_charts_and_revisions_count_once(world: World) -> None:
    (place,) = world.keep([call(1, 2, status="unset", running=True)])
    world.keep([call(2, 2, model_served="haiku")])
    world.revise(place, call(1, 2, status="error"), 1)
    found = world.engine.charts(reader(), OURS.id, "model", Compare("status", "=", "error"))
    assert [(line.value, line.whole.traffic, line.whole.errors) for line in found.lines] == [("gpt-4o", 1, 1)]
    assert len(found.starts) <= STRETCHES + 1


def test_nothing_has_no_lines_and_no_stretches(world: World) -> None:
    found = world.engine.charts(reader(), OURS.id, "model", And())
    assert (found.lines, found.starts, found.whole.whole.traffic, found.whole.whole.cost) == ((), (), 0, None)


def test_another_project_is_not_in_the_charts(world: World) -> None:
    world.keep([call(1, 2, user_id="jan")], THEIRS)
    for by in DIMENSIONS:
        assert world.engine.charts(reader(), OURS.id, by).lines == ()


def test_what_can_not_be_drawn_is_refused(world: World) -> None:
    with pytest.raises(Rejected, match="'by'"):
        world.engine.charts(reader(), OURS.id, "input_text")
    with pytest.raises(Denied):
        world.engine.charts(reader(level=Level.METADATA), OURS.id, "tag")
    assert world.engine.charts(reader(level=Level.METADATA), OURS.id, "model").lines == ()


@pytest.mark.parametrize("span_us", [0, 1, 3_600_000_000, 30 * 86_400_000_000, 10**17])
def test_no_stretch_of_time_makes_more_than_a_page_of_points(span_us: int) -> None:
    assert span_us / (interval_for(span_us) * 1_000_000) <= STRETCHES
