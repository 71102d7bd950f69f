"""Messages of every provider and convention, in one shape: ``model.Message``.

Providers differ in where they put text, calls and media, not in what these are. One reader therefore knows the words
of all of them: OpenAI chat and responses, Anthropic, Gemini, Bedrock, GenAI parts, Vercel AI SDK parts, LangChain.
A piece that none of them names is kept whole as a ``data`` part; keys that no field carries stand in ``extra``.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from typing import Any, Final

from onrecord.model.message import Message, Part, ToolDefinition
from onrecord.normalize.values import as_text, first, parsed, without

_ROLES: Final = {
    "human": "user", "ai": "assistant", "model": "assistant", "bot": "assistant", "chatbot": "assistant",
    "function": "tool", "AIMessageChunk": "assistant",
}  # fmt: skip
"""Other words for the same role; a role that no one knows stays as it was sent."""

_MEDIA_WORDS: Final = ("image", "audio", "video", "file", "document", "media", "blob", "uri")


def message(role: str, content: Any = None, *, calls: Any = None, name: str = "", **more: Any) -> Message:
    """A message of a role from a content of any shape and the tool calls beside it.

    ``more`` are further fields of ``model.Message`` (``id``, ``finish_reason``, ``extra``).
    """
    role = _ROLES.get(role, role)
    if type(content) is str and calls is None:
        if role == "tool":
            parts: tuple[Part, ...] = (_result(more.pop("call_id", ""), name, content),)
        else:
            parts = (Part(text=content),) if content else ()
    else:
        parts = (*parts_of(content), *calls_of(calls))
    more.pop("call_id", None)
    return Message(role=role, parts=parts, name=name, **more)


def messages_of(value: Any, role: str = "user") -> list[Message]:
    """Every message that a value says: a text, a message, a list of either, or the JSON text of these.

    What is no message becomes one, of ``role``, so that nothing is lost.
    """
    value = parsed(value)
    if not value and value != 0:
        return []
    if isinstance(value, dict):
        return [message_of(value, role)]
    if not isinstance(value, list):
        return [message(role, as_text(value))]
    found: list[Message] = []
    for item in map(parsed, value):
        if isinstance(item, dict):
            found.append(message_of(item, role))
        elif isinstance(item, list):
            found.extend(messages_of(item, role))
        elif item is not None:
            found.append(message(role, as_text(item)))
    return found


_MESSAGE_KEYS: Final = frozenset(
    {"role", "content", "parts", "contents", "tool_calls", "toolCalls", "name", "id", "finish_reason", "tool_call_id",
     "refusal", "reasoning_content", "reasoning", "function_call"}
)  # fmt: skip


def message_of(value: Mapping[str, Any], role: str = "user") -> Message:
    """The message that a map says; ``role`` when it names none."""
    value = _unwrapped(value)
    kind = value.get("type")
    if "role" not in value and isinstance(kind, str) and _is_part(value, kind):
        part = part_of(value)
        return Message(role=_SPEAKERS.get(part.type, role), parts=(part,))
    said = value.get("role")
    role = as_text(said) if said else _ROLES.get(as_text(kind), role)
    role = _ROLES.get(role, role)
    content = first(value, "content", "parts", "contents", "text")
    call_id = as_text(value.get("tool_call_id") or value.get("toolCallId"))
    parts: list[Part] = []
    for key in ("reasoning_content", "reasoning"):
        thought = value.get(key)
        if type(thought) is str and thought:
            parts.append(Part(type="reasoning", text=thought))
            break
    if role == "tool" and (call_id or not isinstance(content, list)):
        parts.append(_result(call_id, as_text(value.get("name")), content))
    else:
        parts.extend(parts_of(content))
    if value.get("refusal"):
        parts.append(Part(type="refusal", text=as_text(value["refusal"])))
    parts.extend(calls_of(first(value, "tool_calls", "toolCalls")))
    if isinstance(value.get("function_call"), dict):
        parts.append(_call(value["function_call"]))
    return Message(
        role=role,
        parts=tuple(parts),
        name=as_text(value.get("name")),
        id=as_text(value.get("id")),
        finish_reason=as_text(first(value, "finish_reason", "stop_reason")),
        extra=without(value, _CARRIED),
    )


_SPEAKERS: Final = {"tool_result": "tool", "tool_call": "assistant", "reasoning": "assistant"}


def _is_part(value: Mapping[str, Any], kind: str) -> bool:
    """Whether a map without a role is a part that stands alone, as the items of OpenAI's responses do."""
    if kind in _ROLES or kind in _PLAIN_ROLES:
        return False
    return (
        kind in _ITEMS or kind in _REASONING_TYPES or not any(key in value for key in ("content", "parts", "message"))
    )


_PLAIN_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "message"})

_CARRIED: Final = _MESSAGE_KEYS | {"toolCallId", "stop_reason", "text"}


def _unwrapped(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message inside the envelopes that frameworks put around it."""
    inner = value.get("message")
    if isinstance(inner, dict) and "role" not in value and "content" not in value:
        reason = value.get("finish_reason")  # a choice of OpenAI's chat completions
        return {**inner, "finish_reason": reason} if reason else inner
    if value.get("lc") == 1 and isinstance(value.get("kwargs"), dict):  # LangChain's serialised constructor
        return value["kwargs"]  # type: ignore[no-any-return]
    data = value.get("data")
    if isinstance(data, dict) and "content" in data and "content" not in value:  # LangChain's message_to_dict
        return {"type": value.get("type"), **data}
    return value


def parts_of(content: Any) -> tuple[Part, ...]:
    """The parts of a content: a text, a list of parts, one part, or nothing."""
    if content is None or content == "":
        return ()
    if isinstance(content, str):
        return (Part(text=content),)
    if isinstance(content, list):
        return tuple([part for part in map(part_of, content) if part != _NOTHING])
    if isinstance(content, dict):
        return (part_of(content),)
    return (Part(text=as_text(content)),)


_NOTHING: Final = Part()
"""An empty text: what some clients put beside a tool call."""


def calls_of(value: Any) -> list[Part]:
    """Tool calls that stand beside a content (OpenAI, LangChain, Vercel)."""
    value = parsed(value)
    if not isinstance(value, list):
        value = [value] if isinstance(value, dict) else []
    return [_call(parsed(item)) for item in value]


def part_of(value: Any) -> Part:
    """One part, of whatever shape."""
    if not isinstance(value, dict):
        return Part(text=as_text(value))
    kind = as_text(value.get("type"))
    read = _ITEMS.get(kind)
    if read is not None:
        return read(value)
    if kind in _TEXT_TYPES or (not kind and isinstance(value.get("text"), str)):
        if value.get("thought") is True:  # Gemini
            return Part(type="reasoning", text=as_text(value.get("text")))
        text = first(value, "text", "content")
        return Part(text=as_text(text), extra=without(value, _TEXT_KEYS))
    if kind in _REASONING_TYPES:
        return _thought(value)
    if any(word in kind for word in _MEDIA_WORDS) or (not kind and _has_media(value)):
        return _media(value, kind)
    for key, reader in _UNTYPED:
        if isinstance(value.get(key), dict):
            return reader(value[key])
    return Part(type="data", extra=dict(value))


_TEXT_TYPES: Final = frozenset({"text", "input_text", "output_text", "summary_text"})
_TEXT_KEYS: Final = frozenset({"type", "text", "content"})
_REASONING_TYPES: Final = frozenset({"thinking", "reasoning", "reasoning_content", "redacted_thinking", "thought"})


def _thought(value: Mapping[str, Any]) -> Part:
    said = parsed(first(value, "thinking", "text", "reasoning", "content", "reasoning_content", "summary"))
    if isinstance(said, list):
        said = "\n".join(as_text(item.get("text")) if isinstance(item, dict) else as_text(item) for item in said)
    known = {"type", "thinking", "text", "reasoning", "content", "reasoning_content", "summary", "id"}
    return Part(
        type="reasoning", text=as_text(said), id=as_text(value.get("id")), extra=without(value, frozenset(known))
    )


_CALL_KEYS: Final = frozenset(
    {"type", "id", "call_id", "tool_call_id", "toolCallId", "toolUseId", "function", "name", "toolName", "tool_name",
     "arguments", "args", "input", "index"}
)  # fmt: skip


def _call(value: Any) -> Part:
    """A call that a model asks for: OpenAI's nested ``function``, Anthropic's ``input``, GenAI's ``arguments``."""
    if not isinstance(value, dict):
        return Part(type="tool_call", value=value)
    inner = value.get("function")
    source = inner if isinstance(inner, dict) else value
    return Part(
        type="tool_call",
        id=as_text(first(value, "call_id", "tool_call_id", "toolCallId", "toolUseId", "id")),
        name=as_text(first(source, "name", "toolName", "tool_name")),
        value=parsed(first(source, "arguments", "args", "input", "parameters")),
        extra=without(value, _CALL_KEYS),
    )


_RESULT_KEYS: Final = frozenset(
    {"type", "id", "call_id", "tool_call_id", "tool_use_id", "toolCallId", "toolUseId", "name", "toolName", "tool_name",
     "result", "response", "output", "content", "call"}
)  # fmt: skip


def _result_part(value: Mapping[str, Any]) -> Part:
    identity = as_text(first(value, "call_id", "tool_call_id", "tool_use_id", "toolCallId", "toolUseId", "id"))
    result = first(value, "result", "response", "output", "content")
    part = _result(identity, as_text(first(value, "name", "toolName", "tool_name")), result)
    extra = without(value, _RESULT_KEYS)
    return Part(type="tool_result", id=part.id, name=part.name, value=part.value, extra=extra) if extra else part


def _result(call_id: str, name: str, value: Any) -> Part:
    """The result of a call. A list of nothing but text parts is their text; JSON text is parsed."""
    if isinstance(value, list) and value and all(_only_text(item) for item in value):
        value = "\n".join(item["text"] for item in value)
    return Part(type="tool_result", id=call_id, name=name, value=parsed(value))


def _only_text(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("text"), str) and set(item) <= {"type", "text"}


_MEDIA_KEYS: Final = frozenset(
    {"type", "image_url", "url", "uri", "file_uri", "mime_type", "mimeType", "media_type", "mediaType", "data",
     "detail", "file_id", "fileUri", "image", "content"}
)  # fmt: skip


def _has_media(value: Mapping[str, Any]) -> bool:
    return any(key in value for key in ("inlineData", "inline_data", "fileData", "file_data", "image_url"))


def _media(value: Mapping[str, Any], kind: str) -> Part:
    """An image, a sound, a file: inline bytes, or the address where it lies."""
    source = value
    for key in (
        "source",
        "image_url",
        "input_audio",
        "inlineData",
        "inline_data",
        "fileData",
        "file_data",
        "file",
        "image",
    ):
        if isinstance(value.get(key), dict):
            source = value[key]
            break
    mime = as_text(
        first(source, "mime_type", "mimeType", "media_type", "mediaType") or first(value, "mediaType", "format")
    )
    address = first(source, "url", "uri", "image_url", "fileUri", "file_uri", "file_id", "image")
    inline = first(source, "data", "content", "file_data", "bytes")
    extra = {key: item for key, item in value.items() if key not in _MEDIA_KEYS and item is not source}
    modality = as_text(value.get("modality")) or kind
    return media(address, inline, mime, {**extra, "kind": modality} if modality else extra)


def media(address: Any, inline: Any, mime: str = "", extra: dict[str, Any] | None = None) -> Part:
    """A media part from an address (also a ``data:`` URL) or inline bytes (also base64 text)."""
    text = as_text(address)
    if text.startswith("data:"):
        head, _, body = text[5:].partition(",")
        mime = mime or head.partition(";")[0]
        inline, text = body, ""
    data = b""
    if isinstance(inline, bytes):
        data = inline
    elif isinstance(inline, str) and inline:
        try:
            data = b64decode(inline, validate=True)
        except (NotBase64, ValueError):
            extra = {**(extra or {}), "data": inline}
    elif inline is not None:
        extra = {**(extra or {}), "data": inline}
    return Part(type="media", uri=text, mime=mime, data=data, extra=extra or {})


_ITEMS: Final[dict[str, Callable[[dict[str, Any]], Part]]] = {
    "tool_call": _call, "tool-call": _call, "tool_use": _call, "function_call": _call, "function": _call,
    "server_tool_use": _call, "server_tool_call": _call, "custom_tool_call": _call,
    "tool_call_response": _result_part, "tool_result": _result_part, "tool-result": _result_part,
    "function_call_output": _result_part, "server_tool_call_response": _result_part,
    "custom_tool_call_output": _result_part, "web_search_tool_result": _result_part,
    "refusal": lambda value: Part(type="refusal", text=as_text(first(value, "refusal", "text", "content"))),
}  # fmt: skip

_UNTYPED: Final = (
    ("functionCall", _call), ("function_call", _call), ("toolUse", _call),
    ("functionResponse", _result_part), ("function_response", _result_part), ("toolResult", _result_part),
)  # fmt: skip
"""Parts that name their kind by their only key (Gemini, Bedrock)."""


def tools_of(value: Any) -> tuple[ToolDefinition, ...]:
    """Tool definitions of any provider, from a list or its JSON text."""
    value = parsed(value)
    if isinstance(value, dict) and not ("name" in value or "function" in value):
        value = [{"name": name, **tool} if isinstance(tool, dict) else tool for name, tool in value.items()]
    if not isinstance(value, list):
        value = [value] if value else []
    return tuple([tool_of(parsed(item)) for item in value])


_TOOL_KEYS: Final = frozenset({"name", "description", "parameters", "input_schema", "inputSchema", "function"})


def tool_of(value: Any) -> ToolDefinition:
    """One tool definition: OpenAI's (nested or flat), Anthropic's, MCP's, Vercel's; or a bare name."""
    if not isinstance(value, dict):
        return ToolDefinition(name=as_text(value))
    inner = value.get("function")
    source = {**value, **inner} if isinstance(inner, dict) else value
    extra = without(source, _TOOL_KEYS)
    if extra.get("type") == "function":
        del extra["type"]
    return ToolDefinition(
        name=as_text(first(source, "name", "type")),
        description=as_text(source.get("description")),
        parameters=parsed(first(source, "parameters", "input_schema", "inputSchema")),
        extra=extra,
    )
