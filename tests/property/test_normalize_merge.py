"""The laws of ``merge``: nothing from nothing, once is enough, and order does not matter between independent parts."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from onrecord.model.message import Message, Part
from onrecord.model.score import Score
from onrecord.model.span import Error, Span, Usage
from onrecord.normalize.merge import merge

WORDS = st.sampled_from(["a", "b", "c"])
MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.tuples(st.builds(Part, text=WORDS))),
    max_size=4,
).map(tuple)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "user_id": WORDS, "provider": WORDS, "model_served": WORDS, "response_id": WORDS, "query": WORDS,
    "input": MESSAGES, "output": MESSAGES, "metadata": st.dictionaries(WORDS, WORDS),
    "attributes": st.dictionaries(WORDS, st.integers()), "cost_reported": st.floats(0, 9),
    "time_to_first_token_ms": st.floats(0, 9), "tags": st.lists(WORDS, unique=True).map(tuple),
    "error": st.builds(Error, type=WORDS),
    "scores": st.lists(st.builds(Score, name=WORDS), unique_by=lambda score: score.name).map(tuple),
    "finish_reasons": st.lists(WORDS, max_size=2).map(tuple),
}  # fmt: skip
EMPTY = Span(trace_id="t", span_id="s")
SAID = st.fixed_dictionaries({}, optional=FIELDS)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """A whole span that has ended."""
    usage = draw(st.builds(Usage, input=st.integers(0, 9), output=st.none() | st.integers(0, 9)))
    whole = Span(
        trace_id="t",
        span_id="s",
        name="n",
        kind="llm",
        start_unix_nano=5,
        end_unix_nano=9,
        model_requested="m",
        usage=usage,
    )
    return replace(whole, **draw(SAID))


@given(spans())
def test_a_part_that_says_nothing_changes_nothing(span: Span) -> None:
    assert merge(span, EMPTY) == span
    assert merge(EMPTY, span) == span


@given(spans(), SAID)
def test_a_part_twice_is_the_part_once(span: Span, said: dict[str, Any]) -> None:
    part = replace(EMPTY, **said)
    once = merge(span, part)
    assert merge(once, part) == once
    assert merge(span, span) == span


@given(spans(), SAID, st.data())
def test_parts_that_say_different_things_come_in_any_order(
    span: Span, said: dict[str, Any], data: st.DataObject
) -> None:
    mine = data.draw(st.sets(st.sampled_from(sorted(said)))) if said else set()
    one = replace(EMPTY, **{name: value for name, value in said.items() if name in mine})
    other = replace(EMPTY, **{name: value for name, value in said.items() if name not in mine})
    assert merge(merge(span, one), other) == merge(merge(span, other), one)
    assert merge(one, other) == merge(other, one)


@given(spans())
def test_a_pending_span_and_its_final_one_are_the_final_one(final: Span) -> None:
    pending = Span(trace_id="t", span_id="s", name="n", kind="llm", start_unix_nano=5, running=True)
    assert merge(pending, final) == final
    assert merge(final, pending) == final
