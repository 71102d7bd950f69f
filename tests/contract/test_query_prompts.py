"""Prompts seen: every distinct system prompt is a version, with what it did, its text and its neighbours in time."""

from typing import Any

import pytest

from onrecord.errors import Missing
from onrecord.model.access import Level
from onrecord.model.record import Place
from onrecord.model.score import Score
from onrecord.model.span import PromptRef, Span, Usage
from onrecord.query.filters import parse
from onrecord.query.prompts import CALLS, PromptRow
from onrecord.query.results import PageRequest
from tests.contract.query_world import OURS, SHARD, THEIRS, World, reader, said, step, trace_id

pytestmark = pytest.mark.chdb

BRIEF = "Be brief. Today is 24 November 2026."
KIND = "Be kind to jan@example.com."


def asked(trace: int, system: str, number: int = 2, **more: Any) -> Span:
    messages = (said("system", system), said("user", f"question {trace}"))
    plain: dict[str, Any] = {"kind": "llm", "name": "chat", "application": "desk", "usage": Usage(input=10, output=5)}
    return step(trace, number, input=messages, output=(said("assistant", "yes"),), **{**plain, **more})


def listed(world: World, line: str = "") -> tuple[PromptRow, ...]:
    return world.engine.prompts(reader(), OURS.id, parse(line)).rows


def test_each_distinct_prompt_is_a_version_whatever_day_or_person_is_filled_in(world: World) -> None:
    world.keep([
        asked(1, BRIEF), asked(2, "Be brief. Today is 2 January 2027.", status="error"),
        asked(3, KIND), asked(4, "Be kind to ann@example.com.", cost_reported=0.5),
    ])  # fmt: skip
    kind, brief = listed(world)
    assert (brief.calls, brief.errors, brief.tokens, brief.cost_reported, brief.unpriced) == (2, 1, 30, None, 2)
    assert (kind.calls, kind.errors, kind.cost_reported, kind.cost_currency, kind.unpriced) == (2, 0, 0.5, "USD", 1)
    assert (kind.application, kind.name, kind.latency_p50_ms) == ("desk", "chat", 100.0)
    assert (brief.cost_per_call, kind.cost_per_call) == (None, 0.5)
    assert kind.first_us < kind.last_us <= kind.received_us


def test_agents_that_repeat_the_messages_of_their_calls_are_not_counted(world: World) -> None:
    world.keep([asked(1, BRIEF, 1, kind="agent", name="desk agent"), asked(1, BRIEF)])
    (row,) = listed(world)
    assert (row.calls, row.tokens) == (1, 15)
    assert world.engine.counts(reader(), OURS.id, parse(f"prompt_version:{row.version} {CALLS}")).spans == 1


def test_the_list_pages_by_key_and_takes_filters(world: World) -> None:
    texts = ("Be one", "Be two thirds", "Say three words", "Answer in verse", "Never answer")
    world.keep([asked(number, text) for number, text in enumerate(texts, 1)])
    seen, after = [], ""
    while True:
        page = world.engine.prompts(reader(), OURS.id, page=PageRequest(limit=2, after=after))
        seen += [row.version for row in page.rows]
        after = page.next
        if not after:
            break
    assert seen == [row.version for row in listed(world)]
    assert len(set(seen)) == len(texts)
    assert len(listed(world, f"trace:{trace_id(2)}")) == 1


def test_one_prompt_has_the_text_of_its_newest_call_pseudonymised(world: World) -> None:
    world.keep([asked(1, KIND), asked(2, "Be kind to ann@example.com.")])
    (row,) = listed(world)
    found = world.engine.prompt(reader(level=Level.EXACT, purpose="why"), OURS.id, row.version)
    assert found.row == row
    assert len(found.texts) == 1
    assert found.texts[0].startswith("Be kind to <EMAIL_")
    assert found.source is not None
    assert (found.source.row.trace_id, found.source.content) == (trace_id(2), None)
    assert world.reads == []


def test_where_the_newest_content_is_erased_an_older_call_gives_the_text(world: World) -> None:
    world.keep([asked(1, BRIEF), asked(2, BRIEF)])
    (row,) = listed(world)
    del world.spans[OURS.number, Place(SHARD, 1)]
    assert world.engine.prompt(reader(), OURS.id, row.version).texts == (
        world.masked(OURS.number, Place(SHARD, 0)).input[0].parts[0].text,
    )
    world.spans.clear()
    gone = world.engine.prompt(reader(), OURS.id, row.version)
    assert gone.source is not None
    assert (gone.texts, gone.source.state) == ((), "erased")


def test_versions_are_those_of_the_same_application_and_name_newest_first(world: World) -> None:
    world.keep([
        asked(1, "Be brief"), asked(2, "Be very brief"), asked(3, "Be brief", application="other"),
        asked(4, "Answer in verse", name="poet"), asked(5, "Never promise", prompt=PromptRef(name="chat")),
    ])  # fmt: skip
    rows = {row.version: row for row in listed(world)}
    brief = next(row for row in rows.values() if row.calls == 2)
    found = world.engine.prompt(reader(), OURS.id, next(v for v in rows if rows[v].received_us - 1 == brief.first_us))
    assert [row.calls for row in found.versions] == [1, 1, 2]
    assert found.versions[-1].version == brief.version
    assert all(row.name == "chat" for row in found.versions)


def test_judgements_of_the_traces_stand_with_the_version_the_newest_of_each_id(world: World) -> None:
    world.keep([asked(1, BRIEF), asked(2, BRIEF), asked(3, "Something else")])
    for trace, value in ((1, 0.0), (1, 1.0), (2, 0.5), (3, 0.0)):
        world.judge(Score(name="helpful", id=f"j{trace}", value=value, trace_id=trace_id(trace)))
    world.judge(Score(name="format", passed=False, trace_id=trace_id(2)))
    brief = next(row for row in listed(world) if row.calls == 2)
    assert [(one.name, one.count, one.mean, one.passed, one.failed) for one in brief.ratings] == [
        ("helpful", 2, 0.75, 0, 0), ("format", 1, None, 0, 1),
    ]  # fmt: skip


def test_a_reader_of_metadata_sees_the_figures_and_no_text(world: World) -> None:
    world.keep([asked(1, BRIEF)])
    (row,) = world.engine.prompts(reader(level=Level.METADATA), OURS.id).rows
    found = world.engine.prompt(reader(level=Level.METADATA), OURS.id, row.version)
    assert found.source is not None
    assert (found.row.calls, found.texts, found.source.state) == (1, (), "withheld")


def test_a_prompt_of_another_project_is_missing_like_one_that_is_not_there(world: World) -> None:
    world.keep([asked(1, BRIEF)], THEIRS)
    (row,) = world.engine.prompts(reader(THEIRS), THEIRS.id).rows
    assert listed(world) == ()
    for version in (row.version, "pv_aaaaaaaaaaaa", ""):
        with pytest.raises(Missing):
            world.engine.prompt(reader(), OURS.id, version)
