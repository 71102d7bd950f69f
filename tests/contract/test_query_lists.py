"""Lists: newest first, paged by key, each trace once, whole traces by user."""

from typing import Any

import msgspec
import pytest

from onrecord.errors import Missing, Rejected
from onrecord.model.access import Level
from onrecord.model.score import Score
from onrecord.model.span import Error, Span, Usage
from onrecord.query.filters import Compare, parse
from onrecord.query.results import PageRequest, TraceRow
from tests.contract.query_world import LENSES, NOW_US, OURS, World, reader, said, span_id, step, trace_id

pytestmark = pytest.mark.chdb


def conversation(trace: int, **root: Any) -> list[Span]:
    call: dict[str, Any] = {"kind": "llm", "model_served": "gpt-4o", "usage": Usage(input=10, output=5)}
    return [
        step(trace, 3, 2, kind="tool", status="error"),
        step(trace, 2, 1, input=(said("user", f"question {trace}"),), output=(said("assistant", "answer"),), **call),
        step(trace, 1, kind="agent", name=f"agent {trace}", **root),
    ]


def test_traces_come_newest_received_first_one_row_each(world: World) -> None:
    for trace in (1, 2, 3):
        world.keep(conversation(trace))
    rows = world.engine.traces(reader(), OURS.id).rows
    assert [row.trace_id for row in rows] == [trace_id(3), trace_id(2), trace_id(1)]
    row = rows[0]
    assert (row.name, row.kind, row.spans, row.errors, row.models) == ("agent 3", "agent", 3, 1, ("gpt-4o",))
    assert (row.input_preview, row.output_preview, row.duration_ms) == ("question 3", "answer", 100.0)
    assert (row.shard, row.index, row.sequenced) == (2026, 8, False)


def test_pages_follow_each_other_without_gap_or_repetition(world: World) -> None:
    every = [trace for trace in range(1, 24) for _ in (0, 1)]
    # Spans of neighbouring traces arrive interleaved, so a trace can stand on both sides of a page's end.
    world.keep([step(trace, 1 + position % 2 + 2 * (position % 5)) for position, trace in enumerate(sorted(every))])
    world.keep([step(trace, 90) for trace in (4, 2)])
    whole = [row.trace_id for row in world.engine.traces(reader(), OURS.id, page=PageRequest(limit=100)).rows]
    seen: list[str] = []
    after = ""
    while True:
        page = world.engine.traces(reader(), OURS.id, page=PageRequest(limit=3, after=after))
        seen += [row.trace_id for row in page.rows]
        after = page.next
        if not after:
            break
    assert seen == whole
    assert len(seen) == len(set(seen)) == 23


def test_a_trace_longer_than_a_read_does_not_hide_the_others(world: World) -> None:
    world.keep([step(1, 1)])
    world.keep([step(2, number) for number in range(1, 120)])
    rows = world.engine.traces(reader(), OURS.id, page=PageRequest(limit=2)).rows
    assert [(row.trace_id, row.spans) for row in rows] == [(trace_id(2), 119), (trace_id(1), 1)]


def test_a_user_named_on_one_span_finds_the_whole_trace(world: World) -> None:
    world.keep(conversation(1, user_id="jan@example.com"))
    world.keep(conversation(2, user_id="someone else"))
    pseudonym = LENSES[1].pseudonyms.user("jan@example.com")
    for wanted in ("user:jan@example.com", f"user:{pseudonym}", "user:jan@example.com status:error kind:tool"):
        (row,) = world.engine.traces(reader(), OURS.id, parse(wanted)).rows
        assert (row.trace_id, row.spans, row.user) == (trace_id(1), 3, pseudonym)
    assert len(world.engine.spans(reader(), OURS.id, parse("user:jan@example.com")).rows) == 3
    assert world.engine.traces(reader(), OURS.id, parse("user:nobody")).rows == ()


def test_tokens_of_calls_are_counted_once_whatever_agents_repeat(world: World) -> None:
    both = Usage(input=20, output=10, aggregate=True)
    world.keep([
        step(1, 1, kind="agent", usage=both), step(1, 2, 1, kind="llm", usage=Usage(input=15, output=6)),
        step(1, 3, 1, kind="llm", usage=Usage(input=5, output=4)),
    ])  # fmt: skip
    (row,) = world.engine.traces(reader(), OURS.id).rows
    assert (row.tokens.input, row.tokens.output, row.tokens.total) == (20, 10, 30)


def test_without_a_call_the_topmost_steps_speak_for_what_is_below(world: World) -> None:
    world.keep([
        step(1, 1, kind="chain"), step(1, 2, 1, kind="agent", usage=Usage(input=7, output=3, aggregate=True)),
        step(1, 3, 2, kind="chain"), step(1, 4, 3, kind="agent", usage=Usage(input=4, output=1, aggregate=True)),
        step(1, 5, 1, kind="agent", usage=Usage(input=1, output=1, aggregate=True), cost_reported=0.5),
    ])  # fmt: skip
    (row,) = world.engine.traces(reader(), OURS.id).rows
    assert (row.tokens.input, row.tokens.output, row.cost_reported) == (8, 4, 0.5)


def test_unknown_is_none_and_never_zero(world: World) -> None:
    world.keep([step(1, 1, end_unix_nano=0)])
    (row,) = world.engine.traces(reader(), OURS.id).rows
    assert row.tokens.total is None
    assert row.cost_reported is None
    assert row.duration_ms is None


def test_a_trace_says_why_its_innermost_step_failed_and_a_message_only_to_who_may_read_it(
    world: World,
) -> None:
    timeout = Error(type="httpx.ReadTimeout", message="secret words")
    world.keep([step(1, 1, status="error", error=Error(type="Outer")), step(1, 2, 1, status="error", error=timeout)])
    world.keep([step(2, 1, status="error", error=Error(message="no seats for jan@example.com")), step(2, 2, 1)])
    untyped, typed = world.engine.traces(reader(), OURS.id).rows
    assert typed.error == "httpx.ReadTimeout"
    for row in (untyped, typed):
        assert world.engine.trace(reader(), OURS.id, row.trace_id).trace == row
    assert untyped.error.startswith("no seats for <EMAIL_")
    assert world.engine.traces(reader(level=Level.METADATA), OURS.id).rows[0].error == ""


def test_a_later_part_replaces_the_row_and_a_filter_sees_only_the_newest(world: World) -> None:
    pending = step(1, 1, running=True, status="unset")
    places = world.keep([pending, step(2, 1)])
    assert [row.trace_id for row in world.engine.running(reader(), OURS.id).rows] == [trace_id(1)]
    world.revise(places[0], msgspec.structs.replace(pending, running=False, status="error"), 1)
    assert world.engine.running(reader(), OURS.id).rows == ()
    assert world.engine.traces(reader(), OURS.id, Compare("running", "=", 1)).rows == ()
    (row,) = world.engine.traces(reader(), OURS.id, parse("status:error")).rows
    assert (row.trace_id, row.spans, row.errors, row.running) == (trace_id(1), 1, 1, False)
    (span,) = world.engine.spans(reader(), OURS.id, parse("status:error")).rows
    assert (span.revision, span.span_id) == (1, span_id(1_001))
    assert world.engine.counts(reader(), OURS.id).spans == 2


def test_the_tail_gives_what_came_after_the_cursor_and_the_cursor_to_go_on_with(world: World) -> None:
    world.keep([step(1, 1)])
    start = world.engine.tail(reader(), OURS.id)
    assert start.rows == ()
    assert world.engine.tail(reader(), OURS.id, start.next).rows == ()
    world.keep([step(2, 1), step(3, 1), step(1, 2, 1)])
    page = world.engine.tail(reader(), OURS.id, start.next)
    assert [row.trace_id for row in page.rows] == [trace_id(1), trace_id(3), trace_id(2)]
    assert world.engine.tail(reader(), OURS.id, page.next).rows == ()


def test_scores_stand_with_their_trace_and_a_later_one_of_the_same_id_replaces_it(world: World) -> None:
    world.keep([step(1, 1), step(2, 1)])
    world.judge(Score(name="helpful", id="j1", value=1.0, trace_id=trace_id(1), source="end_user"))
    world.judge(Score(name="helpful", id="j1", value=0.0, trace_id=trace_id(1), source="end_user", comment="no"))
    world.judge(Score(name="format", passed=False, trace_id=trace_id(2), span_id=span_id(2_001), source="validator"))
    rows = {row.trace_id: row.scores for row in world.engine.traces(reader(), OURS.id).rows}
    assert [(score.name, score.value, score.comment) for score in rows[trace_id(1)]] == [("helpful", 0.0, "no")]

    def found(text: str) -> list[str]:
        return [row.trace_id for row in world.engine.traces(reader(), OURS.id, parse(text)).rows]

    assert found("score.helpful<0.5") == [trace_id(1)]
    assert found("score.helpful>0.5") == []
    assert found("score.format:fail") == [trace_id(2)]
    assert found("-score.format:fail") == [trace_id(1)]
    assert found("score.helpful:*") == [trace_id(1)]


def test_a_judgement_of_a_response_stands_at_the_call_that_names_it(world: World) -> None:
    agent, first, again = (
        step(1, number, min(number - 1, 1), kind=kind, response_id="resp-7")
        for number, kind in ((1, "agent"), (2, "llm"), (3, "llm"))
    )
    world.keep([agent, first, again, step(2, 1, response_id="resp-8"), step(3, 1)])
    world.judge(Score(name="good", id="j1", value=1.0, response_id="resp-7"))
    world.judge(Score(name="good", id="j1", value=0.0, response_id="resp-7", comment="no"))
    world.judge(Score(name="good", id="j1", value=0.9, response_id="resp-8"))
    world.judge(Score(name="good", value=0.9, response_id="resp-9"))
    rows = {row.trace_id: row.scores for row in world.engine.traces(reader(), OURS.id).rows}
    assert [(one.value, one.comment, one.span_id) for one in rows[trace_id(1)]] == [(0.0, "no", first.span_id)]
    assert [one.value for one in rows[trace_id(2)]] == [0.9]
    assert rows[trace_id(3)] == ()
    assert len(world.engine.span(reader(), OURS.id, trace_id(1), first.span_id).scores) == 1
    assert world.engine.span(reader(), OURS.id, trace_id(1), agent.span_id).scores == ()

    def found(text: str) -> set[str]:
        return {row.trace_id for row in world.engine.traces(reader(), OURS.id, parse(text)).rows}

    assert found("score.good<0.5") == {trace_id(1)}
    assert found("score.good>0.5") == {trace_id(2)}
    assert found("-score.good:*") == {trace_id(3)}


def test_sessions_and_users_add_up_whole_traces(world: World) -> None:
    for trace in (1, 2, 3):
        session = {1: "s1", 2: "s1", 3: "s2"}[trace]
        world.keep(conversation(trace, user_id=f"user {min(trace, 2)}", session_id=session))
    names = LENSES[1].pseudonyms
    page = world.engine.sessions(reader(), OURS.id, page=PageRequest(limit=1))
    (newest,) = page.rows
    assert (newest.session, newest.traces, newest.spans) == (names.session("s2"), 1, 3)
    (older,) = world.engine.sessions(reader(), OURS.id, page=PageRequest(limit=1, after=page.next)).rows
    assert (older.session, older.traces, older.spans, older.errors) == (names.session("s1"), 2, 6, 2)
    assert (older.tokens.input, older.first_input, older.last_output) == (20, "question 1", "answer")
    assert world.engine.session(reader(), OURS.id, "s1") == older
    users = world.engine.users(reader(), OURS.id).rows
    assert [(user.user, user.traces, user.sessions) for user in users] == [
        (names.user("user 2"), 2, 2), (names.user("user 1"), 1, 1),
    ]  # fmt: skip
    with pytest.raises(Missing):
        world.engine.session(reader(), OURS.id, "s3")


def test_a_users_cost_says_how_many_calls_are_not_in_it(world: World) -> None:
    world.keep([
        step(1, 1, kind="agent", user_id="jan"), step(1, 2, 1, kind="llm", model_served="m", cost_reported=0.5),
        step(1, 3, 1, kind="llm", model_served="m"), step(1, 4, 1, kind="tool"),
    ])  # fmt: skip
    (user,) = world.engine.users(reader(), OURS.id).rows
    assert (user.cost_reported, user.cost_currency, user.unpriced) == (0.5, "USD", 1)


@pytest.mark.parametrize("page", [PageRequest(limit=0), PageRequest(limit=501), PageRequest(after="nonsense")])
def test_a_page_that_can_not_be_is_rejected_by_name(world: World, page: PageRequest) -> None:
    for ask in (world.engine.traces, world.engine.sessions, world.engine.users, world.engine.spans):
        with pytest.raises(Rejected, match=r"'(limit|after)'"):
            ask(reader(), OURS.id, page=page)


def test_times_and_order_are_those_of_receipt(world: World) -> None:
    world.keep([step(9, 1), step(1, 1)])
    rows: tuple[TraceRow, ...] = world.engine.traces(reader(), OURS.id).rows
    assert [row.received_us for row in rows] == [NOW_US + 1, NOW_US]
