"""OpenInference: flattened lists, bodies beside them, and every kind of span."""

import base64
import json
from typing import Any

from onrecord.model.message import Message, Part, text_of
from onrecord.model.span import Document
from tests.unit.normalize.reading import SPAN, TRACE, event, read

LLM = {"openinference.span.kind": "LLM"}


def chat(*messages: tuple[str, str], side: str = "input") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for n, (role, content) in enumerate(messages):
        flat[f"llm.{side}_messages.{n}.message.role"] = role
        flat[f"llm.{side}_messages.{n}.message.content"] = content
    return flat


def test_flattened_messages_become_messages_in_the_order_of_their_numbers() -> None:
    texts = [("system" if not n else "user", f"m{n}") for n in range(12)]
    span = read({**LLM, **chat(*texts), **chat(("assistant", "out"), side="output")})
    assert [(one.role, text_of(one)) for one in span.input] == texts
    assert [(one.role, text_of(one)) for one in span.output] == [("assistant", "out")]
    assert span.attributes == {}
    assert (span.kind, span.source.dialect) == ("llm", "openinference")


def test_a_long_history_is_read_to_its_end() -> None:
    span = read({**LLM, **chat(*[("user", str(n)) for n in range(300)])})
    assert [text_of(one) for one in span.input] == [str(n) for n in range(300)]


def test_a_number_is_an_order_not_a_size() -> None:
    span = read({**LLM, **chat(("user", "a")), "llm.input_messages.999999999.message.content": "z"})
    assert [text_of(one) for one in span.input] == ["a", "z"]


def test_tool_calls_and_their_results_are_parts() -> None:
    prefix = "llm.input_messages.1.message"
    span = read(
        {
            **LLM, **chat(("user", "weather?")), f"{prefix}.role": "assistant",
            f"{prefix}.tool_calls.0.tool_call.id": "c1", f"{prefix}.tool_calls.0.tool_call.function.name": "weather",
            f"{prefix}.tool_calls.0.tool_call.function.arguments": '{"city": "Lisbon"}',
            "llm.input_messages.2.message.role": "tool", "llm.input_messages.2.message.tool_call_id": "c1",
            "llm.input_messages.2.message.content": '{"sky": "clear"}', "llm.input_messages.2.message.name": "weather",
        }
    )  # fmt: skip
    call = Part(type="tool_call", id="c1", name="weather", value={"city": "Lisbon"})
    result = Part(type="tool_result", id="c1", name="weather", value={"sky": "clear"})
    assert span.input[1] == Message(role="assistant", parts=(call,))
    assert span.input[2] == Message(role="tool", parts=(result,), name="weather")


def test_arguments_that_are_no_json_stay_text() -> None:
    prefix = "llm.output_messages.0.message.tool_calls.0.tool_call.function"
    span = read({**LLM, f"{prefix}.name": "f", f"{prefix}.arguments": '{"cut'})
    assert span.output[0].parts[0].value == '{"cut'
    assert span.output[0].role == "assistant"


def test_images_are_bytes_or_addresses() -> None:
    pixel = base64.b64encode(b"\x89PNG").decode()
    prefix = "llm.input_messages.0.message.contents"
    span = read(
        {
            **LLM, "llm.input_messages.0.message.role": "user", f"{prefix}.0.message_content.type": "text",
            f"{prefix}.0.message_content.text": "what is this?", f"{prefix}.1.message_content.type": "image",
            f"{prefix}.1.message_content.image.image.url": f"data:image/png;base64,{pixel}",
            f"{prefix}.2.message_content.type": "image",
            f"{prefix}.2.message_content.image.image.url": "https://example.org/a.png",
        }
    )  # fmt: skip
    text, inline, linked = span.input[0].parts
    assert (text.type, text.text) == ("text", "what is this?")
    assert (inline.type, inline.mime, inline.data, inline.uri) == ("media", "image/png", b"\x89PNG", "")
    assert (linked.type, linked.uri, linked.data) == ("media", "https://example.org/a.png", b"")


def test_what_the_bodies_repeat_is_kept_once() -> None:
    request = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.5}
    response = {"id": "r1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "yo"}}], "created": 17}
    span = read(
        {
            **LLM, **chat(("user", "hi")), **chat(("assistant", "yo"), side="output"), "llm.model_name": "m-2024",
            "llm.invocation_parameters": '{"temperature": 0.5, "model": "m"}', "input.value": json.dumps(request),
            "input.mime_type": "application/json", "output.value": json.dumps(response),
        }
    )  # fmt: skip
    assert span.attributes == {"output.value": {"created": 17}}
    assert (span.response_id, span.model_requested, span.model_served) == ("r1", "m", "m-2024")
    assert span.parameters == {"temperature": 0.5}


def test_what_a_body_says_beyond_the_messages_stays_even_when_a_message_says_the_same_words() -> None:
    request = {"messages": [{"role": "user", "content": "yes"}], "consent": "yes", "nested": {"a": ["yes"]}}
    span = read({**LLM, **chat(("user", "yes")), "input.value": json.dumps(request)})
    assert span.attributes == {"input.value": {"consent": "yes", "nested": {"a": ["yes"]}}}


def test_a_refusal_that_flattening_loses_is_found_in_the_body() -> None:
    response = {"choices": [{"message": {"role": "assistant", "content": None, "refusal": "I must not."}}]}
    span = read({**LLM, "llm.output_messages.0.message.role": "assistant", "output.value": json.dumps(response)})
    assert span.output == (Message(role="assistant", parts=(Part(type="refusal", text="I must not."),)),)


def test_a_body_alone_is_read_as_messages() -> None:
    request = {
        "instructions": "be brief",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
    }
    span = read({**LLM, "input.value": json.dumps(request), "output.value": "plain answer"})
    assert [(one.role, text_of(one)) for one in span.input] == [("system", "be brief"), ("user", "hi")]
    assert [(one.role, text_of(one)) for one in span.output] == [("assistant", "plain answer")]


def test_a_redacted_body_stays_beside_the_messages() -> None:
    span = read({**LLM, **chat(("user", "hi")), "input.value": "__REDACTED__"})
    assert span.attributes == {"input.value": "__REDACTED__"}


def test_tokens_are_counted_by_name_and_unknown_counts_kept() -> None:
    counts = {"prompt": 10, "completion": 5, "total": 15, "prompt_details.cache_read": 4, "prompt_details.audio": 1,
              "completion_details.reasoning": 2, "prompt_details.video": 3}  # fmt: skip
    span = read({**LLM, **{f"llm.token_count.{name}": count for name, count in counts.items()}})
    usage = span.usage
    assert (usage.input, usage.output, usage.total, usage.cache_read) == (10, 5, 15, 4)
    assert (usage.audio_input, usage.reasoning, usage.cache_write) == (1, 2, None)
    assert (usage.details, usage.aggregate) == ({"prompt_details.video": 3}, False)


def test_usage_on_a_chain_is_an_aggregate() -> None:
    assert read({"openinference.span.kind": "CHAIN", "llm.token_count.prompt": 10}).usage.aggregate


def test_a_count_that_is_none_stays_an_attribute() -> None:
    span = read({**LLM, "llm.token_count.prompt": "many", "llm.token_count.completion": -1})
    assert span.attributes == {"llm.token_count.prompt": "many", "llm.token_count.completion": -1}
    assert (span.usage.input, span.usage.output) == (None, None)


def test_a_reported_cost_and_its_parts() -> None:
    span = read({**LLM, "llm.cost.prompt": 0.25, "llm.cost.completion": 0.5, "llm.cost.prompt_details.input": 0.25})
    assert span.cost_reported == 0.75
    assert span.cost_details == {"prompt": 0.25, "completion": 0.5, "prompt_details.input": 0.25}


def test_the_first_token_is_an_event() -> None:
    span = read(LLM, event("First Token Stream Event", after_ms=120))
    assert (span.time_to_first_token_ms, span.events) == (120.0, ())


def test_a_retriever_asks_and_finds_documents() -> None:
    span = read(
        {
            "openinference.span.kind": "RETRIEVER", "input.value": "rivers", "retrieval.documents.0.document.id": "d1",
            "retrieval.documents.0.document.content": "Tagus", "retrieval.documents.0.document.score": 0.5,
            "retrieval.documents.0.document.metadata": '{"source": "a.txt"}',
            "output.value": '[{"content": "Tagus", "metadata": {"source": "a.txt"}}]',
        }
    )  # fmt: skip
    assert (span.kind, span.query, span.input, span.output) == ("retriever", "rivers", (), ())
    assert span.documents == (Document(id="d1", content="Tagus", score=0.5, metadata={"source": "a.txt"}),)
    assert span.attributes == {}


def test_a_reranker_keeps_what_it_was_given() -> None:
    span = read(
        {
            "openinference.span.kind": "RERANKER", "reranker.query": "q", "reranker.model_name": "rank-1",
            "reranker.top_k": 1, "reranker.input_documents.0.document.id": "a",
            "reranker.output_documents.0.document.id": "b", "reranker.output_documents.0.document.score": 0.9,
        }
    )  # fmt: skip
    assert (span.query, span.model_requested, span.parameters) == ("q", "rank-1", {"top_k": 1})
    assert span.documents == (Document(id="b", score=0.9),)
    assert span.attributes == {"reranker.input_documents": [{"document": {"id": "a"}}]}


def test_an_embedding_has_texts_as_input_and_its_vectors_as_attributes() -> None:
    span = read(
        {
            "openinference.span.kind": "EMBEDDING", "embedding.model_name": "e",
            "embedding.invocation_parameters": "{}", "embedding.embeddings.1.embedding.text": "b",
            "embedding.embeddings.0.embedding.text": "a",
            "embedding.embeddings.0.embedding.vector": [0.5, 1.0],
            "output.value": '{"data": [{"embedding": [0.5, 1.0]}]}',
        }
    )  # fmt: skip
    assert [text_of(one) for one in span.input] == ["a", "b"]
    assert (span.model_served, span.output) == ("e", ())
    assert span.attributes == {"embedding.embeddings.0.embedding.vector": [0.5, 1.0]}


def test_a_tool_has_arguments_a_result_and_a_definition() -> None:
    span = read(
        {
            "openinference.span.kind": "TOOL", "tool.name": "weather", "tool.id": "c1", "tool.description": "sky",
            "tool.parameters": '{"type": "object", "properties": {}}', "input.value": '{"city": "Lisbon"}',
            "output.value": "clear",
        }
    )  # fmt: skip
    tool = span.tool
    assert tool is not None
    assert (tool.name, tool.call_id, tool.arguments, tool.result) == ("weather", "c1", {"city": "Lisbon"}, "clear")
    assert [(one.name, one.parameters) for one in span.tools] == [("weather", {"type": "object", "properties": {}})]
    assert (span.input, span.output) == ((), ())


def test_tools_that_were_offered_are_read_from_their_schema() -> None:
    schema = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
    span = read({**LLM, "llm.tools.0.tool.json_schema": json.dumps(schema), "llm.tools.1.tool.name": "g"})
    assert [(one.name, one.description, one.parameters) for one in span.tools] == [
        ("f", "d", {"type": "object"}),
        ("g", "", None),
    ]


def test_annotations_are_scores_of_their_target() -> None:
    span = read(
        {
            **LLM, "session.id": "s", "annotations.0.annotation.name": "helpful", "annotations.0.annotation.score": 0.5,
            "annotations.0.annotation.label": "good", "annotations.0.annotation.annotator_kind": "HUMAN",
            "annotations.0.annotation.explanation": "because", "trace.annotations.0.annotation.name": "whole",
            "session.annotations.0.annotation.name": "talk",
        }
    )  # fmt: skip
    one, whole, talk = span.scores
    assert (one.name, one.value, one.label, one.source, one.comment) == ("helpful", 0.5, "good", "human", "because")
    assert (one.trace_id, one.span_id) == (TRACE, SPAN)
    assert (whole.trace_id, whole.span_id) == (TRACE, "")
    assert (talk.trace_id, talk.session_id) == ("", "s")


def test_prompt_tags_metadata_and_people() -> None:
    span = read(
        {
            **LLM, "llm.prompt_template.template": "Hi {who}", "llm.prompt_template.variables": '{"who": "you"}',
            "llm.prompt_template.version": "v3", "prompt.id": "greet", "tag.tags": ["a", "b"],
            "metadata": '{"tier": "gold"}', "user.id": "ada", "session.id": "s1", "agent.name": "guide",
        }
    )  # fmt: skip
    assert span.prompt is not None
    assert (span.prompt.name, span.prompt.version, span.prompt.template) == ("greet", "v3", "Hi {who}")
    assert (span.prompt.variables, span.tags, span.metadata) == ({"who": "you"}, ("a", "b"), {"tier": "gold"})
    assert (span.user_id, span.session_id, span.agent) == ("ada", "s1", "guide")


def test_the_end_user_among_the_parameters_is_the_user_when_nobody_else_is_named() -> None:
    parameters = {"llm.invocation_parameters": '{"user": "ada", "seed": 7}'}
    assert read({**LLM, **parameters}).user_id == "ada"
    assert read({**LLM, **parameters, "user.id": "bob"}).user_id == "bob"
    assert read({**LLM, **parameters}).parameters == {"seed": 7}


def test_a_chain_keeps_a_state_that_is_no_conversation_word_by_word() -> None:
    state = '{"question":  "why?", "n": 1.10}'
    span = read({"openinference.span.kind": "CHAIN", "input.value": state, "input.mime_type": "application/json"})
    assert span.input == (Message(role="user", parts=(Part(text=state, mime="application/json"),)),)


def test_a_kind_that_nobody_knows_stays_readable() -> None:
    span = read({"openinference.span.kind": "ORACLE", "something": 1})
    assert (span.kind, span.attributes) == ("span", {"openinference.span.kind": "oracle", "something": 1})


def test_genai_names_beside_it_are_read_too() -> None:
    span = read({**LLM, "gen_ai.response.id": "r", "gen_ai.request.top_k": 3, "mine": b"\x00"})
    assert (span.response_id, span.parameters, span.attributes) == ("r", {"top_k": 3}, {"mine": b"\x00"})
    assert span.source.dialect == "openinference"


def test_the_model_among_the_parameters_is_no_parameter() -> None:
    span = read({**LLM, "llm.request.model_name": "m", "llm.invocation_parameters": '{"model": "x", "seed": 1}'})
    assert (span.model_requested, span.parameters) == ("m", {"seed": 1})
