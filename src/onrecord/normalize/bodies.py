"""Bodies of providers and frameworks: the messages inside a request or response that was logged as JSON.

Knows OpenAI (chat, responses, completions), Anthropic, Gemini, Bedrock Converse, Cohere, Ollama, and the state that
LangChain and LangGraph pass around. A body of another shape has no messages.

``residue`` is what a body says beyond the messages, so that content is kept once: the JSON that an instrumentation
logs beside the messages repeats every one of them.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from onrecord.model.message import Message, Part
from onrecord.normalize.messages import message, message_of, messages_of, parts_of
from onrecord.normalize.values import as_text, first, parsed

_SYSTEM_KEYS: Final = ("instructions", "system", "systemInstruction", "system_instruction")
_MESSAGE_SIGNS: Final = ("role", "content", "parts", "type", "lc", "kwargs", "message")


def request_messages(body: Any) -> list[Message]:
    """The messages of a request, system messages first."""
    if isinstance(body, list):
        return messages_of(body) if _are_messages(body) else []
    if not isinstance(body, dict):
        return []
    found: list[Message] = []
    for key in _SYSTEM_KEYS:
        if body.get(key):
            found.append(_system(body[key]))
            break
    said = first(body, "messages", "input", "contents", "prompt")
    if isinstance(said, dict) and "messages" in said:  # LangGraph hands its state down as ``input``
        said = said["messages"]
    if isinstance(said, str) or _are_messages(said):
        found.extend(messages_of(said))
    elif isinstance(said, list) and said and all(isinstance(item, str) for item in said):
        found.extend(message("user", item) for item in said)
    return found


def response_messages(body: Any) -> list[Message]:
    """The messages of a response: every choice, or every message of a state."""
    if isinstance(body, list):
        return messages_of(body, "assistant") if _are_messages(body) else []
    if not isinstance(body, dict):
        return []
    for key, read in _RESPONSES:
        value = body.get(key)
        if value:
            found = read(value, body)
            if found:
                return found
    return []


def _system(value: Any) -> Message:
    if isinstance(value, dict) and isinstance(value.get("parts"), list):
        value = value["parts"]
    return Message(role="system", parts=parts_of(value))


def _are_messages(value: Any) -> bool:
    """Whether a list holds messages: maps that look like one, or lists of such (LangChain's batches)."""
    if not isinstance(value, list) or not value:
        return False
    item = value[0]
    if isinstance(item, list):
        return _are_messages(item)
    return isinstance(item, dict) and any(sign in item for sign in _MESSAGE_SIGNS)


def _choices(value: Any, _: Mapping[str, Any]) -> list[Message]:
    if not isinstance(value, list):
        return []
    return [message_of(choice, "assistant") for choice in value if isinstance(choice, dict)]


def _content(_: Any, body: Mapping[str, Any]) -> list[Message]:
    """Anthropic's message, or any map that is a message."""
    return [message_of(body, "assistant")] if "role" in body or "type" in body else []


def _items(value: Any, _: Mapping[str, Any]) -> list[Message]:
    """The output of OpenAI's responses: reasoning, messages and calls of one turn, which make one message."""
    if isinstance(value, str):
        return [message("assistant", value)]
    if isinstance(value, dict):
        inner = value.get("message")
        return [message_of(inner, "assistant")] if isinstance(inner, dict) else []
    if not _are_messages(value):
        return []
    found = messages_of(value, "assistant")
    if all(one.role == "assistant" for one in found):
        parts: list[Part] = [part for one in found for part in one.parts]
        return [Message(role="assistant", parts=tuple(parts), id=next((one.id for one in found if one.id), ""))]
    return found


def _candidates(value: Any, _: Mapping[str, Any]) -> list[Message]:
    found = []
    for candidate in value if isinstance(value, list) else []:
        if isinstance(candidate, dict):
            content = candidate.get("content")
            parts = content.get("parts") if isinstance(content, dict) else content
            reason = as_text(first(candidate, "finishReason", "finish_reason"))
            found.append(Message(role="assistant", parts=parts_of(parts), finish_reason=reason))
    return found


def _generations(value: Any, _: Mapping[str, Any]) -> list[Message]:
    if not isinstance(value, list):
        return []
    flat = [item for batch in value for item in (batch if isinstance(batch, list) else [batch])]
    found = []
    for item in flat:
        if isinstance(item, dict):
            inner = item.get("message")
            found.append(
                message_of(inner, "assistant") if isinstance(inner, dict) else message("assistant", item.get("text"))
            )
    return found


def _state(value: Any, _: Mapping[str, Any]) -> list[Message]:
    return messages_of(value, "assistant") if _are_messages(value) else []


def _one(value: Any, _: Mapping[str, Any]) -> list[Message]:
    return [message_of(value, "assistant")] if isinstance(value, dict) else []


_RESPONSES: Final = (
    ("choices", _choices), ("output", _items), ("candidates", _candidates), ("generations", _generations),
    ("messages", _state), ("content", _content), ("message", _one),
)  # fmt: skip


_WORDS: Final = frozenset(
    {"user", "assistant", "system", "tool", "text", "function", "message", "output_text", "input_text", "image_url",
     "input_image", "thinking", "reasoning", "summary_text", "tool_use", "tool_result", "tool_call", "function_call",
     "function_call_output", "human", "ai", "AIMessageChunk", "constructor"}
)  # fmt: skip
"""Words that say what a piece of a message is; messages say it in their own way."""


def texts_in(messages: Iterable[Message]) -> set[str]:
    """Every text that messages carry, values inside calls and results included."""
    known = set(_WORDS)
    for one in messages:
        known.update((one.role, one.name, one.id, one.finish_reason))
        for part in one.parts:
            known.update((part.type, part.text, part.id, part.name, part.uri, part.mime))
            if part.data:
                text = b64encode(part.data).decode()
                known.update((text, f"data:{part.mime};base64,{text}"))
            if part.value is not None:
                _add_texts(part.value, known)
            if part.extra:
                _add_texts(part.extra, known)
        if one.extra:
            _add_texts(one.extra, known)
    return known


def _add_texts(value: Any, known: set[str]) -> None:
    if isinstance(value, str):
        known.add(value)
    elif isinstance(value, dict):
        for item in value.values():
            _add_texts(item, known)
    elif isinstance(value, list):
        for item in value:
            _add_texts(item, known)
    elif value is not None:
        known.add(as_text(value))


_CONTENT_KEYS: Final = frozenset(
    {"messages", "input", "contents", "prompt", "choices", "output", "candidates", "generations", "content", "message",
     *_SYSTEM_KEYS}
)  # fmt: skip
_FIELD_KEYS: Final = frozenset({"id", "role", "type", "stop_reason", "finish_reason"})


def residue(body: Any, texts: Callable[[], set[str]], counts: set[Any]) -> Any:
    """What a body says beyond messages, fields and counts that are known; ``None`` when that is nothing.

    Texts are looked for only where a body carries messages: ``{"consent": "yes"}`` stays, whatever a message says.
    ``texts`` gathers the known ones, and is called only when there is such a place.
    """
    if not isinstance(body, dict):
        return _unknown(body, texts(), counts)
    left = {}
    known: set[str] | None = None
    for key, value in body.items():
        rest = value
        if key in _CONTENT_KEYS or key in _FIELD_KEYS:
            if known is None:
                known = texts()
            rest = _unknown(value, known, counts)
        elif "usage" in key:
            rest = _unknown(value, _NOTHING, counts)
        if rest is not None:
            left[key] = rest
    return left or None


_NOTHING: Final[frozenset[str]] = frozenset()


def _unknown(value: Any, known: AbstractSet[str], counts: set[Any]) -> Any:
    """What no known text says. JSON inside (arguments of calls) is known when every text in it is."""
    if isinstance(value, str):
        return None if not value or value in known or _is_known_json(value, known) else value
    if isinstance(value, dict):
        left = {}
        for key, item in value.items():
            rest = _unknown(item, known, counts) if key != "index" else None
            if rest is not None:
                left[key] = rest
        return left or None
    if isinstance(value, list):
        items = [rest for item in value if (rest := _unknown(item, known, counts)) is not None]
        return items or None
    return None if value is None or value in counts or (known and as_text(value) in known) else value


def _is_known_json(text: str, known: AbstractSet[str]) -> bool:
    if text[0] not in "{[":
        return False
    value = parsed(text)
    if value is text:
        return False
    said: set[str] = set()
    _add_texts(value, said)
    return said <= known
