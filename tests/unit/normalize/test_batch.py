"""Log records of one delivery."""

from typing import Any

from onrecord.model.message import text_of
from onrecord.model.otlp import OtlpContext, OtlpLog
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.batch import Read, join_parts
from onrecord.normalize.registry import normalize_log
from tests.unit.normalize.reading import SPAN, TRACE


def log(name: str, body: Any = None, attributes: dict[str, Any] | None = None, span_id: str = SPAN) -> Read:
    made = OtlpLog(TRACE, span_id, name, body=body, attributes=attributes or {})
    return normalize_log(made, OtlpContext()), name.encode().ljust(32), "part"


def test_the_messages_of_a_call_are_one_part_in_their_order_equal_ones_too() -> None:
    (value, _, _), *rest = join_parts(
        [
            log("gen_ai.user.message", {"content": "go on"}),
            log("gen_ai.system.message", {"content": "be brief"}),
            log("gen_ai.assistant.message", {"content": "yes?"}),
            log("gen_ai.user.message", {"content": "go on"}),
            log("gen_ai.choice", {"index": 0, "message": {"content": "yo"}, "finish_reason": "stop"}),
            log("gen_ai.choice", {"index": 1, "message": {"content": "yo"}, "finish_reason": "stop"}),
        ]
    )
    assert isinstance(value, Span)
    assert rest == []
    assert [text_of(one) for one in value.input] == ["be brief", "go on", "yes?", "go on"]
    assert [text_of(one) for one in value.output] == ["yo", "yo"]
    assert value.finish_reasons == ("stop", "stop")


def test_calls_scores_and_foreign_records_stay_apart() -> None:
    found = join_parts(
        [
            log("gen_ai.user.message", {"content": "a"}),
            log("http.request"),
            log("gen_ai.user.message", {"content": "b"}, span_id="b" * 16),
            log("gen_ai.evaluation.result", None, {"gen_ai.evaluation.name": "x"}),
        ]
    )
    assert [type(value) for value, _, _ in found] == [Span, type(None), Span, Score]


def test_a_whole_conversation_beside_single_messages_stays_one_conversation() -> None:
    details = {"gen_ai.request.model": "m", "gen_ai.input.messages": [{"role": "user", "content": "a"}]}
    found = join_parts(
        [log("gen_ai.user.message", {"content": "a"}), log("gen_ai.client.inference.operation.details", None, details)]
    )
    assert [[text_of(one) for one in value.input] for value, _, _ in found if isinstance(value, Span)] == [["a"]]


def test_the_digest_of_a_part_is_that_of_its_records() -> None:
    one, other = log("gen_ai.user.message", {"content": "a"}), log("gen_ai.user.message", {"content": "b"})
    ((_, alone, _),) = join_parts([one])
    ((_, both, _),) = join_parts([one, other])
    ((_, again, _),) = join_parts([one, other])
    assert alone == one[1]
    assert both == again != alone


def test_thousands_of_messages_of_one_call_are_joined_in_one_go_and_in_order() -> None:
    said = [str(number) for number in range(5_000)]
    ((value, _, _),) = join_parts([log("gen_ai.user.message", {"content": text}) for text in said])
    assert isinstance(value, Span)
    assert [text_of(one) for one in value.input] == said


def test_what_is_told_after_a_whole_conversation_is_not_told_twice() -> None:
    details = {"gen_ai.request.model": "m", "gen_ai.input.messages": [{"role": "user", "content": "a"}]}
    ((value, _, _),) = join_parts(
        [log("gen_ai.client.inference.operation.details", None, details), log("gen_ai.user.message", {"content": "a"})]
    )
    assert isinstance(value, Span)
    assert [text_of(one) for one in value.input] == ["a"]
