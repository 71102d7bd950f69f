"""Chunks of OpenAI's chat completions and completions, and of every server that speaks them, put together.

Deltas grow a message per choice: texts append, tool calls grow by their index, ``usage`` comes with the last chunk or
with every one (then the last counts). Fields that no specification names (``reasoning_content``, ``thinking``) grow by
the same rule, so that a server's own ones are not lost. Source: OpenAI API reference, "chat completion chunk".
"""

from collections.abc import Iterable
from typing import Any, Final

from onrecord.normalize.growing import absorb, append, settled
from onrecord.normalize.stream import Told, Whole

_ONCE: Final = frozenset({"role", "id", "type", "index", "name", "expires_at"})
_CHOICE: Final = frozenset({"index", "delta", "finish_reason", "logprobs"})
_LATEST: Final = frozenset({"usage", "x_groq", "service_tier"})


def whole(told: Iterable[Told]) -> Whole:
    """The chat completion that chunks tell."""
    found = Whole()
    choices: dict[int, dict[str, Any]] = {}
    for one in told:
        chunk = one.value
        if not isinstance(chunk, dict):
            found.strange.append(chunk)
            continue
        if chunk.get("error") or one.name == "error":
            found.error = chunk.get("error") or chunk
            continue
        _head(found.body, chunk)
        for choice in chunk.get("choices") or []:
            if isinstance(choice, dict) and _choice(choices, choice) and not found.first:
                found.first = one.end
    if choices:
        found.body["choices"] = [settled(_tidied(choices[index])) for index in sorted(choices)]
    found.complete = bool(choices) and all(choice["finish_reason"] for choice in choices.values())
    return found


def _head(body: dict[str, Any], chunk: dict[str, Any]) -> None:
    for key, value in chunk.items():
        if key == "choices" or value is None:
            continue
        if key in _LATEST or not body.get(key):
            body[key] = value
    nested = chunk.get("x_groq")
    if isinstance(nested, dict) and isinstance(nested.get("usage"), dict):
        body["usage"] = nested["usage"]


def _choice(choices: dict[int, dict[str, Any]], piece: dict[str, Any]) -> bool:
    """Let a choice grow; whether it grew by content."""
    index = piece.get("index")
    index = index if isinstance(index, int) else 0
    choice = choices.get(index)
    if choice is None:
        choice = choices[index] = {"index": index, "message": {}, "finish_reason": None}
    if piece.get("finish_reason"):
        choice["finish_reason"] = piece["finish_reason"]
    absorb(choice, {key: value for key, value in piece.items() if key not in _CHOICE and value is not None}, _ONCE)
    if isinstance(piece.get("logprobs"), dict):
        absorb(choice.setdefault("logprobs", {}), piece["logprobs"], _ONCE)
    delta = piece.get("delta")
    if not isinstance(delta, dict):
        return bool(piece.get("text"))
    message = choice["message"]
    calls = delta.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        if isinstance(call, dict):
            _call(message.setdefault("tool_calls", []), call)
    absorb(message, {key: value for key, value in delta.items() if key != "tool_calls"}, _ONCE)
    return any(value for key, value in delta.items() if key != "role")


def _call(calls: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    """Let a tool call grow: the one of the same index, else of the same id, else a new one."""
    index, name = piece.get("index"), piece.get("id")
    call = next((one for one in calls if index is not None and one.get("index") == index), None)
    if call is None and index is None:
        call = next((one for one in calls if name and one.get("id") == name), None)
        if call is None and not name and calls:
            call = calls[-1]
    if call is None:
        call = {"index": index}
        calls.append(call)
    for key, value in piece.items():
        if key != "function":
            absorb(call, {key: value}, _ONCE)
    function = piece.get("function")
    if isinstance(function, dict):
        known = call.setdefault("function", {})
        absorb(known, {key: value for key, value in function.items() if key != "arguments"}, _ONCE)
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            append(known, "arguments", arguments)
        elif arguments is not None:
            known["arguments"] = arguments  # a map in one piece: Mistral and Ollama may send it so


def _tidied(choice: dict[str, Any]) -> dict[str, Any]:
    """The choice without what only chunks have."""
    message = choice["message"]
    for call in message.get("tool_calls", []):
        call.pop("index", None)
    if "tool_calls" in message:
        message["tool_calls"] = message.pop("tool_calls")  # last, as in a whole answer
    if not message:
        del choice["message"]
    return choice
