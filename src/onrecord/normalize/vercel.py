"""Vercel AI SDK: its own ``ai.*`` names (up to 6, and 7 on request), and what it adds to GenAI since 7.

An outer span (``ai.generateText``) repeats its inner calls (``.doGenerate``): agent and calls. Embedding calls nest
alike. Source: ``ai`` 6.0 and 7.0 with ``@ai-sdk/otel`` 1.0 as captured in tests/golden.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.message import Message, Part
from onrecord.normalize.bodies import request_messages
from onrecord.normalize.calls import unquoted
from onrecord.normalize.draft import Draft
from onrecord.normalize.messages import calls_of, message, messages_of, parts_of, tools_of
from onrecord.normalize.values import as_int, as_text, as_texts, parsed

_KINDS: Final = {
    "ai.toolCall": "tool", "ai.generateText": "agent", "ai.streamText": "agent", "ai.generateObject": "agent",
    "ai.streamObject": "agent", "ai.embed": "chain", "ai.embedMany": "chain", "ai.rerank": "chain",
}  # fmt: skip
_INNER: Final = {"doGenerate": "llm", "doStream": "llm", "doEmbed": "embedding", "doRerank": "reranker"}
_PARAMETERS: Final = {
    "maxOutputTokens": "max_tokens", "maxTokens": "max_tokens", "topP": "top_p", "topK": "top_k",
    "frequencyPenalty": "frequency_penalty", "presencePenalty": "presence_penalty", "maxRetries": "max_retries",
    "stopSequences": "stop_sequences",
}  # fmt: skip
_COUNTS: Final = {
    "inputTokens": "input", "promptTokens": "input", "tokens": "input", "outputTokens": "output",
    "completionTokens": "output", "totalTokens": "total", "cachedInputTokens": "cache_read",
    "inputTokenDetails.cacheReadTokens": "cache_read", "inputTokenDetails.cacheWriteTokens": "cache_write",
    "reasoningTokens": "reasoning", "outputTokenDetails.reasoningTokens": "reasoning",
}  # fmt: skip
_PEOPLE: Final = (("user_id", ("userId", "user_id")), ("session_id", ("sessionId", "session_id", "chatId", "threadId")))
_PROVIDERS: Final = {"google.vertex": "gcp.vertex_ai", "google.generative-ai": "gcp.gemini"}


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span is the AI SDK's."""
    return (
        "ai.operationId" in attributes
        or "ai.response.providerMetadata" in attributes
        or "ai.settings.context.userId" in attributes
        or "ai.settings.context.sessionId" in attributes
        or "ai.prompt.toolChoice" in attributes
        or "ai.values" in attributes
        or "ai.value" in attributes
    )


def read(draft: Draft) -> None:
    """Read what is the AI SDK's own; the GenAI reader comes after it."""
    operation = draft.take_text("ai.operationId")
    fields = draft.fields
    if operation:
        fields["kind"] = _KINDS.get(operation) or _INNER.get(operation.rpartition(".")[2], "span")
    elif draft.attributes.get("gen_ai.operation.name") == "agent_step" or _is_outer_embedding(draft):
        fields["kind"] = "chain"
    _names(draft, operation)
    for prefix in ("ai.telemetry.metadata.", "ai.settings.context."):
        _metadata(draft, draft.take_map(prefix))
    _request(draft)
    _answer(draft)
    _usage(draft)
    if fields.get("kind") == "tool":
        _tool(draft)


def _is_outer_embedding(draft: Draft) -> bool:
    """Since 7 the outer span of an embedding looks like the call in it, but for the counts."""
    attributes = draft.attributes
    asked = "ai.values" in attributes or "ai.value" in attributes
    return asked and "gen_ai.usage.input_tokens" not in attributes and draft.otlp.status_code != 2  # noqa: PLR2004


def _names(draft: Draft, operation: str) -> None:
    """Function, model and provider, each of which stands under several names."""
    attributes = draft.attributes
    function = draft.take_text("ai.telemetry.functionId", "resource.name")
    draft.say("agent", function)
    if attributes.get("operation.name") in (operation, f"{operation} {function}"):
        del attributes["operation.name"]
    draft.say_text("model_requested", "ai.model.id", "gen_ai.request.model")
    provider = draft.take_text("ai.model.provider", "gen_ai.system")
    if provider:
        first_two = ".".join(provider.split(".")[:2])
        draft.fields["provider"] = _PROVIDERS.get(first_two) or provider.split(".")[0]


def _metadata(draft: Draft, values: dict[str, Any]) -> None:
    if not values:
        return
    for field, names in _PEOPLE:
        for name in names:
            if name in values and field not in draft.fields:
                draft.say(field, as_text(values.pop(name)))
    if "tags" in values:
        draft.say("tags", as_texts(values.pop("tags")))
    if "environment" in values:
        draft.say("environment", as_text(values.pop("environment")))
    draft.add_metadata(values)


def _request(draft: Draft) -> None:
    for name, value in draft.take_map("ai.settings.").items():
        draft.parameters[_PARAMETERS.get(name, name)] = value
    choice = draft.take("ai.prompt.toolChoice")
    if choice is not None:
        draft.parameters["tool_choice"] = parsed(choice)
    tools = draft.take("ai.prompt.tools")
    if tools is not None:
        draft.say("tools", tools_of(tools))
    messages, prompt = draft.take("ai.prompt.messages"), draft.take("ai.prompt")
    if messages is not None:
        draft.input.extend(_flat(one) for one in messages_of(messages))
    elif prompt is not None:
        draft.input.extend(_flat(one) for one in request_messages(parsed(prompt)))
    values = draft.take("ai.values") or draft.take("ai.value")
    if values is not None:
        draft.input.extend(message("user", as_text(unquoted(item))) for item in _items(values))


def _items(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _flat(one: Message) -> Message:
    """Results of tools stand in an envelope that says their type."""
    if one.role != "tool":
        return one
    return Message(role="tool", parts=tuple([_opened(part) for part in one.parts]), name=one.name, extra=one.extra)


def _opened(part: Part) -> Part:
    value = part.value
    if isinstance(value, dict) and value.keys() == {"type", "value"}:
        return Part(type=part.type, id=part.id, name=part.name, value=parsed(value["value"]), extra=part.extra)
    return part


def _answer(draft: Draft) -> None:
    """The answer, whose pieces have a name each."""
    take = draft.take
    parts: list[Part] = []
    reasoning = take("ai.response.reasoning")
    if reasoning:
        parts.extend(Part(type="reasoning", text=part.text) for part in parts_of(parsed(reasoning)))
    text = take("ai.response.text", "ai.result.text")
    said = take("ai.response.object", "ai.result.object") if not text else None
    if text or said:
        parts.append(Part(text=as_text(text or said)))
    files = take("ai.response.files")
    if files:
        parts.extend(parts_of(parsed(files)))
    parts.extend(calls_of(take("ai.response.toolCalls", "ai.result.toolCalls")))
    if parts:
        draft.output.append(Message(role="assistant", parts=tuple(parts)))
    reason = take("ai.response.finishReason", "ai.finishReason")
    if reason:
        draft.say("finish_reasons", (as_text(reason),))
    draft.say_text("response_id", "ai.response.id", "gen_ai.response.id")
    draft.say_text("model_served", "ai.response.model", "gen_ai.response.model")
    draft.say("time_to_first_token_ms", draft.take_float("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"))
    if draft.events:
        draft.take_events("ai.stream.firstChunk", "ai.stream.finish")


def _usage(draft: Draft) -> None:
    for name, value in draft.take_map("ai.usage.").items():
        count = as_int(value)
        field = _COUNTS.get(name)
        if count is None:
            draft.attributes[f"ai.usage.{name}"] = value
        elif field is None:
            draft.usage.setdefault("details", {})[name] = count
        else:
            draft.usage.setdefault(field, count)


def _tool(draft: Draft) -> None:
    tool = draft.tool
    tool["name"] = draft.take_text("ai.toolCall.name")
    tool["call_id"] = draft.take_text("ai.toolCall.id")
    for key, field in (("ai.toolCall.args", "arguments"), ("ai.toolCall.result", "result")):
        value = draft.take(key)
        if value is not None:
            tool[field] = unquoted(value)
