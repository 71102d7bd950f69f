"""Rows: what of a span stands in which column, and that no value of a client breaks the line."""

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.limits import PREVIEW_CHARACTERS, STORE_TEXT_CHARACTERS, STORE_VALUE_CHARACTERS, STORE_VALUES
from onrecord.model.message import Message, Part
from onrecord.model.record import Place, RecordFacts
from onrecord.model.score import Score
from onrecord.model.span import Document, Error, PromptRef, Span, ToolCall, Usage
from onrecord.store.row import score_line, span_line, stamp

FACTS = RecordFacts(
    project="0123456789abcdef",
    record_id="r" * 22,
    kind="span",
    received_us=1_795_000_000_000_000,
    mode="full",
    retention="standard",
)
BARE: Any = {"trace_id": "t" * 32, "span_id": "s" * 16}


def row(span: Span, found: tuple[str, ...] = (), version: str = "") -> dict[str, object]:
    parsed: dict[str, object] = orjson.loads(span_line(span, FACTS, found, version))
    return parsed


def test_a_bare_span_leaves_everything_unknown_out() -> None:
    assert row(Span(**BARE)) == {
        "project": FACTS.project,
        "record_id": FACTS.record_id,
        "retention": "standard",
        "mode": "full",
        "kind": "span",
        "status": "unset",
        "start_us": 0,
        "end_us": 0,
        "trace_id": BARE["trace_id"],
        "span_id": BARE["span_id"],
        "is_root": True,
        "receiver": "",
        "dialect": "",
    }


def test_unknown_tokens_are_absent_and_zero_tokens_are_zero() -> None:
    read = row(Span(**BARE, usage=Usage(input=0)))
    assert read["tokens_input"] == 0
    assert "tokens_output" not in read


def test_speed_counts_from_the_first_token() -> None:
    span = Span(
        **BARE,
        start_unix_nano=10**9,
        end_unix_nano=4 * 10**9,
        time_to_first_token_ms=1_000.0,
        usage=Usage(output=100),
    )
    assert row(span)["tokens_per_second"] == 50.0
    assert row(span)["duration_us"] == 3_000_000


def test_an_end_before_its_start_has_no_duration() -> None:
    assert "duration_us" not in row(Span(**BARE, start_unix_nano=2_000, end_unix_nano=1_000))


def test_text_is_the_newest_turn_with_tool_calls_and_results_in_words() -> None:
    span = Span(
        **BARE,
        input=(
            Message("user", (Part(text="where is it?"), Part(type="media", mime="image/png"))),
            Message("tool", (Part(type="tool_result", id="c1", value={"at": "depot"}),)),
        ),
        output=(Message("assistant", (Part(type="tool_call", name="find", value={"order": 7}),)),),
    )
    read = row(span)
    assert read["input_text"] == 'where is it?\n{"at":"depot"}'
    assert read["output_text"] == 'find({"order":7})'
    assert (read["input_messages"], read["output_messages"]) == (2, 1)


def test_a_tool_and_a_retriever_are_searched_by_what_went_in_and_came_out() -> None:
    tool = row(Span(**BARE, tool=ToolCall(name="find", arguments={"order": 7}, result="in the depot")))
    assert (tool["tool"], tool["input_text"], tool["output_text"]) == ("find", '{"order":7}', "in the depot")
    found = row(Span(**BARE, query="depots", documents=(Document(id="d1", content="one"), Document(content="two"))))
    assert (found["input_text"], found["output_text"], found["document_ids"]) == ("depots", "one\ntwo", ["d1"])


def test_long_text_and_long_maps_are_bounded() -> None:
    span = Span(
        **BARE,
        input=(Message("user", (Part(text="x" * (STORE_TEXT_CHARACTERS + 1)),)),),
        attributes={f"k{n}": "v" * (STORE_VALUE_CHARACTERS + 1) for n in range(STORE_VALUES + 1)},
    )
    read = row(span)
    assert len(str(read["input_text"])) == STORE_TEXT_CHARACTERS
    assert len(str(read["input_preview"])) == PREVIEW_CHARACTERS
    attributes = read["attributes"]
    assert isinstance(attributes, dict)
    assert len(attributes) == STORE_VALUES
    assert {len(value) for value in attributes.values()} == {STORE_VALUE_CHARACTERS}


@pytest.mark.parametrize(
    "value", [b"\xff\x00", "\ud800", 2**80, -(2**70), math.nan, math.inf, None, [1, [2]], {"a": {"b": 1}}, (1, b"x")]
)
def test_no_value_of_a_client_breaks_the_line(value: object) -> None:
    read = row(Span(**BARE, attributes={"k": value}, metadata={"m": value}))
    assert isinstance(read["attributes"], dict)
    assert "k" in read["attributes"]


def test_nesting_without_end_is_cut() -> None:
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    read = row(Span(**BARE, attributes={"deep": deep}))
    assert isinstance(read["attributes"], dict)


def test_scores_on_the_span_become_its_rating_and_validation() -> None:
    scores = (
        Score(name="thumb", value=1.0, source="end_user"),
        Score(name="no_advice", passed=False, source="validator"),
    )
    read = row(Span(**BARE, scores=scores))
    assert (read["rating"], read["validation"], read["validator"]) == (1.0, "fail", "no_advice")


def test_error_prompt_and_labels_have_columns() -> None:
    span = Span(
        **BARE,
        parent_id="p" * 16,
        error=Error(type="RateLimit", message="slow down", http_status=429, retry_count=2, request_id="q1"),
        prompt=PromptRef(name="greet", version="3", variant="b"),
    )
    read = row(span, ("email", "card", "email"), "pv_1")
    assert "is_root" not in read
    assert (read["error_type"], read["http_status"], read["retry_count"], read["request_id"]) == (
        "RateLimit",
        429,
        2,
        "q1",
    )
    assert (read["prompt_name"], read["prompt_label"], read["prompt_variant"]) == ("greet", "3", "b")
    assert (read["found"], read["prompt_version"]) == (["card", "email"], "pv_1")


def test_a_number_that_its_column_can_not_hold_is_unknown() -> None:
    read = row(Span(**BARE, usage=Usage(input=2**40, output=-1), error=Error(http_status=10**6)))
    assert not {"tokens_input", "tokens_output", "http_status"} & read.keys()


@given(st.text(), st.dictionaries(st.text(), st.none() | st.booleans() | st.floats() | st.integers() | st.text()))
def test_a_line_is_one_json_object_on_one_line(text: str, values: dict[str, object]) -> None:
    line = span_line(Span(trace_id=text, span_id=text, name=text, attributes=values), FACTS, (), "")
    assert b"\n" not in line
    assert isinstance(orjson.loads(line), dict)


def test_a_stamp_adds_place_revision_and_receipt_and_nothing_else() -> None:
    line = span_line(Span(**BARE), FACTS, (), "")
    stamped = orjson.loads(stamp(line, Place(2026, 41), 3, 17))
    assert stamped == orjson.loads(line) | {"shard": 2026, "idx": 41, "revision": 3, "received_us": 17}


def test_a_score_says_when_it_was_given_only_when_that_is_known() -> None:
    read = orjson.loads(score_line(Score(name="thumb", value=0.5, trace_id="t"), FACTS))
    assert (read["name"], read["value"], read["passed"]) == ("thumb", 0.5, None)
    assert "time_us" not in read


def test_media_is_named_by_its_size_and_an_id_by_its_hex() -> None:
    picture = b"\x89PNG" + b"jan@example.com" * 10
    made = row(
        Span(
            **BARE,
            tool=ToolCall(name="draw", arguments=picture, result={"picture": picture}),
            attributes={"digest": b"\xff" * 32, "picture": picture, "all": [picture]},
        )
    )
    assert made["attributes"] == {"digest": "ff" * 32, "picture": "<154 bytes>", "all": '["<154 bytes>"]'}
    assert (made["input_text"], made["output_text"]) == ("<154 bytes>", '{"picture":"<154 bytes>"}')
