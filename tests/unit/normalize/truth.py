"""What the fake provider was asked and said, in the words of the model: read from ``exchanges.json``, never from spans.

A second, independent reading of the providers' formats: what is compared with it was written by other code.
"""

import json
from base64 import b64decode
from typing import Any

Json = dict[str, Any]
Piece = tuple[Any, ...]
Told = list[tuple[str, list[Piece]]]


def _value(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _pieces(content: Any) -> list[Piece]:
    if not content:
        return []
    if isinstance(content, str):
        return [("text", content)]
    return [_piece(part) for part in content]


def _piece(part: Json) -> Piece:
    match part["type"]:
        case "text" | "output_text" | "input_text":
            return ("text", part["text"])
        case "refusal":
            return ("refusal", part["refusal"])
        case "thinking":
            return ("reasoning", part["thinking"])
        case "tool_use":
            return ("tool_call", part["id"], part["name"], part["input"])
        case "tool_result":
            return ("tool_result", part["tool_use_id"], _value(part["content"]))
        case "image_url":
            return ("media", b64decode(part["image_url"]["url"].partition(",")[2]))
    raise AssertionError(part["type"])


def _message(given: Json) -> tuple[str, list[Piece]]:
    if given["role"] == "tool":
        return "tool", [("tool_result", given["tool_call_id"], _value(given["content"]))]
    pieces = _pieces(given.get("content"))
    if given.get("refusal"):
        pieces.append(("refusal", given["refusal"]))
    for call in given.get("tool_calls") or []:
        pieces.append(("tool_call", call["id"], call["function"]["name"], _value(call["function"]["arguments"])))
    return given["role"], pieces


def _item(item: Json) -> tuple[str, list[Piece]]:
    match item.get("type", "message"):
        case "function_call":
            return "assistant", [("tool_call", item["call_id"], item["name"], _value(item["arguments"]))]
        case "function_call_output":
            return "tool", [("tool_result", item["call_id"], _value(item["output"]))]
        case "reasoning":
            return "assistant", [("reasoning", part["text"]) for part in item["summary"]]
    return item["role"], _pieces(item["content"])


def asked(exchange: Json) -> Told:
    """The messages of the request, the system prompt first."""
    request = exchange["request"]
    if exchange["path"] == "/v1/embeddings":
        given = request["input"]
        return [("user", [("text", text)]) for text in (given if isinstance(given, list) else [given])]
    system = request.get("instructions") or request.get("system")
    told: Told = [("system", _pieces(system))] if system else []
    if exchange["path"] == "/v1/responses":
        given = request["input"]
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        return told + [_item(item) for item in items]
    return told + [_message(one) for one in request["messages"]]


def answered(exchange: Json) -> Told:
    """The messages of the answer; none when it failed."""
    response = exchange["response"]
    if response.get("error"):
        return []
    if "choices" in response:
        return [_message(choice["message"]) for choice in response["choices"]]
    if "output" in response:
        pieces = [piece for item in response["output"] for piece in _item(item)[1]]
        return [("assistant", pieces)]
    if "content" in response:
        return [("assistant", _pieces(response["content"]))]
    return []


def counted(exchange: Json) -> dict[str, int]:
    """Token counts; Anthropic's input gets its cached tokens added."""
    usage = exchange["response"].get("usage") or {}
    if "cache_read_input_tokens" in usage:
        read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
        counts = {"input": usage["input_tokens"] + read + written, "output": usage["output_tokens"]}
        return {**counts, "cache_read": read, "cache_write": written}
    first = {"input": usage.get("prompt_tokens", usage.get("input_tokens", 0))}
    first["output"] = usage.get("completion_tokens", usage.get("output_tokens", 0))
    inner = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    outer = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    return {**first, "cache_read": inner.get("cached_tokens", 0), "reasoning": outer.get("reasoning_tokens", 0)}


def offered(exchange: Json) -> list[str]:
    """Names of the tools that the model was offered."""
    return [(tool.get("function") or tool)["name"] for tool in exchange["request"].get("tools") or []]
