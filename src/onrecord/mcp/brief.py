"""Small answers: what an agent needs of a row, with what is empty left out and long text cut. Pure.

An agent pays for every word that it reads. What was cut says so, and how to get the rest.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from onrecord.model.message import Message, Part
from onrecord.model.span import Span
from onrecord.model.time import iso_of
from onrecord.query.results import Bucket, Node, SpanDetail, SpanRow, TraceRow

PREVIEW: Final = 160
"""Characters of an input or output in a list."""


def trace(row: TraceRow) -> dict[str, Any]:
    """A trace in a list."""
    return _full(
        {
            "trace_id": row.trace_id,
            "name": row.name,
            "time": when(row.start_us),
            "status": "running" if row.running else row.status,
            "duration_ms": _rounded(row.duration_ms),
            "spans": row.spans,
            "failed_spans": row.errors,
            "models": row.models,
            "tokens": row.tokens.total,
            "cost": row.cost_reported,
            "currency": row.cost_currency,
            "user": row.user,
            "session": row.session,
            "application": row.application,
            "input": cut(row.input_preview, PREVIEW),
            "output": cut(row.output_preview, PREVIEW),
            "scores": {score.name: score.passed if score.value is None else score.value for score in row.scores},
        }
    )


def step(node: Node) -> dict[str, Any]:
    """A step of a tree: its depth says what it stands below."""
    return {"depth": node.depth, **span(node.span)}


def span(row: SpanRow) -> dict[str, Any]:
    """A step without its content."""
    return _full(
        {
            "span_id": row.span_id,
            "name": row.name,
            "kind": row.kind,
            "status": "running" if row.running else row.status,
            "duration_ms": _rounded(row.duration_ms),
            "model": row.model_served or row.model_requested,
            "tool": row.tool,
            "tokens": row.tokens.total,
            "error": cut(": ".join(filter(None, (row.error_type, row.error_message))), PREVIEW),
            "finish": row.finish_reasons,
        }
    )


def bucket(one: Bucket, group_by: Sequence[str]) -> dict[str, Any]:
    """A group of figures; a measure that nobody knows is ``null``."""
    time = {} if one.time_us is None else {"time": when(one.time_us)}
    return time | dict(zip(group_by, one.group, strict=True)) | one.values


def content(detail: SpanDetail, first: int, characters: int) -> dict[str, Any]:
    """What a step holds, from message ``first`` on, each text cut to so many characters."""
    held = detail.content
    if held is None:
        return {"state": detail.state, "reason": detail.reason}
    return _full(
        {
            "state": detail.state,
            "level": detail.level.name.lower(),
            "messages_before": first,
            "input": [message(one, characters) for one in held.input[first:]],
            "output": [message(one, characters) for one in held.output],
            **_beside(held, characters),
        }
    )


def message(one: Message, characters: int) -> dict[str, Any]:
    """A message: its role and what it says."""
    return {"role": one.role, "parts": [_part(part, characters) for part in one.parts]}


def cut(text: str, characters: int) -> str:
    """The beginning of a text, and how much is left."""
    left = len(text) - characters
    return text if left <= 0 else f"{text[:characters]}… [{left} more characters]"


def when(us: int) -> str:
    """An instant to the second."""
    return f"{iso_of(us)[:19]}Z" if us else "unknown"


def _beside(held: Span, characters: int) -> dict[str, Any]:
    tool = held.tool
    return {
        "arguments": None if tool is None else _value(tool.arguments, characters),
        "result": None if tool is None else _value(tool.result, characters),
        "query": cut(held.query, characters),
        "documents": [
            _full({"id": one.id, "score": one.score, "content": cut(one.content, characters)}) for one in held.documents
        ],
    }


def _part(part: Part, characters: int) -> dict[str, Any]:
    return _full(
        {
            "type": part.type,
            "text": cut(part.text, characters),
            "name": part.name,
            "value": _value(part.value, characters),
            "media": part.mime,
        }
    )


def _value(value: Any, characters: int) -> Any:
    """A value as it is when it is small, else the beginning of its JSON."""
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return value if len(text) <= characters else cut(text, characters)


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 1)


def _full(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty or unknown; 0 and False are something."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", (), [], {})}
