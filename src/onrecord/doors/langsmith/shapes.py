"""Spans as LangSmith's clients read runs. What came as a run goes back as one; what came otherwise takes its shape.

Messages go back in OpenAI's words, whatever words they came in. Ids are UUIDs: an id of OpenTelemetry is written as
one, and ``ids_of`` reads both.
"""

import uuid
from collections.abc import Sequence
from typing import Any, Final

import orjson

from onrecord.model.message import Message, Part
from onrecord.model.span import Span
from onrecord.model.time import iso_of
from onrecord.query.results import ScoreRow, SpanDetail, SpanRow

_TYPES: Final = {
    "llm": "llm", "tool": "tool", "retriever": "retriever", "reranker": "retriever", "embedding": "embedding",
    "prompt": "prompt",
}  # fmt: skip
_SPAN_DIGITS: Final = 16
_ZEROS: Final = "0" * _SPAN_DIGITS
WITHDRAWN: Final = "withdrawn"
"""The label of a judgement that its author took back; what it was stays in the ledger."""


def uuid_of(identity: str) -> str:
    """An id as a UUID: one that is none already, or the digits of an OpenTelemetry id."""
    digits = identity.replace("-", "")
    try:
        return str(uuid.UUID(digits if len(digits) > _SPAN_DIGITS else _ZEROS + digits))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, identity))


def ids_of(identity: str) -> tuple[str, ...]:
    """The ids that a UUID may stand for."""
    digits = identity.replace("-", "").lower()
    if len(digits) != 2 * _SPAN_DIGITS:
        return (identity,)
    return (digits[_SPAN_DIGITS:],) if digits.startswith(_ZEROS) else (identity.lower(), digits)


def run_of(row: SpanRow, project: str, detail: SpanDetail | None = None) -> dict[str, Any]:
    """A span as a run; ``project`` is the id of LangSmith's project, ``detail`` its content as far as it is shown."""
    end_us = None if row.duration_ms is None else row.start_us + round(row.duration_ms * 1_000)
    first = row.time_to_first_token_ms
    run: dict[str, Any] = {
        "id": uuid_of(row.span_id),
        "trace_id": uuid_of(row.trace_id),
        "parent_run_id": uuid_of(row.parent_id) if row.parent_id else None,
        "name": row.name,
        "run_type": _TYPES.get(row.kind, "chain"),
        "status": "pending" if row.running else "error" if row.status == "error" else "success",
        "start_time": iso_of(row.start_us),
        "end_time": None if end_us is None else iso_of(end_us),
        "session_id": project,
        "thread_id": row.session or None,
        "prompt_tokens": row.tokens.input,
        "completion_tokens": row.tokens.output,
        "total_tokens": row.tokens.total,
        "total_cost": row.cost_reported,
        "first_token_time": None if first is None else iso_of(row.start_us + round(first * 1_000)),
        "tags": list(row.tags),
        "error": None,
        "inputs": {},
        "outputs": None,
        "extra": {},
    }
    if row.status == "error":
        run["error"] = f"{row.error_type}: {row.error_message}".strip(": ") or "error"
    if not row.parent_id:
        run["dotted_order"] = segment(row)
    if detail is not None:
        run["feedback_stats"] = _stats(detail.scores)
        if detail.content is not None:
            run |= _content(detail.content)
    return run


def segment(row: SpanRow) -> str:
    """The piece of ``dotted_order`` that a span adds to that of its parent."""
    return f"{iso_of(row.start_us).translate(_COMPACT)}{uuid_of(row.span_id)}"


_COMPACT: Final = str.maketrans("", "", "-:.")


def _content(span: Span) -> dict[str, Any]:
    """What was said: the sides, the failure and the metadata of a span."""
    example = span.attributes.get("reference_example_id")
    told: dict[str, Any] = {
        "inputs": _inputs(span),
        "outputs": _outputs(span),
        "extra": {"metadata": {**span.metadata, **_model(span)}, "runtime": span.resource},
        "reference_example_id": example if isinstance(example, str) else None,
        "thread_id": span.session_id or None,
        "events": [],
        "tags": list(span.tags),
    }
    if span.error is not None:
        words = f"{span.error.type}: {span.error.message}".strip(": ")
        told["error"] = f"{words}\n\n{span.error.stack}".strip() or "error"
    return told


def _model(span: Span) -> dict[str, Any]:
    told = {"ls_provider": span.provider, "ls_model_name": span.model_requested or span.model_served}
    return {key: value for key, value in told.items() if value}


def _inputs(span: Span) -> dict[str, Any]:
    if span.tool is not None:
        value = span.tool.arguments
        return value if isinstance(value, dict) else {} if value is None else {"input": value}
    if span.query and not span.input:
        return {"query": span.query}
    return _side(span, span.input, "input") or {}


def _outputs(span: Span) -> dict[str, Any] | None:
    if span.tool is not None:
        return None if span.tool.result is None else {"output": span.tool.result}
    if span.documents and not span.output:
        return {
            "documents": [
                {"id": one.id or None, "page_content": one.content, "metadata": one.metadata or {}, "type": "Document"}
                for one in span.documents
            ]
        }
    return _side(span, span.output, "output")


def _side(span: Span, messages: Sequence[Message], word: str) -> dict[str, Any] | None:
    """One side as a map: the JSON that it was, a text under its word, or messages."""
    if not messages:
        return None
    rest = span.attributes.get(f"{word}s")
    beside = rest if isinstance(rest, dict) else {}
    only = messages[0].parts[0] if len(messages) == 1 and len(messages[0].parts) == 1 else None
    if only is not None and only.mime == "application/json":
        value = _parsed(only.text)
        return value if isinstance(value, dict) else {word: value}
    if only is not None and only.type == "text" and span.kind not in ("llm", "embedding"):
        return {**beside, word: only.text}
    return {**beside, "messages": [message_of(one) for one in messages]}


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return text


def message_of(message: Message) -> dict[str, Any]:
    """A message in the words of OpenAI's chat completions."""
    calls = [part for part in message.parts if part.type == "tool_call"]
    results = [part for part in message.parts if part.type == "tool_result"]
    others = [part for part in message.parts if part.type not in ("tool_call", "tool_result")]
    told: dict[str, Any] = {"role": message.role, "content": _told(others)}
    if message.name:
        told["name"] = message.name
    if calls:
        told["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _json(call.value)}}
            for call in calls
        ]
    if results:
        told |= {"tool_call_id": results[0].id, "content": _json(results[0].value)}
    return told


def _told(parts: Sequence[Part]) -> Any:
    if all(part.type in ("text", "refusal") for part in parts):
        return "\n".join(part.text for part in parts)
    return [{"type": part.type, "text": part.text, **part.extra} for part in parts]


def _json(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _stats(scores: Sequence[ScoreRow]) -> dict[str, Any]:
    """Count and mean of each feedback."""
    found: dict[str, list[float]] = {}
    for score in scores:
        if score.value is not None:
            found.setdefault(score.name, []).append(score.value)
    return {name: {"n": len(values), "avg": sum(values) / len(values)} for name, values in found.items()}


def feedback_of(score: ScoreRow) -> dict[str, Any]:
    """A score as feedback."""
    at = iso_of(score.time_us)
    return {
        "id": uuid_of(score.id or f"{score.shard}/{score.index}"),
        "run_id": uuid_of(score.span_id) if score.span_id else None,
        "trace_id": uuid_of(score.trace_id) if score.trace_id else None,
        "key": score.name,
        "score": score.value,
        "value": score.label or None,
        "comment": score.comment or None,
        "correction": None,
        "created_at": at,
        "modified_at": at,
        "feedback_source": {"type": "model" if score.source == "evaluator" else "api", "metadata": {}},
    }
