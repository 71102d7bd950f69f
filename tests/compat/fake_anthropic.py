"""The Anthropic wire format of the fake provider: messages, whole and streamed.

Anthropic counts cached tokens *besides* ``input_tokens``; ``Reply.input`` is their sum. Source: Anthropic API
reference.
"""

import json
from collections.abc import Iterator
from typing import Any

from tests.compat import plot
from tests.compat.plot import Reply

Json = dict[str, Any]


def messages_reply(request: Json) -> Reply:
    """What to say to a messages request."""
    content = request["messages"][-1]["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return plot.reply_to(
        "".join(block.get("text", "") for block in blocks),
        tools=bool(request.get("tools")),
        answers_tool=any(block.get("type") == "tool_result" for block in blocks),
        thinking=(request.get("thinking") or {}).get("type") == "enabled",
    )


def _usage(reply: Reply) -> Json:
    return {
        "input_tokens": reply.input - reply.cache_read - reply.cache_write,
        "cache_creation_input_tokens": reply.cache_write,
        "cache_read_input_tokens": reply.cache_read,
        "output_tokens": reply.output,
        "service_tier": "standard",
    }


def _content(reply: Reply, number: int) -> list[Json]:
    blocks: list[Json] = []
    if reply.thought:
        blocks.append({"type": "thinking", "thinking": reply.thought, "signature": "c2lnbmF0dXJl"})
    if reply.call is not None:
        blocks.append({"type": "tool_use", "id": f"toolu_{number:04}", "name": "get_weather", "input": reply.call})
    else:
        blocks.append({"type": "text", "text": reply.text or reply.refusal})
    return blocks


def messages(request: Json, reply: Reply, number: int) -> Json:
    """A whole message."""
    stop = "tool_use" if reply.call is not None else "refusal" if reply.refusal else "end_turn"
    return {
        "id": f"msg_{number:04}",
        "type": "message",
        "role": "assistant",
        "model": plot.SERVED.get(request["model"], request["model"]),
        "content": _content(reply, number),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": _usage(reply),
    }


def _block_events(block: Json, index: int, reply: Reply) -> Iterator[Json]:
    kind = block["type"]
    opened: Json = {"type": kind}
    deltas: list[Json]
    if kind == "thinking":
        opened |= {"thinking": "", "signature": ""}
        deltas = [
            {"type": "thinking_delta", "thinking": block["thinking"]},
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    elif kind == "tool_use":
        opened |= {"id": block["id"], "name": block["name"], "input": {}}
        arguments = json.dumps(block["input"])
        half = len(arguments) // 2
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in (arguments[:half], arguments[half:])]
    else:
        opened |= {"text": ""}
        pieces = reply.pieces() if reply.text else [reply.refusal]
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
    yield {"type": "content_block_start", "index": index, "content_block": opened}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def messages_stream(request: Json, reply: Reply, number: int) -> Iterator[tuple[str, Json]]:
    """The named events of a streamed message."""
    final = messages(request, reply, number)
    opening = {**final, "content": [], "stop_reason": None, "usage": {**final["usage"], "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": opening}]
    for index, block in enumerate(final["content"]):
        events += _block_events(block, index, reply)
    stop = {"stop_reason": final["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": stop, "usage": {"output_tokens": reply.output}})
    events.append({"type": "message_stop"})
    for event in events:
        yield event["type"], event


def error(status: int) -> Json:
    """The body of a failed request."""
    kind = "rate_limit_error" if status == 429 else "api_error"
    message = "Number of request tokens has exceeded your rate limit." if status == 429 else "Internal server error"
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_fake"}
