"""What a request to a provider says: model, messages, tools, parameters, who it is for.

What no field of a span carries is a parameter, under GenAI's name where there is one and under the provider's where
there is none, so that nothing of a request is lost.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.message import Message, Part
from onrecord.normalize.bodies import request_messages
from onrecord.normalize.endpoints import model_in
from onrecord.normalize.messages import tools_of
from onrecord.normalize.values import as_text

_PARAMETERS: Final = {
    "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens", "maxOutputTokens": "max_tokens",
    "stop": "stop_sequences", "stopSequences": "stop_sequences", "n": "choice.count", "candidateCount": "choice.count",
    "topP": "top_p", "topK": "top_k", "frequencyPenalty": "frequency_penalty", "presencePenalty": "presence_penalty",
    "random_seed": "seed",
}  # fmt: skip
_CONFIGURATION: Final = ("generationConfig", "generation_config", "options")
"""Maps of parameters inside a request: Gemini's, Ollama's."""
_SAID: Final = frozenset(
    {"model", "messages", "system", "instructions", "systemInstruction", "system_instruction", "contents", "input",
     "prompt", "tools", "functions", "metadata", "user", *_CONFIGURATION}
)  # fmt: skip


def request_fields(body: Any, path: str, dialect: str) -> dict[str, Any]:
    """Fields of ``model.Span`` from a request's JSON."""
    fields: dict[str, Any] = {"model_requested": model_in(path)}
    if not isinstance(body, dict):
        return fields
    if isinstance(body.get("model"), str):
        fields["model_requested"] = body["model"]
    messages = tuple(_messages(body)) if dialect else (_whole(body),)
    if messages:
        fields["input"] = messages
    tools = _tools(body)
    if tools:
        fields["tools"] = tools_of(tools)
    parameters = _parameters(body) if dialect else {}
    if dialect and not messages:
        parameters |= {key: body[key] for key in ("contents", "input", "prompt", "messages") if body.get(key)}
    if parameters:
        fields["parameters"] = parameters
    _people(body, fields)
    return fields


def _messages(body: dict[str, Any]) -> list[Message]:
    """The messages; Gemini's embeddings have one content, or a batch of requests that have one each."""
    if isinstance(body.get("content"), dict):
        return request_messages({"contents": [body["content"]]})
    batch = body.get("requests")
    if isinstance(batch, list):
        contents = [one["content"] for one in batch if isinstance(one, dict) and "content" in one]
        return request_messages({"contents": contents})
    return request_messages(body)


def _whole(body: dict[str, Any]) -> Message:
    """A request of an API that nobody here reads, as it is."""
    return Message(role="user", parts=(Part(type="data", extra=body),))


def _tools(body: Mapping[str, Any]) -> list[Any]:
    """Tool definitions; Gemini's are lists inside a list, and its own ones a map of one name."""
    found: list[Any] = []
    for key in ("tools", "functions"):
        for tool in body[key] if isinstance(body.get(key), list) else []:
            if not isinstance(tool, dict):
                found.append(tool)
                continue
            declared = tool.get("functionDeclarations") or tool.get("function_declarations")
            if isinstance(declared, list):
                found += declared
            elif len(tool) == 1 and isinstance(own := next(iter(tool.values())), dict):
                found.append({"name": next(iter(tool)), **own})
            else:
                found.append(tool)
    return found


def _parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in body.items() if key not in _SAID and key not in {"content", "requests"}}
    for key in _CONFIGURATION:
        if isinstance(body.get(key), dict):
            given |= body[key]
    return {_PARAMETERS.get(key, key): value for key, value in given.items() if value is not None}


def _people(body: Mapping[str, Any], fields: dict[str, Any]) -> None:
    """Who it is for: OpenAI's ``user``, Anthropic's ``metadata.user_id``."""
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        rest = dict(metadata)
        user = rest.pop("user_id", None)
        if user is not None:
            fields["user_id"] = as_text(user)
        if rest:
            fields["metadata"] = rest
    if body.get("user"):
        fields["user_id"] = as_text(body["user"])
