"""Parts of a span, put together."""

from msgspec.structs import replace

from onrecord.model.message import Message, Part, text_of
from onrecord.model.score import Score
from onrecord.model.span import Error, Span, Usage
from onrecord.normalize.merge import merge
from tests.unit.normalize.reading import SPAN, TRACE, event, part, read

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
DETAILS = "gen_ai.client.inference.operation.details"


def said(role: str, text: str) -> Message:
    return Message(role=role, parts=(Part(text=text),))


def test_content_from_log_records_completes_the_span_whichever_comes_first() -> None:
    span = read({**CHAT, "gen_ai.usage.input_tokens": 3, "gen_ai.response.id": "r"})
    content = part(DETAILS, None, **{**CHAT, "gen_ai.input.messages": "hi", "gen_ai.output.messages": "yo"})
    merged = merge(span, content)
    assert merged == merge(content, span)
    assert [text_of(one) for one in (*merged.input, *merged.output)] == ["hi", "yo"]
    assert (merged.usage, merged.response_id, merged.name, merged.running) == (Usage(input=3), "r", "step", False)


def test_single_messages_stand_behind_one_another_system_first() -> None:
    span = read(CHAT)
    for name, body in (
        ("gen_ai.user.message", {"content": "hi"}),
        ("gen_ai.system.message", {"content": "be brief"}),
        ("gen_ai.assistant.message", {"content": "yes?"}),
        ("gen_ai.choice", {"message": {"content": "yo"}, "finish_reason": "stop"}),
        ("gen_ai.assistant.message", {"content": "yes?"}),
    ):
        span = merge(span, part(name, body))
    assert [text_of(one) for one in span.input] == ["be brief", "hi", "yes?"]
    assert [text_of(one) for one in span.output] == ["yo"]
    assert span.finish_reasons == ("stop",)


def test_the_longer_of_two_conversations_stays() -> None:
    short = read({**CHAT, "gen_ai.input.messages": [{"role": "user", "content": "a"}]})
    both = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    long = read({**CHAT, "gen_ai.input.messages": both})
    assert [text_of(one) for one in merge(short, long).input] == ["a", "b"]
    assert [text_of(one) for one in merge(long, short).input] == ["a", "b"]


def test_a_pending_span_gives_way_to_the_final_one_in_either_order() -> None:
    final = read({**CHAT, "gen_ai.usage.input_tokens": 3})
    pending = replace(read(CHAT, end_unix_nano=0), running=True)
    assert merge(pending, final) == final
    assert merge(final, pending) == final


def test_a_pending_span_still_runs_after_a_log_record() -> None:
    pending = read(CHAT, end_unix_nano=0)
    merged = merge(pending, part("gen_ai.user.message", {"content": "hi"}))
    assert (merged.running, text_of(merged.input[0])) == (True, "hi")


def test_an_error_that_comes_late_is_the_error_of_the_span() -> None:
    late = part("gen_ai.client.operation.exception", None, **{"exception.type": "E", "exception.message": "no"})
    merged = merge(read(CHAT, status_code=2, status_message="broke"), late)
    assert (merged.status, merged.error) == ("error", Error(type="E", message="no"))
    assert merge(read(CHAT), late).status == "error"


def test_maps_unite_and_the_later_value_wins() -> None:
    merged = merge(read({"a": 1, "b": 1}), read({"b": 2, "c": 3}))
    assert merged.attributes == {"a": 1, "b": 2, "c": 3}


def test_scores_tags_and_events_unite_without_doubles() -> None:
    one, other = Score(name="x", value=1.0), Score(name="y")
    first = replace(read({}, event("e")), scores=(one,), tags=("a", "b"))
    second = replace(read({}, event("e"), event("f")), scores=(one, other), tags=("b", "c"))
    merged = merge(first, second)
    assert (merged.scores, merged.tags) == ((one, other), ("a", "b", "c"))
    assert [event.name for event in merged.events] == ["e", "f"]


def test_usage_of_a_part_that_knows_no_kind_does_not_make_the_call_an_aggregate() -> None:
    loose = Span(trace_id=TRACE, span_id=SPAN, usage=Usage(output=5, aggregate=True))
    merged = merge(read({**CHAT, "gen_ai.usage.input_tokens": 3}), loose)
    assert (merged.usage.input, merged.usage.output, merged.usage.aggregate) == (3, 5, False)


def test_an_agent_stays_an_aggregate() -> None:
    agent = {"gen_ai.operation.name": "invoke_agent"}
    assert merge(read(agent), read({**agent, "gen_ai.usage.input_tokens": 3})).usage.aggregate


def test_messages_that_differ_only_in_names_are_one_message() -> None:
    bare = Span(trace_id=TRACE, span_id=SPAN, input=(said("user", "hi"),), model_requested="m")
    named = replace(bare, input=(replace(said("user", "hi"), name="ada"),))
    assert len(merge(bare, named).input) == 1
