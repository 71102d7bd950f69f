"""Log records: parts of spans, scores, and what is none of ours."""

import pytest

from onrecord.model.message import Part, text_of
from onrecord.model.span import Error
from tests.unit.normalize.reading import SPAN, TRACE, part, read_log, score


def test_details_are_a_part_with_messages_and_no_claim_to_be_a_span() -> None:
    made = part(
        "gen_ai.client.inference.operation.details",
        None,
        **{
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
            "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "yo"}]}],
        },
    )
    assert (made.trace_id, made.span_id, made.name, made.start_unix_nano, made.running) == (TRACE, SPAN, "", 0, False)
    assert [text_of(one) for one in (*made.input, *made.output)] == ["hi", "yo"]
    assert (made.kind, made.attributes) == ("llm", {})


@pytest.mark.parametrize(("word", "role"), [("system", "system"), ("user", "user"), ("assistant", "assistant")])
def test_a_message_event_is_a_part_with_one_message(word: str, role: str) -> None:
    made = part(f"gen_ai.{word}.message", {"content": "hi"}, **{"gen_ai.system": "openai"})
    assert [(one.role, text_of(one)) for one in made.input] == [(role, "hi")]
    assert (made.provider, made.attributes) == ("openai", {})


def test_a_tool_message_answers_its_call() -> None:
    made = part("gen_ai.tool.message", {"content": '{"sky": "clear"}', "id": "c1"})
    assert made.input[0].parts == (Part(type="tool_result", id="c1", value={"sky": "clear"}),)


def test_a_choice_is_output_with_its_reason() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "tool_calls": [call]}}
    made = part("gen_ai.choice", body)
    assert made.output[0].parts == (Part(type="tool_call", id="c", name="f", value={}),)
    assert made.finish_reasons == ("tool_calls",)


def test_the_event_name_of_older_sdks_is_an_attribute() -> None:
    made = part("", {"content": "hi"}, **{"event.name": "gen_ai.user.message"})
    assert (text_of(made.input[0]), made.attributes) == ("hi", {})


def test_an_exception_is_the_error_of_its_span() -> None:
    made = part("gen_ai.client.operation.exception", None, **{"exception.type": "E", "exception.message": "no"})
    assert (made.error, made.status, made.attributes) == (Error(type="E", message="no"), "error", {})


def test_an_evaluation_is_a_score_of_its_span_or_of_a_response() -> None:
    values = {
        "gen_ai.evaluation.name": "toxic", "gen_ai.evaluation.score.value": 0.25, "gen_ai.response.id": "r",
        "gen_ai.evaluation.explanation": "because", "gen_ai.evaluation.score.label": "fail", "version": 3,
    }  # fmt: skip
    one = score(values)
    assert (one.name, one.value, one.label, one.passed, one.comment) == ("toxic", 0.25, "fail", False, "because")
    assert (one.trace_id, one.span_id, one.response_id, one.metadata) == (TRACE, SPAN, "r", {"version": 3})
    assert score(values, trace_id="").response_id == "r"


def test_a_part_without_ids_is_joined_by_its_response() -> None:
    made = read_log("gen_ai.choice", {"message": {"content": "yo"}}, {"gen_ai.response.id": "r"}, trace_id="")
    assert (made.trace_id, made.span_id, made.response_id) == ("", "", "r")


@pytest.mark.parametrize("name", ["", "http.request", "gen_ai.evaluation.result", "exception.other"])
def test_a_record_that_concerns_no_call_is_none_of_ours(name: str) -> None:
    assert read_log(name, "words") is None


def test_content_that_belongs_to_no_span_and_no_response_is_none_of_ours() -> None:
    assert read_log("gen_ai.user.message", {"content": "hi"}, trace_id="") is None
