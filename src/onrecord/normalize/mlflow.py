"""MLflow tracing, exported over OTLP: every attribute is JSON text, request and response are kept whole.

Source: mlflow 3.17 as captured in tests/golden.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.span import KINDS
from onrecord.normalize.bodies import request_messages, residue, response_messages, texts_in
from onrecord.normalize.calls import say_sides, unquoted
from onrecord.normalize.draft import Draft
from onrecord.normalize.genai import document_of
from onrecord.normalize.messages import messages_of, tools_of
from onrecord.normalize.values import as_int, as_list, as_map, as_text, as_texts

_KINDS: Final = {
    "CHAT_MODEL": "llm", "PARSER": "chain", "WORKFLOW": "chain", "TASK": "chain", "UNKNOWN": "span",
}  # fmt: skip
_CALLS: Final = ("llm", "embedding")
_CONTENT: Final = frozenset({"messages", "input", "instructions", "system", "prompt", "contents", "tools", "model"})
_PROVIDERS: Final = frozenset({"openai", "anthropic", "gemini", "bedrock", "groq", "mistral"})
"""Formats of messages that one provider's client speaks; others are frameworks."""
_COUNTS: Final = (
    ("input", ("input_tokens", "prompt_tokens")), ("output", ("output_tokens", "completion_tokens")),
    ("total", ("total_tokens",)), ("cache_read", ("cache_read_input_tokens",)),
    ("cache_write", ("cache_creation_input_tokens",)),
)  # fmt: skip


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span is MLflow's."""
    return "mlflow.spanType" in attributes or "mlflow.spanInputs" in attributes


def read(draft: Draft) -> None:
    """Read an MLflow span."""
    take = draft.take
    word = as_text(unquoted(take("mlflow.spanType")))
    kind = _KINDS.get(word) or (word.lower() if word.lower() in KINDS else "span")
    draft.fields["kind"] = kind
    given, gave = unquoted(take("mlflow.spanInputs")), unquoted(take("mlflow.spanOutputs"))
    if kind in _CALLS:
        _call(draft, given, gave)
    elif kind == "tool":
        draft.tool.update({"name": draft.otlp.name, "arguments": given, "result": gave})
    elif kind in ("retriever", "reranker"):
        _retrieval(draft, given, gave)
    else:
        say_sides(draft, given, gave)
    _people(draft)
    if draft.events:
        _chunks(draft)
    for key in [key for key in draft.attributes if not key.startswith(("mlflow.", "gen_ai."))]:
        draft.metadata.setdefault(key, unquoted(draft.attributes.pop(key)))


def _call(draft: Draft, given: Any, gave: Any) -> None:
    """A model call: what was asked for and what came stand in the bodies of the provider's own API."""
    request, response = as_map(given), as_map(gave)
    draft.input.extend(request_messages(given) or messages_of(given if not request else None))
    draft.output.extend(response_messages(gave) or messages_of(gave if not response else None, "assistant"))
    for name, value in request.items():
        if name in draft.attributes and unquoted(draft.attributes[name]) == value:
            del draft.attributes[name]  # the request once more, a name per field
        if name == "user":
            draft.metadata.setdefault("user", value)
        elif name not in _CONTENT and value is not None:
            draft.parameters[name] = value
    for name in ("model", "temperature", "max_tokens"):
        if name in draft.attributes and name in request:
            del draft.attributes[name]
    tools = draft.take("mlflow.chat.tools")
    draft.say("tools", tools_of(request.get("tools") or unquoted(tools)))
    served = as_text(unquoted(draft.take("mlflow.llm.model")))
    draft.say("model_requested", as_text(request.get("model")))
    draft.say("model_served", as_text(response.get("model")) or served)
    draft.say("provider", as_text(unquoted(draft.take("mlflow.llm.provider"))))
    spoken = as_text(unquoted(draft.attributes.get("mlflow.message.format")))
    if spoken in _PROVIDERS:
        draft.say("provider", spoken)
    draft.say("response_id", as_text(response.get("id")))
    _usage(draft, as_map(unquoted(draft.take("mlflow.chat.tokenUsage"))), as_map(response.get("usage")))
    _rest(draft, response)


def _usage(draft: Draft, counted: dict[str, Any], raw: dict[str, Any]) -> None:
    for field, names in _COUNTS:
        for source in (counted, raw):
            for name in names:
                count = as_int(source.get(name))
                if count is not None:
                    draft.usage.setdefault(field, count)
    for details in ("completion_tokens_details", "output_tokens_details"):
        count = as_int(as_map(raw.get(details)).get("reasoning_tokens"))
        if count is not None:
            draft.usage.setdefault("reasoning", count)


def _rest(draft: Draft, response: dict[str, Any]) -> None:
    """What the response says beyond message, model, id and counts stays."""
    said = [*draft.input, *draft.output]
    known = {value for value in draft.usage.values() if isinstance(value, int)}
    rest = residue(response, lambda: texts_in(said), known)
    if isinstance(rest, dict):
        for name in ("model", "usage", "tools", "instructions", *draft.parameters):
            rest.pop(name, None)
    if rest:
        draft.attributes["mlflow.spanOutputs"] = rest


def _retrieval(draft: Draft, given: Any, gave: Any) -> None:
    values = [value for value in given.values() if isinstance(value, str)] if isinstance(given, dict) else []
    draft.say("query", values[0] if len(values) == 1 else as_text(given))
    draft.documents.extend(document_of(item) for item in as_list(gave))


def _people(draft: Draft) -> None:
    for field, key in (("user_id", "mlflow.trace.user"), ("session_id", "mlflow.trace.session")):
        draft.say(field, as_text(unquoted(draft.take(key))))
    tags = draft.take_map("mlflow.traceTag.")
    if tags:
        draft.say("tags", as_texts([f"{name}:{as_text(unquoted(value))}" for name, value in tags.items()]))


def _chunks(draft: Draft) -> None:
    """Streams leave one event per chunk, which the output puts together: the first tells when the answer began."""
    chunks = [event for event in draft.events if event.name.startswith("mlflow.chunk.item.")]
    if chunks:
        draft.events = [event for event in draft.events if not event.name.startswith("mlflow.chunk.item.")]
        draft.say("time_to_first_token_ms", (chunks[0].time_unix_nano - draft.otlp.start_unix_nano) / 1e6)
