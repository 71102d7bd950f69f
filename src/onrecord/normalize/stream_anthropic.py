"""Events of Anthropic's messages, put together.

``message_start`` brings the message, blocks grow by their index, ``message_delta`` brings the end and the counts: its
numbers are totals, not differences. Source: Anthropic API reference, "Streaming messages".
"""

from collections.abc import Iterable
from typing import Any, Final

import orjson

from onrecord.normalize.growing import append, settled
from onrecord.normalize.stream import Told, Whole

_TEXTS: Final = {
    "text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature",
    "input_json_delta": "partial_json",
}  # fmt: skip
"""The field of a delta that is a piece of text, by the delta's type."""


def whole(told: Iterable[Told]) -> Whole:
    """The message that events tell."""
    found = Whole()
    blocks: dict[int, dict[str, Any]] = {}
    for one in told:
        event = one.value
        kind = event.get("type") if isinstance(event, dict) else None
        match kind:
            case "message_start" if isinstance(event.get("message"), dict):
                found.body.update(event["message"])
            case "content_block_start" if isinstance(event.get("content_block"), dict):
                blocks[_index(event)] = dict(event["content_block"])
            case "content_block_delta" if isinstance(event.get("delta"), dict):
                found.first = found.first or one.end
                _grow(blocks.setdefault(_index(event), {"type": "text"}), event["delta"])
            case "message_delta":
                _end(found.body, event)
            case "message_stop":
                found.complete = True
            case "error":
                found.error = event.get("error") or event
            case "ping" | "content_block_stop":
                pass
            case _:
                found.strange.append(event)
    if blocks:
        found.body["content"] = [_closed(blocks[index]) for index in sorted(blocks)]
    return found


def _index(event: dict[str, Any]) -> int:
    index = event.get("index")
    return index if isinstance(index, int) else 0


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    kind = delta.get("type")
    field = _TEXTS.get(kind) if isinstance(kind, str) else None
    piece = delta.get(field) if field else None
    if field and isinstance(piece, str):
        append(block, field, piece)
    elif kind == "citations_delta":
        known = block.get("citations")
        block["citations"] = [*(known if isinstance(known, list) else []), delta.get("citation")]
    else:
        block.setdefault("deltas", []).append(delta)


def _closed(block: dict[str, Any]) -> dict[str, Any]:
    """A block as it stands in a whole message: the pieces of a call's input are the JSON that they make."""
    made: dict[str, Any] = settled(block)
    partial = made.pop("partial_json", None)
    if partial:
        try:
            made["input"] = orjson.loads(partial)
        except ValueError:  # cut: what arrived stays text
            made["input"] = partial
    return made


def _end(body: dict[str, Any], event: dict[str, Any]) -> None:
    delta = event.get("delta")
    if isinstance(delta, dict):
        body.update({key: value for key, value in delta.items() if value is not None or key not in body})
    counts = event.get("usage")
    if isinstance(counts, dict):
        known = body.get("usage")
        said = {key: value for key, value in counts.items() if value is not None}
        body["usage"] = {**(known if isinstance(known, dict) else {}), **said}
    body.update({key: value for key, value in event.items() if key not in {"type", "delta", "usage"}})
