"""Search shows where it hit, and figures are those of the rows."""

import pytest

from onrecord.errors import Rejected
from onrecord.model.span import Usage
from onrecord.query.figures import MEASURES
from onrecord.query.filters import parse
from onrecord.query.results import PageRequest
from tests.contract.query_world import NOW_US, OURS, World, reader, said, step

pytestmark = pytest.mark.chdb


@pytest.fixture(scope="module")
def world(shared_world: World) -> World:
    long = "padding " * 40
    shared_world.keep([
        step(1, 1, input=(said("user", f"{long}The refund was late, said ann.smith@example.com"),)),
        step(2, 1, input=(said("user", "nothing"),), output=(said("assistant", "REFUND is due; the refund is late"),)),
        step(3, 1, input=(said("user", "返金はまだですか"),)),
    ])  # fmt: skip
    for number in range(20):
        call = Usage(input=number, output=1)
        model = "gpt-4o" if number % 4 else ""
        shared_world.keep([
            step(
                10 + number, 1, kind="llm", model_served=model, model_requested="gpt-4o-mini", usage=call,
                status="error" if number % 5 == 0 else "ok", tags=("even",) if number % 2 == 0 else (),
                end_unix_nano=0 if number == 19 else (NOW_US + number) * 1_000 + (10 + number) * 1_000_000_000 + 10**6,
                metadata={"customer": f"c{number % 3}"},
            ),
            step(10 + number, 2, kind="agent", usage=Usage(input=number, output=1, aggregate=True)),
        ])  # fmt: skip
    return shared_world


def test_a_hit_shows_the_text_around_it_with_marks_on_the_words(world: World) -> None:
    second, first = world.engine.search(reader(), OURS.id, parse("refund late")).rows
    (snippet,) = second.snippets
    assert snippet.field == "output"
    assert [snippet.text[low:high] for low, high in snippet.marks] == ["REFUND", "refund", "late"]
    (snippet,) = first.snippets
    assert len(snippet.text) < 330
    assert [snippet.text[low:high] for low, high in snippet.marks] == ["refund", "late"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('"refund is late"', {1}),
        ('"refund late"', set()),
        ("*efund*", {0, 1}),
        ("refund -due", {0}),
        ("ann.smith@example.com", {0}),
        ("返金", {2}),
        ("*まだ*", {2}),
        ("smith", set()),
    ],
)
def test_words_phrases_substrings_and_raw_personal_data_find_their_spans(
    world: World, text: str, numbers: set[int]
) -> None:
    assert {hit.span.index for hit in world.engine.search(reader(), OURS.id, parse(text)).rows} == numbers


def test_a_search_goes_on_where_its_page_ended(world: World) -> None:
    first = world.engine.search(reader(), OURS.id, parse("refund"), PageRequest(limit=1))
    second = world.engine.search(reader(), OURS.id, parse("refund"), PageRequest(limit=1, after=first.next))
    assert [hit.span.index for hit in (*first.rows, *second.rows)] == [1, 0]
    assert second.next == ""


def test_measures_by_group_count_calls_once(world: World) -> None:
    calls = range(20)
    rows = world.engine.aggregate(
        reader(),
        OURS.id,
        ("tokens_input", "count", "errors", "traces"),
        group_by=("model",),
        where=parse("tokens_output:1"),
    )
    by_model = {bucket.group: bucket.values for bucket in rows}
    served = [number for number in calls if number % 4]
    assert by_model["gpt-4o",]["tokens_input"] == sum(served)
    assert by_model["gpt-4o-mini",]["tokens_input"] == sum(calls) - sum(served)
    assert by_model["gpt-4o",]["errors"] == len([number for number in served if number % 5 == 0])
    assert by_model["",]["tokens_input"] is None
    assert sum(values["count"] or 0 for values in by_model.values()) == 40


def test_every_measure_has_an_answer_and_an_interval_cuts_time(world: World) -> None:
    (whole,) = world.engine.aggregate(reader(), OURS.id, tuple(MEASURES))
    assert set(whole.values) == set(MEASURES)
    assert (whole.values["count"], whole.values["traces"], whole.values["cost"]) == (43, 23, None)
    assert whole.values["latency_p50_ms"] is not None
    timed = world.engine.aggregate(reader(), OURS.id, interval_s=3_600)
    assert [(bucket.time_us or 0) % 3_600_000_000 for bucket in timed] == [0] * len(timed)
    assert sum(bucket.values["count"] or 0 for bucket in timed) == 43


def test_facets_count_the_values_of_fields(world: World) -> None:
    found = world.engine.facets(reader(), OURS.id, ("status", "tag", "metadata.customer", "root"), parse("kind:llm"))
    values = {facets.field: {facet.value: facet.count for facet in facets.values} for facets in found}
    assert values["status"] == {"ok": 16, "error": 4}
    assert values["tag"] == {"even": 10}
    assert values["metadata.customer"] == {"c0": 7, "c1": 7, "c2": 6}
    assert values["root"] == {"true": 20}


def test_counts_say_how_much_there_is(world: World) -> None:
    counts = world.engine.counts(reader(), OURS.id)
    assert (counts.traces, counts.spans, counts.errors, counts.running) == (23, 43, 4, 0)
    nothing = world.engine.counts(reader(), OURS.id, parse("model:none"))
    assert (nothing.spans, nothing.newest_us) == (0, None)


def test_what_can_not_be_measured_or_grouped_is_rejected(world: World) -> None:
    with pytest.raises(Rejected, match="measure"):
        world.engine.aggregate(reader(), OURS.id, ("sum(1)",))
    with pytest.raises(Rejected, match="group_by"):
        world.engine.aggregate(reader(), OURS.id, group_by=("model", "status", "kind", "tool"))
    with pytest.raises(Rejected, match="interval"):
        world.engine.aggregate(reader(), OURS.id, interval_s=0)
    for field in ("latency", "nonsense", "score.x"):
        with pytest.raises(Rejected):
            world.engine.facets(reader(), OURS.id, (field,))
