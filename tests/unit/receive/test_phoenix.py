"""Bodies of Phoenix's REST API: what is understood, what is refused, and that a refusal repeats nothing."""

import json
from typing import Any

import pytest

from onrecord.errors import Rejected
from onrecord.receive.phoenix import decode_annotations, decode_scores, decode_spans, encode_scores

SPAN = "00000000000000aa"


def body(*annotations: dict[str, Any]) -> bytes:
    return json.dumps({"data": list(annotations)}).encode()


def span(**fields: Any) -> dict[str, Any]:
    context = {"trace_id": "0" * 31 + "1", "span_id": SPAN}
    times = {"start_time": "2026-11-24T10:00:00+00:00", "end_time": "2026-11-24T10:00:01.000000001+00:00"}
    return {"name": "ask", "context": context, **times, **fields}


def test_an_annotation_is_a_score_whose_id_is_its_target_its_name_and_its_identifier() -> None:
    one = {"name": "tone", "annotator_kind": "LLM", "span_id": SPAN, "result": {"score": 1, "label": "kind"}}
    first, again, other, named = decode_annotations(
        body(one, one | {"result": {"score": 0}}, one | {"span_id": "bb" * 8}, one | {"identifier": "run-2"}), "span_id"
    )
    assert first.score_id == again.score_id
    assert len({one.score_id for one in (first, other, named)}) == 3
    score = named.score(5_000, "trace")
    assert (score.value, score.label, score.source, score.trace_id, score.span_id) == (
        1.0, "kind", "evaluator", "trace", SPAN
    )  # fmt: skip
    assert score.metadata == {"phoenix.identifier": "run-2"}


def test_scores_pass_through_a_delivery_whole() -> None:
    (one,) = decode_annotations(
        body({"name": "rank", "span_id": SPAN, "document_position": 3, "metadata": {"a": [1]}}), "span_id"
    )
    score = one.score(7_000)
    judged, faults = decode_scores(encode_scores([score]))
    assert [each.score for each in judged] == [score]
    assert faults == []
    assert score.metadata == {"a": [1], "phoenix.document_position": 3}


@pytest.mark.parametrize(
    "sent",
    [
        b"[",
        b"{}",
        b'{"data": "secret"}',
        body({"name": "tone", "span_id": ""}),
        body({"name": " ", "span_id": SPAN}),
        body({"span_id": SPAN}),
        body({"name": "tone", "trace_id": SPAN}),
        body({"name": "tone", "span_id": SPAN, "annotator_kind": "secret"}),
        body({"name": "tone", "span_id": SPAN, "result": {"score": "secret"}}),
        body({"name": "tone", "span_id": "secret" * 100}),
        body({"name": "tone", "span_id": SPAN}, {"name": 7, "span_id": SPAN}),
    ],
)
def test_a_request_with_a_bad_annotation_is_refused_whole_without_a_byte_of_it(sent: bytes) -> None:
    with pytest.raises(Rejected) as refusal:
        decode_annotations(sent, "span_id")
    assert refusal.value.status == 422
    assert "secret" not in refusal.value.message + refusal.value.hint


def test_a_span_by_hand_has_dotted_names_however_deep_it_was_nested() -> None:
    nested = {
        "llm": {"model_name": "gpt-4o", "token_count": {"prompt": 3}},
        "llm.input_messages": [{"message": {"role": "user", "content": "Hi"}}],
        "metadata": {"deep": {"er": 1}},
        "tag.tags": ["a", "b"],
    }
    (one,), faults = decode_spans(json.dumps({"data": [span(span_kind="LLM", attributes=nested)]}).encode())
    assert faults == []
    assert one.span.attributes == {
        "llm.model_name": "gpt-4o",
        "llm.token_count.prompt": 3,
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Hi",
        "metadata": {"deep": {"er": 1}},
        "tag.tags": ["a", "b"],
        "openinference.span.kind": "LLM",
    }
    assert one.span.end_unix_nano - one.span.start_unix_nano == 1_000_000_001


@pytest.mark.parametrize(
    "bad",
    [
        span(name=7),
        span(context={"trace_id": "", "span_id": SPAN}),
        span(context={"trace_id": "x" * 300, "span_id": SPAN}),
        span(start_time="yesterday"),
        span(attributes={f"key{number}": 1 for number in range(5_000)}),
    ],
)
def test_a_bad_span_costs_that_span_only(bad: dict[str, Any]) -> None:
    spans, faults = decode_spans(json.dumps({"data": [bad, span()]}).encode())
    assert [one.span.name for one in spans] == ["ask"]
    assert len(faults) == 1


def test_what_is_no_list_of_spans_is_refused() -> None:
    with pytest.raises(Rejected):
        decode_spans(b'{"data": 1}')
