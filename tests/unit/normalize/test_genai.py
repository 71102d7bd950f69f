"""OpenTelemetry GenAI: current names, older names, and content in events."""

import json
from typing import Any

import pytest

from onrecord.model.message import Message, Part, text_of
from tests.unit.normalize.reading import SPAN, TRACE, event, read

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
INPUT = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]


@pytest.mark.parametrize("value", [INPUT, json.dumps(INPUT)])
def test_messages_are_a_value_or_its_text(value: Any) -> None:
    output = [{"role": "assistant", "parts": [{"type": "text", "content": "yo"}], "finish_reason": "stop"}]
    span = read({**CHAT, "gen_ai.input.messages": value, "gen_ai.output.messages": output})
    assert span.input == (Message(role="user", parts=(Part(text="hi"),)),)
    assert span.output == (Message(role="assistant", parts=(Part(text="yo"),)),)
    assert (span.finish_reasons, span.kind, span.source.dialect, span.attributes) == (("stop",), "llm", "genai", {})


def test_messages_that_are_no_json_are_one_message() -> None:
    span = read({**CHAT, "gen_ai.input.messages": '[{"role": "us'})
    assert [(one.role, text_of(one)) for one in span.input] == [("user", '[{"role": "us')]


def test_system_instructions_come_first_and_once() -> None:
    system = [{"type": "text", "content": "be brief"}]
    span = read({**CHAT, "gen_ai.input.messages": INPUT, "gen_ai.system_instructions": system})
    assert [(one.role, text_of(one)) for one in span.input] == [("system", "be brief"), ("user", "hi")]
    both = [{"role": "system", "parts": system}, *INPUT]
    assert read({**CHAT, "gen_ai.system_instructions": system, "gen_ai.input.messages": both}).input == span.input
    assert read({**CHAT, "gen_ai.input.messages": both, "gen_ai.system_instructions": system}).input == span.input


def test_every_kind_of_part_is_read() -> None:
    parts = [
        {"type": "reasoning", "content": "hmm"},
        {"type": "tool_call", "id": "c", "name": "f", "arguments": '{"a": 1}'},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "iVBORw=="},
        {"type": "uri", "modality": "audio", "uri": "gs://a/b.wav"},
        {"type": "oracle", "words": 7},
    ]
    answer = [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": {"b": 2}}]}]
    span = read(
        {**CHAT, "gen_ai.output.messages": [{"role": "assistant", "parts": parts}], "gen_ai.input.messages": answer}
    )
    thought, call, image, sound, data = span.output[0].parts
    assert (thought.type, thought.text) == ("reasoning", "hmm")
    assert (call.type, call.id, call.name, call.value) == ("tool_call", "c", "f", {"a": 1})
    assert (image.type, image.mime, image.data) == ("media", "image/png", b"\x89PNG")
    assert (sound.type, sound.uri) == ("media", "gs://a/b.wav")
    assert (data.type, data.extra) == ("data", {"type": "oracle", "words": 7})
    result = span.input[0].parts[0]
    assert (result.type, result.id, result.value) == ("tool_result", "c", {"b": 2})


def test_indexed_messages_of_older_instrumentations() -> None:
    span = read(
        {
            **CHAT, "gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": "be brief",
            "gen_ai.prompt.1.role": "user", "gen_ai.prompt.1.content": '[{"type": "text", "text": "hi"}]',
            "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.finish_reason": "tool_calls",
            "gen_ai.completion.0.tool_calls.0.id": "c", "gen_ai.completion.0.tool_calls.0.name": "f",
            "gen_ai.completion.0.tool_calls.0.arguments": '{"a": 1}',
        }
    )  # fmt: skip
    assert [(one.role, text_of(one)) for one in span.input] == [("system", "be brief"), ("user", "hi")]
    assert span.output[0].parts == (Part(type="tool_call", id="c", name="f", value={"a": 1}),)
    assert (span.finish_reasons, span.attributes) == (("tool_calls",), {})


def test_prompt_as_json_text() -> None:
    span = read({**CHAT, "gen_ai.prompt": '[{"role": "user", "content": "hi"}]', "gen_ai.completion": "yo"})
    assert [text_of(one) for one in (*span.input, *span.output)] == ["hi", "yo"]


def test_span_events_carry_messages() -> None:
    span = read(
        CHAT,
        event("gen_ai.system.message", {"content": "be brief"}),
        event("gen_ai.user.message", {"content": "hi"}),
        event(
            "gen_ai.assistant.message", {"tool_calls": '[{"id": "c", "function": {"name": "f", "arguments": "{}"}}]'}
        ),
        event("gen_ai.tool.message", {"content": "clear", "id": "c"}),
        event(
            "gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": '{"role": "assistant", "content": "yo"}'}
        ),
        event("mine", {"k": 1}),
    )
    assert [one.role for one in span.input] == ["system", "user", "assistant", "tool"]
    assert span.input[2].parts == (Part(type="tool_call", id="c", name="f", value={}),)
    assert span.input[3].parts == (Part(type="tool_result", id="c", value="clear"),)
    assert (text_of(span.output[0]), span.finish_reasons) == ("yo", ("stop",))
    assert [one.name for one in span.events] == ["mine"]


def test_oldest_span_events_carry_json() -> None:
    span = read(
        CHAT,
        event("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user", "content": "hi"}]'}),
        event("gen_ai.content.completion", {"gen_ai.completion": '[{"role": "assistant", "content": "yo"}]'}),
    )
    assert [text_of(one) for one in (*span.input, *span.output)] == ["hi", "yo"]


def test_an_event_with_all_details_counts_as_attributes() -> None:
    details = {"gen_ai.input.messages": INPUT, "gen_ai.tool.definitions": [{"name": "f", "type": "function"}]}
    span = read(CHAT, event("gen_ai.client.inference.operation.details", details))
    assert (text_of(span.input[0]), span.tools[0].name, span.events) == ("hi", "f", ())


@pytest.mark.parametrize(
    ("names", "field"),
    [
        (("input_tokens", "prompt_tokens"), "input"),
        (("output_tokens", "completion_tokens"), "output"),
        (("cache_read.input_tokens", "cache_read_input_tokens"), "cache_read"),
        (("cache_write.input_tokens", "cache_creation.input_tokens", "cache_creation_input_tokens"), "cache_write"),
        (("reasoning.output_tokens", "reasoning_tokens", "details.reasoning_tokens"), "reasoning"),
        (("audio.input_tokens",), "audio_input"),
        (("total_tokens",), "total"),
    ],
)
def test_every_spelling_of_a_count(names: tuple[str, ...], field: str) -> None:
    for name in names:
        assert getattr(read({**CHAT, f"gen_ai.usage.{name}": 7}).usage, field) == 7
        assert getattr(read({**CHAT, f"gen_ai.usage.{name}": "7"}).usage, field) == 7


def test_cached_tokens_beside_the_input_are_added_to_it() -> None:
    beside = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 900}
    inside = {"gen_ai.usage.input_tokens": 910, "gen_ai.usage.cache_read.input_tokens": 900}
    assert read({**CHAT, **beside}).usage.input == read({**CHAT, **inside}).usage.input == 910


def test_usage_of_an_agent_is_an_aggregate() -> None:
    tokens = {"gen_ai.usage.input_tokens": 5}
    assert read({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", **tokens}).usage.aggregate
    assert not read({**CHAT, **tokens}).usage.aggregate


def test_request_and_response_fields() -> None:
    span = read(
        {
            **CHAT, "gen_ai.provider.name": "openai", "gen_ai.system": "openai", "gen_ai.request.temperature": 0.5,
            "gen_ai.request.stop_sequences": ["x"], "gen_ai.openai.request.seed": 7, "gen_ai.output.type": "json",
            "gen_ai.response.id": "r", "gen_ai.response.model": "m-1", "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.response.time_to_first_chunk": 0.25, "gen_ai.conversation.id": "s", "user.id": "ada",
            "server.address": "api.example.org", "server.port": 443, "gen_ai.usage.cost": 0.5,
        },
        kind=3,
    )  # fmt: skip
    assert (span.provider, span.model_requested, span.model_served, span.response_id) == ("openai", "m", "m-1", "r")
    assert span.parameters == {"temperature": 0.5, "stop_sequences": ["x"], "seed": 7, "output_type": "json"}
    assert (span.finish_reasons, span.time_to_first_token_ms, span.session_id) == (("stop",), 250.0, "s")
    assert (span.user_id, span.endpoint, span.cost_reported) == ("ada", "api.example.org:443", 0.5)
    assert span.attributes == {}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("az.ai.openai", "azure.ai.openai"), ("Anthropic", "anthropic"), ("vertex_ai", "gcp.vertex_ai"), ("Mine", "mine")],
)
def test_a_provider_has_one_name(sent: str, kept: str) -> None:
    assert read({**CHAT, "gen_ai.system": sent}).provider == kept


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("chat", "llm"), ("generate_content", "llm"), ("text_completion", "llm"), ("embeddings", "embedding"),
        ("retrieval", "retriever"), ("rerank", "reranker"), ("execute_tool", "tool"), ("invoke_agent", "agent"),
        ("create_agent", "agent"), ("invoke_workflow", "chain"), ("search_memory", "memory"), ("new_one", "llm"),
    ],
)  # fmt: skip
def test_operations_are_kinds(operation: str, kind: str) -> None:
    span = read({"gen_ai.operation.name": operation, "gen_ai.request.model": "m"})
    assert span.kind == kind
    assert operation in ("chat", "embeddings", "retrieval", "rerank", "execute_tool") or span.attributes


def test_a_tool_that_was_executed() -> None:
    span = read(
        {
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "f", "gen_ai.tool.call.id": "c",
            "gen_ai.tool.type": "function", "gen_ai.tool.description": "d", "gen_ai.tool.call.arguments": '{"a": 1}',
            "gen_ai.tool.call.result": {"b": 2},
        }
    )  # fmt: skip
    tool = span.tool
    assert tool is not None
    assert (tool.name, tool.call_id, tool.type, tool.description) == ("f", "c", "function", "d")
    assert (tool.arguments, tool.result, span.kind) == ({"a": 1}, {"b": 2}, "tool")


def test_mcp_calls_are_tools_and_their_attributes_stay() -> None:
    span = read({"mcp.method.name": "tools/call", "gen_ai.tool.name": "f", "mcp.session.id": "x"})
    assert span.tool is not None
    assert (span.kind, span.tool.name) == ("tool", "f")
    assert span.attributes == {"mcp.method.name": "tools/call", "mcp.session.id": "x"}
    assert read({"mcp.method.name": "resources/read", "mcp.resource.uri": "u"}).kind == "span"


def test_retrieval_and_memory_have_a_query_and_documents() -> None:
    documents = '[{"id": "d", "score": 0.5, "content": "Tagus", "page": 3}]'
    span = read(
        {
            "gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "rivers",
            "gen_ai.retrieval.documents": documents, "gen_ai.data_source.id": "src",
        }
    )  # fmt: skip
    (document,) = span.documents
    assert (span.query, document.id, document.score, document.content) == ("rivers", "d", 0.5, "Tagus")
    assert (document.metadata, span.attributes) == ({"page": 3}, {"gen_ai.data_source.id": "src"})
    memory = read(
        {"gen_ai.operation.name": "search_memory", "gen_ai.memory.query.text": "who", "gen_ai.memory.records": ["x"]}
    )
    assert (memory.kind, memory.query, memory.documents[0].content) == ("memory", "who", "x")


def test_a_managed_prompt_and_its_variables() -> None:
    span = read({**CHAT, "gen_ai.prompt.name": "p", "gen_ai.prompt.version": "2", "gen_ai.prompt.variable.who": "you"})
    assert span.prompt is not None
    assert (span.prompt.name, span.prompt.version, span.prompt.variables) == ("p", "2", {"who": "you"})


def test_an_evaluation_event_is_a_score_of_the_span() -> None:
    values = {
        "gen_ai.evaluation.name": "toxic",
        "gen_ai.evaluation.score.value": 0,
        "gen_ai.evaluation.score.label": "pass",
    }
    (score,) = read(CHAT, event("gen_ai.evaluation.result", values, after_ms=5)).scores
    assert (score.name, score.value, score.label, score.passed) == ("toxic", 0.0, "pass", True)
    assert (score.trace_id, score.span_id, score.source) == (TRACE, SPAN, "evaluator")


def test_names_that_nobody_reads_stay_as_they_were_sent() -> None:
    unknown = {
        "gen_ai.new.thing": [1, {"a": b"\x00"}],
        "gen_ai.alone": 1,
        "gen_ai.response.mood": "x",
        "gen_ai.usage.a": "b",
    }
    assert read({**CHAT, **unknown}).attributes == unknown


def test_the_name_of_a_tool_on_a_model_call_makes_no_tool_of_it() -> None:
    span = read({**CHAT, "gen_ai.tool.name": "f"})
    assert (span.kind, span.tool, span.attributes) == ("llm", None, {"gen_ai.tool.name": "f"})
