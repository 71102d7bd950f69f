"""Langfuse's JSON bodies: each event is judged alone, in the order of its own time, and known again when resent."""

import json
from typing import Any

import pytest

from onrecord.errors import Rejected
from onrecord.limits import ATTRIBUTE_DEPTH, ID_BYTES, SPANS_PER_REQUEST
from onrecord.receive.langfuse import Piece, decode_batch, decode_scores, judge_batch, judge_scores

SENDER = {"sdk_name": "python", "sdk_version": "2.60.10"}


def event(type_: str, at: int = 0, **body: Any) -> dict[str, Any]:
    return {"id": f"e{at}-{type_}", "type": type_, "timestamp": f"2026-11-25T03:00:{at:02}.000Z", "body": body}


def batch(*events: dict[str, Any]) -> bytes:
    return json.dumps({"batch": events, "metadata": SENDER}).encode()


def pieces(*events: dict[str, Any]) -> list[Piece]:
    found, faults = decode_batch(batch(*events), "json")
    assert faults == []
    return list(found)


def test_events_are_read_in_the_order_of_their_own_times() -> None:
    late = event("span-update", 2, id="s", traceId="t", output="x")
    found = pieces(late, event("span-create", 1, id="s", traceId="t"), event("trace-create", 0, id="t"))
    assert [(one.kind, one.ended) for one in found] == [("span", True), ("span", False), ("part", False)]


def test_observations_without_a_parent_stand_below_their_trace() -> None:
    found = pieces(
        event("trace-create", 0, id="t", name="talk"),
        event("span-create", 1, id="a", traceId="t", startTime="2026-11-25T03:00:00Z"),
        event("generation-create", 2, id="b", traceId="t", parentObservationId="a"),
    )
    ids = [(one.span.span.span_id, one.span.span.parent_id) for one in found if one.span]
    assert ids == [("t", ""), ("a", "t"), ("b", "a")]


def test_an_observation_without_a_trace_makes_its_own_but_an_update_can_not() -> None:
    (one,) = pieces(event("event-create", 1, id="a", startTime="2026-11-25T03:00:00Z"))
    assert one.span is not None
    assert (one.span.span.trace_id, one.span.span.parent_id) == ("a", "")
    assert one.span.span.end_unix_nano == one.span.span.start_unix_nano > 0
    (verdict,) = judge_batch(batch(event("span-update", 1, id="a")))
    assert verdict.fault == "the update names no trace"


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ({"id": "x", "type": "span-create"}, "the event has no body"),
        (event("trace-create"), "the trace has no id"),
        (event("span-create", traceId="t"), "the observation has no id"),
        (event("span-delete", id="a"), "the event is of a type that is not known here"),
        (event("span-create", id="a" * (ID_BYTES + 1)), f"id is no text of at most {ID_BYTES} bytes"),
        (event("span-create", id="a", startTime="soon"), "an instant is not in ISO 8601"),
        (event("score-create", name="n", traceId="t"), "the score has no value"),
        (event("score-create", name="n", value=1), "the score names no trace, session or dataset run"),
        (event("score-create", value=1, traceId="t"), "the score has no name"),
    ],
)
def test_a_bad_event_costs_itself_and_is_named(bad: dict[str, Any], fault: str) -> None:
    good = event("trace-create", 9, id="t")
    verdicts = judge_batch(batch(bad, good))
    assert [(one.id, one.fault) for one in verdicts] == [(bad["id"], fault), (good["id"], "")]
    kept, faults = decode_batch(batch(bad, good), "json")
    assert (len(kept), [one.reason for one in faults]) == (1, [fault])
    assert json.loads(faults[0].raw) == bad


def test_a_line_of_the_sdks_own_log_is_taken_and_not_kept() -> None:
    (verdict,) = judge_batch(batch(event("sdk-log", log="noise")))
    assert (verdict.fault, verdict.piece) == ("", None)


def test_the_same_event_has_the_same_digest_in_any_order_of_keys_and_batches() -> None:
    one = event("span-create", 1, id="a", traceId="t")
    turned = dict(reversed(one.items()))
    (first,), (again, other) = pieces(one), pieces(turned, event("span-create", 2, id="a", traceId="t"))
    assert first.digest == again.digest != other.digest


def test_halves_of_characters_and_numbers_that_are_none_do_not_cost_the_batch() -> None:
    body = batch(event("span-create", 1, id="a", traceId="t", input="X")).replace(b'"X"', b'"half \\ud83d"')
    (one,), _ = decode_batch(body, "json")
    assert one.span is not None
    assert one.span.span.attributes["langfuse.observation.input"] == "half ?"
    (two,), _ = decode_batch(body.replace(b'"half \\ud83d"', b"NaN"), "json")
    assert two.span is not None
    assert "langfuse.observation.input" not in two.span.span.attributes


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[", b"[]", b"{}", b'{"batch": 1}', b'{"batch": [1]}', b"\xff",
        b'{"batch": [' + b"[" * (ATTRIBUTE_DEPTH + 9) + b"]" * (ATTRIBUTE_DEPTH + 9) + b"]}",
        json.dumps({"batch": [{"body": {"input": json.loads("[" * 90 + "]" * 90)}}]}).encode(),
        b'{"batch": [' + b"{}," * SPANS_PER_REQUEST + b"{}]}", b"[" * 100_000,
    ],
    ids=range(11),
)  # fmt: skip
def test_a_body_that_is_no_batch_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        decode_batch(body, "json")


def test_older_usage_tells_counts_and_costs_together() -> None:
    usage = {"input": 1, "output": 2, "unit": "TOKENS", "totalCost": 0.5, "inputCost": None}
    (one,) = pieces(event("generation-create", 1, id="a", traceId="t", usage=usage))
    assert one.span is not None
    assert one.span.span.attributes["langfuse.observation.usage_details"] == {"input": 1, "output": 2}
    assert one.span.span.attributes["langfuse.observation.cost_details"] == {"total": 0.5}


def test_scores_come_alone_or_as_a_list() -> None:
    said = {"id": "s1", "name": "thumb", "value": 1.0, "dataType": "BOOLEAN", "traceId": "t", "timestamp": None}
    for body in (said, [said]):
        (one,), faults = decode_scores(json.dumps(body).encode(), "json")
        assert one.score is not None
        assert (one.score.id, one.score.passed, one.score.value, faults) == ("s1", True, 1.0, [])
    label = {"name": "mood", "value": "happy", "sessionId": "s", "comment": "c", "metadata": {"a": 1}}
    first, bad = judge_scores(json.dumps([label, {"name": "mood"}]).encode())
    assert first.piece is not None
    assert first.piece.score is not None
    assert (first.piece.score.label, first.piece.score.session_id, first.piece.score.value) == ("happy", "s", None)
    assert first.id == first.piece.score.id != "", "without an id its bytes name it: sent again it is no second one"
    assert bad.fault == "the score has no value"
    with pytest.raises(Rejected):
        judge_scores(b"[1]")
