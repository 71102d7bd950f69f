"""What stands above a list, and the shorter ways to what a list shows: each says what the longer way says."""

from typing import Any

import pytest

from onrecord.query import lists, people
from onrecord.query.filters import parse
from onrecord.query.results import PageRequest
from onrecord.query.syntax import EVERYTHING, And, At, Compare, Filter
from tests.contract.query_world import NOW_US, OURS, World, reader, said, step, trace_id

pytestmark = pytest.mark.chdb

_SPANS = 40
_SINCE = Compare("time", ">=", NOW_US + 12)
_FILTERS = (
    EVERYTHING, _SINCE, parse("status:error"), parse("word"), parse("*ord* -status:error"), parse("nowhere"),
)  # fmt: skip


@pytest.fixture(scope="module")
def world(shared_world: World) -> World:
    """Forty spans of ten traces, one received each microsecond; every second trace names a session, one two of them."""
    for number in range(_SPANS):
        trace = number % 10 + 1
        named: dict[str, Any] = (
            {"session_id": f"session {trace % 4}", "user_id": f"user {trace % 3}"} if number < _SPANS // 2 else {}
        )
        shared_world.keep([
            step(
                trace, number + 1, status="error" if number % 9 == 0 else "ok", running=number % 13 == 0, **named,
                input=(said("user", "a word" if number % 11 == 0 else "nothing"),),
            )
        ])  # fmt: skip
    place = next(place for _, place in shared_world.spans if place.index == 22)
    shared_world.revise(place, step(3, 23, status="error", input=(said("user", "a later word"),)), 1)
    return shared_world


@pytest.mark.parametrize("where", _FILTERS)
def test_an_overview_is_the_counts_and_the_figures_by_time(world: World, where: Filter) -> None:
    found = world.engine.overview(reader(), OURS.id, where, interval_s=1)
    assert found.counts == world.engine.counts(reader(), OURS.id, where)
    assert found.buckets == world.engine.aggregate(reader(), OURS.id, ("traces", "errors"), interval_s=1, where=where)


@pytest.mark.parametrize("where", _FILTERS)
def test_the_first_instant_is_that_of_the_first_span_that_fits(world: World, where: Filter) -> None:
    rows = world.engine.spans(reader(), OURS.id, where).rows
    assert world.engine.first_us(reader(), OURS.id, where) == min((row.received_us for row in rows), default=None)


def test_the_tail_of_an_overview_gives_what_comes_after_it(world: World) -> None:
    assert world.engine.overview(reader(), OURS.id, parse("nowhere")).tail == ""
    tail = world.engine.overview(reader(), OURS.id).tail
    assert world.engine.tail(reader(), OURS.id, tail).rows == ()
    errors = world.engine.overview(reader(), OURS.id, parse("status:error")).tail
    (row, *others) = world.engine.spans(reader(), OURS.id, parse("status:error")).rows
    assert row.index == 36
    assert world.engine.tail(reader(), OURS.id, errors, parse("status:error")).rows == ()
    assert {one.trace_id for one in world.engine.tail(reader(), OURS.id, errors).rows} == {
        trace_id(number) for number in (8, 9, 10)
    }
    assert others


@pytest.mark.parametrize("where", [parse("word"), parse("*ord* -status:error"), parse("nowhere"), parse('"a later"')])
def test_the_places_of_a_search_find_what_the_search_finds(world: World, where: Filter) -> None:
    places = world.engine.narrowed(reader(), OURS.id, where)
    assert isinstance(places, At)
    for ask in (world.engine.traces, world.engine.spans, world.engine.counts, world.engine.first_us):
        assert ask(reader(), OURS.id, places) == ask(reader(), OURS.id, where)


def test_a_search_that_finds_much_and_a_filter_without_text_stay_as_they_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for where in (EVERYTHING, _SINCE, parse("status:error")):
        assert world.engine.narrowed(reader(), OURS.id, where) is where
    monkeypatch.setattr(lists, "NARROWED_SPANS", 1)
    assert world.engine.narrowed(reader(), OURS.id, parse("word")) == parse("word")


@pytest.mark.parametrize("kind", ["sessions", "users"])
@pytest.mark.parametrize("text", ["time>=-1h", "status:error", "word", "*ord* -status:error", "user:user_1", "nowhere"])
def test_the_short_way_to_sessions_and_users_finds_what_the_long_one_does(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, text: str
) -> None:
    def pages(limit: int, where: Filter) -> list[object]:
        found: list[object] = []
        after = ""
        while True:
            page = getattr(world.engine, kind)(reader(), OURS.id, where, PageRequest(limit=limit, after=after))
            found += page.rows
            after = page.next
            if not after:
                return found

    times = [Compare("received", ">=", NOW_US + since) for since in (12, 19, 39)]
    filters = [parse(text), *(And((parse(text), since)) for since in times), *times]
    short = [pages(limit, where) for where in filters for limit in (2, 9)]
    monkeypatch.setattr(people, "_recent", lambda *_: None)
    assert [pages(limit, where) for where in filters for limit in (2, 9)] == short
    assert any(short)
