"""LangChain's objects inside the JSON of a run: messages, prompts and documents, in the plain words that all share.

LangChain writes one message in three ways: as a serialised constructor (``{"lc": 1, "id": [...], "kwargs": {...}}``),
as its own fields (``{"type": "human", "content": ...}``), and inside a generation. What a message carries of the call
that made it (``response_metadata``, ``usage_metadata``) stands on the span of that call, and is not repeated here.
Source: langchain-core 1.7.2, ``load/serializable.py`` and ``messages/``.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.normalize.values import as_text, first

ROLES: Final = {
    "human": "user", "HumanMessage": "user", "HumanMessageChunk": "user", "ai": "assistant", "AIMessage": "assistant",
    "AIMessageChunk": "assistant", "system": "system", "SystemMessage": "system", "SystemMessageChunk": "system",
    "tool": "tool", "ToolMessage": "tool", "ToolMessageChunk": "tool", "function": "tool", "FunctionMessage": "tool",
    "chat": "", "ChatMessage": "", "remove": "remove", "developer": "developer",
}  # fmt: skip
_OF_THE_CALL: Final = frozenset(
    {
        "type",
        "response_metadata",
        "usage_metadata",
        "invalid_tool_calls",
        "tool_call_chunks",
        "example",
        "chunk_position",
    }
)
_SIGNS: Final = ("additional_kwargs", "response_metadata")
"""Fields that every message of LangChain has, and hardly any other map."""


def opened(value: Any) -> Any:
    """The same value with LangChain's objects as plain maps. Nesting is bounded by whoever decoded the value."""
    if isinstance(value, list):
        return [opened(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("lc") == 1 and isinstance(value.get("kwargs"), dict):
        return _constructed(value)
    kind = value.get("type")
    if isinstance(kind, str) and kind in ROLES and "content" in value and any(sign in value for sign in _SIGNS):
        return _message(value, kind)
    return {key: opened(item) for key, item in value.items()}


def _constructed(value: Mapping[str, Any]) -> Any:
    path = value.get("id")
    word = as_text(path[-1]) if isinstance(path, list) and path else ""
    kwargs = value["kwargs"]
    if word in ROLES:
        return _message(kwargs, word)
    return {key: opened(item) for key, item in kwargs.items()}


def _message(fields: Mapping[str, Any], word: str) -> dict[str, Any]:
    calls = fields.get("tool_calls")
    plain: dict[str, Any] = {"role": ROLES[word] or as_text(fields.get("role"))}
    for key, item in fields.items():
        if key not in _OF_THE_CALL and key not in plain and item not in _NOTHING:
            plain[key] = opened(item)
    plain["content"] = _content(fields.get("content"), calls)
    more = plain.get("additional_kwargs")
    if isinstance(more, dict):
        known = ("tool_calls", "function_call") if calls else ()
        more = {key: item for key, item in more.items() if item is not None and key not in known}
        plain.pop("additional_kwargs")
        if more:
            plain["additional_kwargs"] = more
    return plain


_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})


def _content(content: Any, calls: Any) -> Any:
    """The content without the calls that stand beside it too (Anthropic's messages say them twice)."""
    if not isinstance(content, list) or not isinstance(calls, list):
        return content
    told = {as_text(call.get("id")) for call in calls if isinstance(call, dict)}
    return [
        part
        for part in content
        if not (isinstance(part, dict) and part.get("type") in ("tool_use", "function_call") and _id_of(part) in told)
    ]


def _id_of(part: Mapping[str, Any]) -> str:
    return as_text(first(part, "call_id", "id"))


def first_generation(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The message of the first generation of an ``LLMResult``: its fields, or none."""
    value: Any = outputs.get("generations")
    while isinstance(value, list) and value:
        value = value[0]
    inner = value.get("message") if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        return {}
    kwargs = inner.get("kwargs") if inner.get("lc") == 1 else inner.get("data", inner)
    return kwargs if isinstance(kwargs, dict) else {}
