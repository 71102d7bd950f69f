"""What a trace's page asks beyond its tree: neighbours in the list, two calls compared, the whole content at once."""

from typing import Any

import msgspec
import pytest

from onrecord.errors import Denied, Missing, Rejected
from onrecord.model.access import Level
from onrecord.model.message import Message, Part
from onrecord.model.score import Score
from onrecord.model.span import Span, Usage
from onrecord.query import neighbours, tree
from onrecord.query.filters import parse
from tests.contract.query_world import OURS, THEIRS, World, reader, said, span_id, step, trace_id

pytestmark = pytest.mark.chdb


def call(trace: int, number: int, *texts: str, answer: str = "yes", **rest: Any) -> Span:
    roles = ("user", "assistant")
    turns = tuple(said(roles[place % 2], text) for place, text in enumerate(texts))
    return step(trace, number, kind="llm", input=turns, output=(said("assistant", answer),), **rest)


def at(trace: int, number: int) -> tuple[str, str]:
    return trace_id(trace), span_id(trace * 1_000 + number)


@pytest.mark.parametrize("near", [1, 2, 5, 1_000])
def test_neighbours_are_those_of_the_list_under_its_filter(
    world: World, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    monkeypatch.setattr(neighbours, "_NEAR", near)
    for trace in range(1, 7):
        world.keep([step(trace, 1, status="error" if trace % 2 else "ok")])
    world.keep([step(2, 2)])  # a late span makes trace 2 the newest
    listed = [row.trace_id for row in world.engine.traces(reader(), OURS.id).rows]
    for place, one in enumerate(listed):
        found = world.engine.neighbours(reader(), OURS.id, one)
        assert found.newer == (listed[place - 1] if place else "")
        assert found.older == (listed[place + 1] if place + 1 < len(listed) else "")
        assert world.engine.beside(reader(), OURS.id, one, newer=True) == found.newer
        assert world.engine.beside(reader(), OURS.id, one) == found.older
    failed = parse("status:error")
    assert world.engine.neighbours(reader(), OURS.id, trace_id(3), failed).newer == trace_id(5)
    assert world.engine.neighbours(reader(), OURS.id, trace_id(3), failed).older == trace_id(1)


def test_a_trace_outside_the_filter_has_no_neighbours(world: World) -> None:
    world.keep([step(1, 1, status="error"), step(2, 1), step(3, 1, status="error")])
    found = world.engine.neighbours(reader(), OURS.id, trace_id(2), parse("status:error"))
    assert (found.newer, found.older) == ("", "")
    assert world.engine.beside(reader(), OURS.id, trace_id(2), parse("status:error")) == ""


def test_two_calls_are_compared_word_by_word_and_parameter_by_parameter(world: World) -> None:
    world.keep([
        call(1, 1, "Where is my parcel?", parameters={"temperature": 0.2, "seed": 1}, model_served="gpt-4o"),
        call(2, 1, "Where is my other parcel?", answer="no", parameters={"temperature": 0.9, "seed": 1}),
    ])  # fmt: skip
    found = world.engine.compare(reader(), OURS.id, at(1, 1), at(2, 1))
    fields = {change.name: (change.left, change.right) for change in found.fields}
    assert fields["parameters.temperature"] == ("0.2", "0.9")
    assert fields["model_served"] == ("gpt-4o", "")
    assert "parameters.seed" not in fields
    asked, answered = found.messages
    assert [(piece.state, piece.text) for piece in asked.pieces] == [
        ("same", "Where is my "), ("new", "other "), ("same", "parcel?"),
    ]  # fmt: skip
    assert (answered.side, answered.state) == ("output", "changed")


def test_a_conversation_that_grew_shows_only_what_was_added(world: World) -> None:
    world.keep([call(1, 1, "a", "b", "c"), call(1, 2, "a", "b", "c", "d", "e")])
    found = world.engine.compare(reader(), OURS.id, at(1, 1), at(1, 2))
    assert [one.state for one in found.messages if one.side == "input"] == ["same", "same", "same", "new", "new"]


def test_what_is_compared_is_pseudonymised_and_nothing_at_the_level_of_an_auditor(world: World) -> None:
    world.keep([call(1, 1, "Write to jan@example.com"), call(1, 2, "Write to eva@example.com")])
    ids = (at(1, 1), at(1, 2))
    words = "".join(
        piece.text for one in world.engine.compare(reader(), OURS.id, *ids).messages for piece in one.pieces
    )
    assert "EMAIL_" in words
    assert "example.com" not in words
    bare = world.engine.compare(reader(level=Level.METADATA), OURS.id, *ids)
    assert (bare.messages, bare.states) == ((), ("withheld", "withheld"))
    with pytest.raises(Missing):
        world.engine.compare(reader(THEIRS), OURS.id, *ids)


def test_a_whole_exact_trace_is_one_record_that_names_every_step(world: World) -> None:
    places = world.keep([step(1, 1), call(1, 2, "Write to jan@example.com")])
    masked = world.engine.trace_content(reader(), OURS.id, trace_id(1))
    assert "jan@example.com" not in repr(masked)
    assert (len(masked.steps), world.reads) == (2, [])
    access = reader(level=Level.EXACT, purpose="an audit")
    exact = world.engine.trace_content(access, OURS.id, trace_id(1), Level.EXACT)
    assert "jan@example.com" in repr(exact)
    assert [(read.kind, set(read.places)) for _, read in world.reads] == [("export", set(places))]


def test_a_whole_exact_trace_needs_the_right_and_a_purpose(world: World) -> None:
    world.keep([call(1, 1, "hello")])
    with pytest.raises(Denied):
        world.engine.trace_content(reader(), OURS.id, trace_id(1), Level.EXACT)
    with pytest.raises(Rejected):
        world.engine.trace_content(reader(level=Level.EXACT), OURS.id, trace_id(1), Level.EXACT)
    bare = world.engine.trace_content(reader(level=Level.METADATA), OURS.id, trace_id(1))
    assert [(one.state, one.content) for one in bare.steps] == [("withheld", None)]


def test_the_search_line_is_completed_with_fields_and_observed_values(world: World) -> None:
    world.keep([
        step(1, 1, kind="llm", model_served="gpt-4o", application="help desk"),
        step(1, 2, kind="llm", model_served="gpt-4o-mini"), step(2, 1, kind="llm", model_served="gpt-4o"),
    ])  # fmt: skip
    ask = world.engine.complete
    assert [(one.text, one.count) for one in ask(reader(), OURS.id, "parcel model:GPT")] == [
        ("gpt-4o", 2), ("gpt-4o-mini", 1),
    ]  # fmt: skip
    assert ask(reader(), OURS.id, "parcel model:GPT")[0].start == len("parcel model:")
    assert [one.text for one in ask(reader(), OURS.id, "-app:he")] == ['"help desk"']
    assert [one.text for one in ask(reader(), OURS.id, 'app:"help d')] == ['"help desk"']
    assert [one.text for one in ask(reader(), OURS.id, "x lat")] == ["latency>"]
    assert "guardrail" in [one.text for one in ask(reader(), OURS.id, "kind:gu")]
    assert ask(reader(), OURS.id, "model:gpt ") == ()
    assert ask(reader(), OURS.id, "latency:2") == ask(reader(), OURS.id, "no_such:x") == ()


def test_values_of_text_are_not_completed_for_whoever_may_not_see_it(world: World) -> None:
    world.keep([step(1, 1, tags=("vip",), model_served="gpt-4o")])
    auditor = reader(level=Level.METADATA)
    assert world.engine.complete(auditor, OURS.id, "tag:v") == ()
    assert [one.text for one in world.engine.complete(auditor, OURS.id, "model:g")] == ["gpt-4o"]


def test_words_inside_chinese_and_japanese_text_are_found_without_spaces(world: World) -> None:
    world.keep(
        [
            call(1, 1, "四半期報告書を三行で要約してください"),
            call(2, 1, "请总结季度报告"),
            call(3, 1, "분기 보고서를 요약해"),
        ]
    )
    for line, trace in (("報告書", 1), ("季度", 2), ("보고서", 3), ("*要約*", 1)):
        assert [row.trace_id for row in world.engine.traces(reader(), OURS.id, parse(line)).rows] == [trace_id(trace)]


def test_a_tool_call_and_a_picture_are_compared_as_words(world: World) -> None:
    parts = (Part(type="tool_call", name="find", value={"id": 1}), Part(type="media", mime="image/png", data=b"12"))
    other = (Part(type="tool_call", name="find", value={"id": 2}), Part(type="media", mime="image/png", data=b"12"))
    world.keep([
        step(1, number, kind="llm", output=(Message(role="assistant", parts=one),))
        for number, one in ((1, parts), (2, other))
    ])  # fmt: skip
    found = world.engine.compare(reader(), OURS.id, at(1, 1), at(1, 2))
    assert {piece.text for one in found.messages for piece in one.pieces if piece.state == "new"} == {"2"}


def test_a_trace_that_is_read_whole_says_the_same_of_itself_as_the_list(world: World) -> None:
    used: dict[str, Any] = {"model_served": "gpt-4o", "user_id": "anna", "session_id": "one"}
    euro: dict[str, Any] = {"cost_reported": 0.5, "cost_currency": "EUR"}
    world.keep([
        step(1, 2, parent=1, kind="llm", usage=Usage(input=3, output=4, cache_read=1), **used),
        step(1, 1, kind="agent", usage=Usage(input=30, output=40), output=(said("assistant", "the root"),)),
        step(1, 3, parent=1, status="error", output=(said("assistant", "later"),), model_requested="other"),
        # Nobody calls: the topmost speak, tokens and cost each by itself.
        step(2, 1, kind="chain", usage=Usage(input=7), **euro),
        step(2, 2, parent=1, kind="agent", usage=Usage(input=5), cost_reported=0.1, cost_currency="EUR"),
        # Two currencies, a call that knows its cache only, one that knows its total only.
        step(3, 1, kind="llm", usage=Usage(cache_read=9), **euro),
        step(3, 2, kind="llm", usage=Usage(total=11), cost_reported=2.0, cost_currency="USD"),
        # No root, no end, no start.
        step(4, 2, parent=9, running=True, end_unix_nano=0, environment="test", application="shop"),
        step(4, 3, parent=9, start_unix_nano=0, end_unix_nano=0, input=(said("user", "hello"),)),
        step(5, 1, kind="tool", cost_reported=0.0, cost_currency="USD"),
    ])  # fmt: skip
    (place,) = world.keep([step(6, 1, status="ok")])
    world.revise(place, step(6, 1, status="error", user_id="bert"), 1)
    for level in (Level.METADATA, Level.PSEUDONYMISED):
        access = reader(level=level)
        listed = world.engine.traces(access, OURS.id).rows
        assert {row.trace_id for row in listed} == {trace_id(number) for number in range(1, 7)}
        for row in listed:
            assert world.engine.trace(access, OURS.id, row.trace_id).trace == row


def test_a_trace_beyond_the_limit_is_summed_up_by_the_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.keep([step(1, number) for number in range(1, 6)])
    monkeypatch.setattr(tree, "_LIMIT", 4)
    found = world.engine.trace(reader(), OURS.id, trace_id(1))
    assert (found.trace.spans, len(found.nodes), found.omitted) == (5, 4, 1)
    monkeypatch.setattr(tree, "_LIMIT", 5)
    whole = world.engine.trace(reader(), OURS.id, trace_id(1))
    assert (whole.trace, len(whole.nodes), whole.omitted) == (found.trace, 5, 0)


def test_steps_of_a_tree_are_those_that_span_gives(world: World) -> None:
    world.keep([call(1, 1, "one?"), call(1, 2, "two?"), call(1, 2, "twice?"), call(2, 2, "three?")])
    for score in (
        Score(name="of the trace", value=1.0, trace_id=trace_id(1)),
        Score(name="of the step", value=0.5, trace_id=trace_id(1), span_id=span_id(1_002)),
        Score(name="of the other", value=0.5, trace_id=trace_id(1), span_id=span_id(1_001)),
        Score(name="of the step alone", value=0.1, span_id=span_id(1_002)),
    ):
        world.judge(score)
    found = world.engine.trace(reader(), OURS.id, trace_id(1))
    ids = (span_id(1_002), span_id(1_001))
    for level in (Level.METADATA, Level.PSEUDONYMISED):
        access = reader(level=level)
        steps = world.engine.steps(access, OURS.id, world.engine.trace(access, OURS.id, trace_id(1)), ids)
        alone = [world.engine.span(access, OURS.id, trace_id(1), one) for one in ids]
        assert steps == tuple(msgspec.structs.replace(one, record_id="") for one in alone)
        assert {score.name for score in steps[0].scores} == {"of the trace", "of the step", "of the step alone"}
    with pytest.raises(Missing):
        world.engine.steps(reader(), OURS.id, found, (span_id(2_002),))
