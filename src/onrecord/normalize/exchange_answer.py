"""What a provider's answer says: messages, model, counts, reasons, and what went wrong."""

from typing import Any, Final

from onrecord.model.message import Message, Part
from onrecord.model.span import Error
from onrecord.normalize.bodies import response_messages
from onrecord.normalize.counts import counts_of
from onrecord.normalize.messages import message
from onrecord.normalize.usage import usage_of
from onrecord.normalize.values import as_float, as_text, first

_WORDS: Final = 4_000
"""Characters of an error that is no JSON: a proxy's page says what it has to say in fewer."""
_SAID: Final = frozenset(
    {"id", "object", "model", "modelVersion", "responseId", "choices", "output", "candidates", "content", "message",
     "response", "thinking", "usage", "usageMetadata", "role", "type", "stop_reason", "status", "error", "created",
     "created_at", "data", "embeddings", "embedding", "done", "done_reason", "prompt_eval_count", "eval_count",
     "incomplete_details", "tools", "instructions", "metadata", "user"}
)  # fmt: skip


def answer_fields(body: Any, kind: str, dialect: str, request: dict[str, Any]) -> dict[str, Any]:
    """Fields of ``model.Span`` from an answer's JSON; ``request`` is that of the request, which some answers repeat."""
    if not isinstance(body, dict):
        return {}
    fields: dict[str, Any] = {
        "model_served": as_text(first(body, "model", "modelVersion")),
        "response_id": as_text(first(body, "id", "responseId")),
    }
    messages = _messages(body, dialect) if kind != "embedding" else []
    reasons = tuple([one.finish_reason for one in messages if one.finish_reason]) or _reason(body, dialect)
    if messages:
        fields["output"] = tuple([_without_reason(one) for one in messages])
    if reasons:
        fields["finish_reasons"] = reasons
    usage = body if dialect == "ollama" else first(body, "usage", "usageMetadata")
    counts = counts_of(usage, dialect)
    if dialect == "ollama":
        counts.pop("details", None)  # durations
    if counts:
        fields["usage"] = usage_of(counts, kind)
    cost = as_float(usage.get("cost")) if isinstance(usage, dict) else None  # OpenRouter
    if cost is not None:
        fields["cost_reported"] = cost
    fields["attributes"] = _rest(body, dialect, request) | _vectors(body, kind)
    return fields


def _messages(body: dict[str, Any], dialect: str) -> list[Message]:
    if not dialect:
        return [Message(role="assistant", parts=(Part(type="data", extra=body),))]
    if dialect == "ollama":
        said = body.get("message")
        if isinstance(said, dict):
            thought = said.get("thinking")
            rest = {key: value for key, value in said.items() if key != "thinking"}
            return response_messages({"message": {**rest, "reasoning_content": thought} if thought else rest})
        return [message("assistant", body["response"])] if body.get("response") else []
    if dialect == "anthropic":  # the rest of it stands in fields, and a conversation repeats the message without
        body = {key: value for key, value in body.items() if key in {"role", "content", "stop_reason"}}
    return [one for one in response_messages(body) if one.parts or one.finish_reason or one.extra]


def _without_reason(one: Message) -> Message:
    """Why an answer ended stands once, in ``finish_reasons``: the next call repeats the message without."""
    return Message(one.role, one.parts, one.name, one.id, "", one.extra) if one.finish_reason else one


def _reason(body: dict[str, Any], dialect: str) -> tuple[str, ...]:
    if dialect == "responses":
        details = body.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        said = as_text(reason or body.get("status"))
        return (said,) if said else ()
    said = as_text(body.get("done_reason")) if dialect == "ollama" else ""
    return (said,) if said else ()


def _rest(body: dict[str, Any], dialect: str, request: dict[str, Any]) -> dict[str, Any]:
    """What no field carries and the request did not say."""
    if not dialect:
        return {}
    return {
        f"response.{key}": value
        for key, value in body.items()
        if key not in _SAID and value not in (None, "", [], {}) and value != request.get(key)
    }


def _vectors(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """How many vectors came and of how many numbers. The vectors themselves follow from model and text."""
    if kind != "embedding":
        return {}
    found = first(body, "data", "embeddings", "embedding")
    rows = found if isinstance(found, list) else [found]
    row = rows[0] if rows else None
    if isinstance(row, dict):
        row = first(row, "embedding", "values")
    size = len(row) if isinstance(row, list) else len(first(found, "values") or []) if isinstance(found, dict) else 0
    return {"embedding.count": len(rows)} | ({"embedding.dimensions": size} if size else {})


def error_of(body: Any, text: str = "") -> Error | None:
    """What a provider says went wrong; ``text`` is the body that is no JSON. Nothing when nothing is said."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]  # Gemini's streams
    said = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(said, str):
        return Error(message=said)
    if not isinstance(said, dict):
        return Error(message=text[:_WORDS]) if text else None
    message = as_text(first(said, "message", "detail", "msg"))
    kind = as_text(first(said, "code", "type", "status"))
    if isinstance(said.get("status"), str):
        kind = said["status"]  # Gemini's code is the number, its status the word
    elif isinstance(said.get("type"), str) and not isinstance(said.get("code"), str):
        kind = said["type"]
    return Error(type=kind, message=message or as_text(said))
