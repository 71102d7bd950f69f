"""Events of OpenAI's responses, put together.

The last event carries the whole response, and is believed. A stream that was cut before it is put together from its
items: an item is as its ``done`` event says, else as its pieces say. Source: OpenAI API reference, "Responses
streaming".
"""

from collections.abc import Iterable
from typing import Any, Final

from onrecord.normalize.growing import append, settled
from onrecord.normalize.stream import Told, Whole

_OPENING: Final = ("response.created", "response.in_progress", "response.queued")
_CLOSING: Final = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
_PARTS: Final = {
    "response.output_text.delta": ("output_text", "text"), "response.refusal.delta": ("refusal", "refusal"),
    "response.reasoning_text.delta": ("reasoning_text", "text"),
}  # fmt: skip
_FIELDS: Final = {
    "response.function_call_arguments.delta": "arguments", "response.custom_tool_call_input.delta": "input",
    "response.mcp_call_arguments.delta": "arguments", "response.code_interpreter_call_code.delta": "code",
}  # fmt: skip


def whole(told: Iterable[Told]) -> Whole:
    """The response that events tell."""
    found = Whole()
    items: dict[int, dict[str, Any]] = {}
    for one in told:
        event = one.value
        kind = event.get("type") if isinstance(event, dict) else None
        if not isinstance(kind, str):
            found.strange.append(event)
            continue
        response = event.get("response")
        if kind in _CLOSING and isinstance(response, dict):
            found.body, found.complete = response, True
            found.error = found.error or response.get("error")
        elif kind in _OPENING and isinstance(response, dict):
            found.body = dict(response)
        elif kind == "error":
            found.error = event.get("error") or event
        else:
            _event(items, kind, event)
            if kind.endswith(".delta") and not found.first:
                found.first = one.end
    if items and not found.complete:
        found.body["output"] = [settled(items[index]) for index in sorted(items)]
    return found


def _event(items: dict[int, dict[str, Any]], kind: str, event: dict[str, Any]) -> None:
    index = event.get("output_index")
    if not isinstance(index, int):
        return
    item = event.get("item")
    if kind in {"response.output_item.added", "response.output_item.done"} and isinstance(item, dict):
        items[index] = dict(item)
        return
    known = items.setdefault(index, {"type": "message", "role": "assistant", "content": []})
    delta = event.get("delta")
    if not isinstance(delta, str):
        return
    if kind in _PARTS:
        part_kind, field = _PARTS[kind]
        append(_part(known, "content", event.get("content_index"), part_kind), field, delta)
    elif kind == "response.reasoning_summary_text.delta":
        append(_part(known, "summary", event.get("summary_index"), "summary_text"), "text", delta)
    elif kind in _FIELDS:
        append(known, _FIELDS[kind], delta)


def _part(item: dict[str, Any], key: str, index: object, kind: str) -> dict[str, Any]:
    """The part of an item at an index, made when it is not there. An index beyond the next one is the next one."""
    parts = item.get(key)
    if not isinstance(parts, list):
        parts = item[key] = []
    at = index if isinstance(index, int) and 0 <= index < len(parts) else len(parts)
    if at == len(parts):
        parts.append({"type": kind})
    part = parts[at]
    if not isinstance(part, dict):
        part = parts[at] = {"type": kind}
    return part
