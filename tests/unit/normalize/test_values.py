"""Values of whatever type, trees from flattened names, and what follows from a span."""

from typing import Any

import pytest

from onrecord.limits import ATTRIBUTE_DEPTH
from onrecord.model.derive import billable, duration_us, newest_turn, start_us, system_texts, usage_total
from onrecord.model.message import Message, Part, text_of
from onrecord.model.span import Span, Usage
from onrecord.normalize.draft import grow
from onrecord.normalize.values import as_bool, as_float, as_int, as_list, as_text, deeper_than, parsed


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7), ("7", 7), (7.9, 7), ("7.0", 7), (2**70, None), ("x", None), (None, None), (True, None), ("9" * 50, None),
     (float("nan"), None), ("inf", None), ([], None), (b"7", 7)],
)  # fmt: skip
def test_whole_numbers(value: Any, number: int | None) -> None:
    assert as_int(value) == number


def test_numbers_words_and_lists() -> None:
    assert [as_float(value) for value in (1, "0.5", "x", True)] == [1.0, 0.5, None, None]
    assert [as_bool(value) for value in (True, "false", 1)] == [True, False, None]
    assert [as_list(value) for value in ("[1]", [1], 1, None, "")] == [[1], [1], [1], [], []]
    assert as_text({"a": [1, b"\x00"]}) == '{"a":[1,"00"]}'
    assert as_text("\ud800") == "\ud800"


@pytest.mark.parametrize("text", ["{", "[1,]", "words", "7", '"a"', "", '{"a": NaN}'])
def test_text_that_is_no_json_of_a_map_or_list_stays_text(text: str) -> None:
    assert parsed(text) == text


def test_json_is_parsed_to_a_bounded_depth() -> None:
    deep = "[" * ATTRIBUTE_DEPTH + "]" * ATTRIBUTE_DEPTH
    assert isinstance(parsed(deep), list)
    assert parsed(f"[{deep}]") == f"[{deep}]"
    assert not deeper_than([[[]]], 3)
    assert deeper_than([[[]]], 2)


def test_flattened_names_grow_into_lists_and_maps() -> None:
    flat = {"0.a": 1, "10.a": 3, "2.b.0.c": 2, "x": 5}
    assert grow({key: value for key, value in flat.items() if key != "x"}) == [{"a": 1}, {"b": [{"c": 2}]}, {"a": 3}]
    assert grow(flat) == {"0": {"a": 1}, "10": {"a": 3}, "2": {"b": [{"c": 2}]}, "x": 5}


@pytest.mark.parametrize("flat", [{"a": 1, "a.b": 2}, {"a.b": 2, "a": 1}])
def test_a_name_that_is_a_value_and_a_branch_keeps_both(flat: dict[str, int]) -> None:
    assert grow(flat) == {"a": {"": 1, "b": 2}}


def test_a_name_of_a_thousand_steps_does_not_exhaust_the_stack() -> None:
    assert grow({"a." * 500: 1})


def conversation(*roles: str) -> tuple[Message, ...]:
    return tuple(Message(role=role, parts=(Part(text=str(n)),)) for n, role in enumerate(roles))


@pytest.mark.parametrize(
    ("roles", "turn"),
    [
        (("system", "user"), ["1"]),
        (("system", "user", "assistant", "tool", "user"), ["3", "4"]),
        (("user", "assistant"), []),
        (("user", "assistant", "system", "user"), ["3"]),
        ((), []),
    ],
)
def test_the_newest_turn_is_what_this_call_added(roles: tuple[str, ...], turn: list[str]) -> None:
    messages = conversation(*roles)
    assert [text_of(messages[position]) for position in newest_turn(messages)] == turn


def span(**fields: Any) -> Span:
    return Span(trace_id="t", span_id="s", **fields)


def test_system_texts_are_in_order() -> None:
    assert system_texts(span(input=conversation("system", "user", "developer"))) == ("0", "2")


@pytest.mark.parametrize(
    ("usage", "total"),
    [(Usage(), None), (Usage(input=3), 3), (Usage(input=3, output=4), 7), (Usage(input=3, output=4, total=9), 9)],
)
def test_the_total_is_as_sent_or_the_sum(usage: Usage, total: int | None) -> None:
    assert usage_total(span(usage=usage)) == total


def test_only_model_calls_that_repeat_nobody_are_billable() -> None:
    assert billable(span(kind="llm"))
    assert not billable(span(kind="llm", running=True))
    assert not billable(span(kind="llm", usage=Usage(aggregate=True)))
    assert not billable(span(kind="agent"))


def test_how_long_it_took() -> None:
    assert duration_us(span(start_unix_nano=1_000, end_unix_nano=3_999)) == 2
    assert start_us(span(start_unix_nano=1_999)) == 1
    for unknown in (
        span(),
        span(start_unix_nano=5, end_unix_nano=4),
        span(start_unix_nano=5, end_unix_nano=9, running=True),
    ):
        assert duration_us(unknown) is None
