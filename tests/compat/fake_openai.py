"""The OpenAI wire formats of the fake provider: chat completions, responses, embeddings; whole and streamed.

Pure functions from a request body and a ``Reply`` to response bodies or stream events. Source: OpenAI API reference.
"""

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any

from tests.compat import plot
from tests.compat.plot import Reply

Json = dict[str, Any]
CREATED = 1_700_000_000


def text_of(content: Any) -> str:
    """The words of a message's content, whether a string or a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def chat_reply(request: Json) -> Reply:
    """What to say to a chat completion request."""
    last = request["messages"][-1]
    return plot.reply_to(
        text_of(last.get("content")),
        tools=bool(request.get("tools")),
        answers_tool=last["role"] in ("tool", "function"),
        thinking=False,
    )


def _chat_usage(reply: Reply) -> Json:
    return {
        "prompt_tokens": reply.input,
        "completion_tokens": reply.output,
        "total_tokens": reply.input + reply.output,
        "prompt_tokens_details": {"cached_tokens": reply.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reply.reasoning, "audio_tokens": 0},
    }


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.call is not None else "stop"


def _chat_head(request: Json, number: int, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{number:04}",
        "object": kind,
        "created": CREATED,
        "model": plot.SERVED.get(request["model"], request["model"]),
        "system_fingerprint": "fp_fake",
        "service_tier": "default",
    }


def chat(request: Json, reply: Reply, number: int) -> Json:
    """A whole chat completion."""
    message: Json = {"role": "assistant", "content": reply.text or None, "refusal": reply.refusal or None}
    if reply.call is not None:
        function = {"name": "get_weather", "arguments": json.dumps(reply.call)}
        message["tool_calls"] = [{"id": f"call_{number:04}", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}
    return {**_chat_head(request, number, "chat.completion"), "choices": [choice], "usage": _chat_usage(reply)}


def chat_stream(request: Json, reply: Reply, number: int) -> Iterator[tuple[str, Json]]:
    """The chunks of a streamed chat completion: ``("", chunk)`` since its events have no names."""
    head = _chat_head(request, number, "chat.completion.chunk")
    deltas: list[Json] = [{"role": "assistant", "content": "", "refusal": None}]
    if reply.call is not None:
        arguments = json.dumps(reply.call)
        function = {"name": "get_weather", "arguments": ""}
        deltas.append(
            {"tool_calls": [{"index": 0, "id": f"call_{number:04}", "type": "function", "function": function}]}
        )
        half = len(arguments) // 2
        deltas += [
            {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
            for piece in (arguments[:half], arguments[half:])
        ]
    elif reply.refusal:
        deltas.append({"refusal": reply.refusal})
    else:
        deltas += [{"content": piece} for piece in reply.pieces()]
    for delta in deltas:
        yield "", {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
    yield "", {**head, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": _finish(reply)}]}
    if (request.get("stream_options") or {}).get("include_usage"):
        yield "", {**head, "choices": [], "usage": _chat_usage(reply)}


def responses_reply(request: Json) -> Reply:
    """What to say to a Responses API request."""
    given = request["input"]
    last = {"content": given} if isinstance(given, str) else given[-1]
    return plot.reply_to(
        text_of(last.get("content")),
        tools=bool(request.get("tools")),
        answers_tool=last.get("type") == "function_call_output",
        thinking=bool(request.get("reasoning")),
    )


def _output_items(reply: Reply, number: int) -> list[Json]:
    items: list[Json] = []
    if reply.thought:
        summary = [{"type": "summary_text", "text": reply.thought}]
        items.append({"id": f"rs_{number:04}", "type": "reasoning", "summary": summary})
    if reply.call is not None:
        items.append(
            {
                "id": f"fc_{number:04}",
                "type": "function_call",
                "status": "completed",
                "call_id": f"call_{number:04}",
                "name": "get_weather",
                "arguments": json.dumps(reply.call),
            }
        )
        return items
    part = (
        {"type": "refusal", "refusal": reply.refusal}
        if reply.refusal
        else {"type": "output_text", "text": reply.text, "annotations": []}
    )
    message = {"id": f"msg_{number:04}", "type": "message", "role": "assistant", "status": "completed"}
    items.append({**message, "content": [part]})
    return items


def responses(request: Json, reply: Reply, number: int) -> Json:
    """A whole response of the Responses API."""
    kept = ("instructions", "max_output_tokens", "temperature", "top_p", "reasoning", "metadata", "user", "text")
    return {
        "id": f"resp_{number:04}",
        "object": "response",
        "created_at": CREATED,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": plot.SERVED.get(request["model"], request["model"]),
        "output": _output_items(reply, number),
        "parallel_tool_calls": True,
        "tool_choice": request.get("tool_choice") or "auto",
        "tools": request.get("tools") or [],
        **{key: request[key] for key in kept if request.get(key) is not None},
        "usage": {
            "input_tokens": reply.input,
            "input_tokens_details": {"cached_tokens": reply.cache_read},
            "output_tokens": reply.output,
            "output_tokens_details": {"reasoning_tokens": reply.reasoning},
            "total_tokens": reply.input + reply.output,
        },
    }


def _text_events(item: Json, position: int, reply: Reply) -> Iterator[Json]:
    where = {"item_id": item["id"], "output_index": position, "content_index": 0}
    part = item["content"][0]
    empty = {"type": "output_text", "text": "", "annotations": []}
    yield {"type": "response.content_part.added", **where, "part": empty}
    for piece in reply.pieces():
        yield {"type": "response.output_text.delta", **where, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **where, "text": reply.text, "logprobs": []}
    yield {"type": "response.content_part.done", **where, "part": part}


def _item_events(item: Json, position: int, reply: Reply) -> Iterator[Json]:
    opened = {**item}
    if item["type"] == "message":
        opened |= {"content": [], "status": "in_progress"}
    if item["type"] == "function_call":
        opened |= {"arguments": "", "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": position, "item": opened}
    if item["type"] == "message" and reply.text:
        yield from _text_events(item, position, reply)
    if item["type"] == "function_call":
        where = {"item_id": item["id"], "output_index": position}
        yield {"type": "response.function_call_arguments.delta", **where, "delta": item["arguments"]}
        done = {**where, "name": item["name"], "arguments": item["arguments"]}
        yield {"type": "response.function_call_arguments.done", **done}
    yield {"type": "response.output_item.done", "output_index": position, "item": item}


def responses_stream(request: Json, reply: Reply, number: int) -> Iterator[tuple[str, Json]]:
    """The named events of a streamed response."""
    final = responses(request, reply, number)
    opened = {**final, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [
        {"type": "response.created", "response": opened},
        {"type": "response.in_progress", "response": opened},
    ]
    for position, item in enumerate(final["output"]):
        events += _item_events(item, position, reply)
    events.append({"type": "response.completed", "response": final})
    for sequence, event in enumerate(events):
        yield event["type"], {**event, "sequence_number": sequence}


def embeddings(request: Json) -> Json:
    """Four-dimensional embeddings: enough for a retriever to rank by, small enough for a fixture."""
    given = request["input"]
    texts = given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]
    data: list[Json] = []
    for index, text in enumerate(texts):
        shared = len(set(str(text).lower().split()) & {"lisbon", "lisbon?", "tagus.", "river"})
        vector = [0.5, 0.25 * shared, 0.125, 1.0]
        packed = base64.b64encode(struct.pack("<4f", *vector)).decode()
        data.append(
            {
                "object": "embedding",
                "index": index,
                "embedding": packed if request.get("encoding_format") == "base64" else vector,
            }
        )
    usage = {"prompt_tokens": 9 * len(texts), "total_tokens": 9 * len(texts)}
    return {"object": "list", "data": data, "model": request["model"], "usage": usage}


def error(status: int) -> Json:
    """The body of a failed request."""
    if status == 429:
        message = "Rate limit reached for gpt-4o-mini on requests per min. Limit: 3."
        return {"error": {"message": message, "type": "requests", "param": None, "code": "rate_limit_exceeded"}}
    message = "The server had an error while processing your request."
    return {"error": {"message": message, "type": "server_error", "param": None, "code": None}}
