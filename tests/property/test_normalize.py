"""No span, whatever it holds, makes normalising fail, and nothing that nobody understands is lost."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from onrecord.model.message import text_of
from onrecord.model.otlp import OtlpContext, OtlpEvent, OtlpLog, OtlpSpan
from onrecord.model.span import KINDS, STATUSES
from onrecord.normalize.registry import normalize, normalize_log

NAMES = (
    "openinference.span.kind", "llm.model_name", "llm.provider", "llm.system", "llm.finish_reason", "llm.tools.0.tool",
    "llm.input_messages.0.message.role", "llm.input_messages.0.message.content", "llm.input_messages.x",
    "llm.input_messages.0.message.contents.0.message_content.type", "llm.input_messages.0.message.contents",
    "llm.input_messages.0.message.tool_calls.0.tool_call.function.arguments", "llm.output_messages.0.message",
    "llm.input_messages.1.message.contents.0.message_content.image.image.url", "llm.tools.0.tool.json_schema",
    "llm.token_count.prompt", "llm.token_count.prompt_details.cache_read", "llm.cost.total",
    "llm.prompts.0.prompt.text",
    "llm.invocation_parameters", "input.value", "output.value", "input.mime_type", "metadata", "tag.tags",
    "retrieval.documents.0.document.content", "retrieval.documents.0", "reranker.query", "reranker.output_documents.0",
    "embedding.embeddings.0.embedding.text", "annotations.0.annotation.score", "annotations.0", "tool.parameters",
    "tool.json_schema", "gen_ai.operation.name", "gen_ai.system", "gen_ai.provider.name", "gen_ai.request.model",
    "gen_ai.request", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.prompt",
    "gen_ai.prompt.0.content", "gen_ai.prompt.0.role", "gen_ai.completion.0.tool_calls.0.arguments", "gen_ai.prompt.0",
    "gen_ai.usage.input_tokens", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cost", "gen_ai.tool.definitions",
    "gen_ai.tool.name", "gen_ai.tool.call.arguments", "gen_ai.retrieval.documents", "gen_ai.evaluation.name",
    "gen_ai.response.finish_reasons", "gen_ai.response.time_to_first_chunk", "mcp.method.name", "user.id", "session.id",
    "error.type", "exception.message", "http.response.status_code", "server.address", "server.port",
    "langfuse.observation.type", "langfuse.observation.input", "langfuse.observation.output", "langfuse.trace.tags",
    "langfuse.observation.usage_details", "langfuse.observation.cost_details", "langfuse.observation.model.parameters",
    "langfuse.observation.metadata.k", "langfuse.observation.level", "langfuse.observation.completion_start_time",
    "langfuse.trace.input", "langfuse.trace.metadata", "langfuse.observation.prompt.version", "langfuse.version",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(
        ["LLM", "TOOL", "RETRIEVER", "RERANKER", "EMBEDDING", "chat", "execute_tool", "[]", "{}", "[[]]", "[null, 1]",
         '{"messages": [{"role": "user", "content": "a"}]}', '[{"type": "text"}]', '{"choices": [{"message": 5}]}',
         '{"choices": [{}], "usage": 5}', '{"messages": {"a": []}}', '{"output": [{"type": "reasoning"}]}', "1e999"]
    ),
    st.text(max_size=20),
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.binary(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "name", "function", "parts", "messages", "id", "data"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)
EVENTS = st.sampled_from(
    ["exception", "gen_ai.choice", "gen_ai.user.message", "gen_ai.tool.message", "gen_ai.content.prompt",
     "gen_ai.client.inference.operation.details", "gen_ai.evaluation.result", "First Token Stream Event", "mine"]
)  # fmt: skip
UNKNOWN = st.dictionaries(st.text(min_size=1, max_size=9).map(lambda name: f"zz.{name}"), VALUES, max_size=4)
TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


@given(ATTRIBUTES, UNKNOWN, st.lists(st.tuples(EVENTS, ATTRIBUTES), max_size=3), st.integers(0, 9))
def test_every_span_is_read_and_what_nobody_understands_is_kept(
    known: dict[str, Any], unknown: dict[str, Any], events: list[tuple[str, dict[str, Any]]], status: int
) -> None:
    made = tuple(OtlpEvent(name, 5, attributes) for name, attributes in events)
    otlp = OtlpSpan(TRACE, SPAN, attributes={**known, **unknown}, events=made, status_code=status)
    span = normalize(otlp, OtlpContext(resource=unknown))
    assert span.kind in KINDS
    assert span.status in STATUSES
    for name, value in unknown.items():
        assert span.attributes[name] is value
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(span), type=dict)["trace_id"] == TRACE


@given(EVENTS, VALUES, ATTRIBUTES, st.booleans())
def test_every_log_record_is_read(name: str, body: Any, attributes: dict[str, Any], with_ids: bool) -> None:
    ids = (TRACE, SPAN) if with_ids else ("", "")
    normalize_log(OtlpLog(*ids, event_name=name, body=body, attributes=attributes), OtlpContext())


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "assistant", "oracle"]), st.text(max_size=30)), max_size=90)
)
def test_no_message_and_no_word_of_a_flattened_conversation_is_lost(messages: list[tuple[str, str]]) -> None:
    attributes: dict[str, Any] = {"openinference.span.kind": "LLM"}
    for n, (role, content) in enumerate(messages):
        attributes[f"llm.input_messages.{n}.message.role"] = role
        attributes[f"llm.input_messages.{n}.message.content"] = content
    span = normalize(OtlpSpan(TRACE, SPAN, attributes=attributes), OtlpContext())
    assert [(one.role, text_of(one)) for one in span.input] == messages
