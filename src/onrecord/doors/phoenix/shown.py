"""Spans as Phoenix's clients read them: OpenInference attributes, in whatever convention they came.

A reader sees what its key allows: pseudonymised text, or none at level ``metadata``.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from onrecord.model.message import Message, text_of
from onrecord.model.span import Span
from onrecord.model.time import iso_of
from onrecord.query.results import SpanDetail, SpanRow, Tokens

_KINDS: Final = {"span": "UNKNOWN", "memory": "UNKNOWN"}
_COUNTS: Final = {
    "input": "llm.token_count.prompt",
    "output": "llm.token_count.completion",
    "total": "llm.token_count.total",
    "cache_read": "llm.token_count.prompt_details.cache_read",
    "reasoning": "llm.token_count.completion_details.reasoning",
}


def span(detail: SpanDetail) -> dict[str, Any]:
    """One span as ``/v1/projects/{project}/spans`` lists it."""
    row = detail.row
    events = [] if detail.content is None else _events(detail.content)
    shown = {
        "id": row.span_id,
        "name": row.name,
        "context": {"trace_id": row.trace_id, "span_id": row.span_id},
        "span_kind": kind_of(row.kind),
        "parent_id": row.parent_id or None,
        **times(row.start_us, row.duration_ms),
        "status_code": row.status.upper(),
        "status_message": row.error_message,
        "attributes": attributes(detail),
        "events": events,
    }
    return {name: value for name, value in shown.items() if value is not None}


def kind_of(kind: str) -> str:
    """A kind of step in OpenInference's word."""
    return _KINDS.get(kind, kind.upper())


def times(start_us: int, duration_ms: float | None) -> dict[str, str]:
    """Begin and end; a step that still runs ends where it began."""
    return {"start_time": iso_of(start_us), "end_time": iso_of(start_us + int((duration_ms or 0) * 1_000))}


def counts(tokens: Tokens) -> dict[str, int]:
    """Token counts of a trace or a session."""
    named = {"prompt": tokens.input, "completion": tokens.output, "total": tokens.total}
    return {f"token_count_{name}": value for name, value in named.items() if value is not None}


def attributes(detail: SpanDetail) -> dict[str, Any]:
    """What a span says, under dotted names."""
    row, content = detail.row, detail.content
    shown: dict[str, Any] = {"openinference.span.kind": kind_of(row.kind)} | _of_row(row)
    if content is None:
        return shown
    shown |= {name: value for name, value in content.attributes.items() if value is not None}
    asked = content.input[detail.new_from :] or content.input
    shown |= _known(
        {
            "input.value": content.query or _text(asked),
            "output.value": _text(content.output),
            "llm.prompt_template.template": content.prompt.template if content.prompt else "",
            "llm.invocation_parameters": _json(content.parameters),
            "metadata": _json(content.metadata),
            "tag.tags": list(content.tags),
        }
    )
    if row.kind == "llm":
        shown |= _messages("llm.input_messages", content.input) | _messages("llm.output_messages", content.output)
    if content.tool is not None:
        shown |= _known(
            {
                "tool.description": content.tool.description,
                "tool.parameters": _json(content.tool.arguments),
                "input.value": shown.get("input.value", "") or _json(content.tool.arguments),
                "output.value": shown.get("output.value", "") or _json(content.tool.result),
            }
        )
    for place, one in enumerate(content.documents):
        prefix = f"retrieval.documents.{place}.document."
        found = {"id": one.id, "content": one.content, "score": one.score, "metadata": _json(one.metadata)}
        shown |= _known({f"{prefix}{name}": value for name, value in found.items()})
    return shown


def _of_row(row: SpanRow) -> dict[str, Any]:
    tokens = {name: getattr(row.tokens, field) for field, name in _COUNTS.items()}
    return _known(
        {
            **tokens,
            "llm.model_name": row.model_served or row.model_requested,
            "llm.provider": row.provider,
            "session.id": row.session,
            "user.id": row.user,
            "agent.name": row.agent,
            "tool.name": row.tool,
        }
    )


def _messages(prefix: str, messages: Iterable[Message]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for place, message in enumerate(messages):
        head = f"{prefix}.{place}.message."
        flat[f"{head}role"] = message.role
        text = text_of(message) or "\n".join(_json(one.value) for one in message.parts if one.type == "tool_result")
        if text:
            flat[f"{head}content"] = text
        for number, call in enumerate([one for one in message.parts if one.type == "tool_call"]):
            calls = f"{head}tool_calls.{number}.tool_call."
            told = {"id": call.id, "function.name": call.name, "function.arguments": _json(call.value)}
            flat |= _known({f"{calls}{name}": value for name, value in told.items()})
    return flat


def _events(content: Span) -> list[dict[str, Any]]:
    events = [
        {
            "name": one.name,
            "timestamp": iso_of(one.time_unix_nano // 1_000),
            "attributes": {
                name: value if isinstance(value, _SCALARS) else _json(value) for name, value in one.attributes.items()
            },
        }
        for one in content.events
    ]
    if content.error is not None:
        told = {"type": content.error.type, "message": content.error.message, "stacktrace": content.error.stack}
        failure = _known({f"exception.{name}": value for name, value in told.items()})
        events.append({"name": "exception", "timestamp": iso_of(content.end_unix_nano // 1_000), "attributes": failure})
    return events


_SCALARS: Final = (str, int, float, bool)


def _text(messages: Iterable[Message]) -> str:
    return "\n".join(text for one in messages if (text := text_of(one)))


def _json(value: Any) -> str:
    """Text as it is, anything else as JSON; empty for nothing."""
    if value is None or value in ({}, [], ()):
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}
