"""Spans and scores as Langfuse's generated clients read them. What is not known is ``null``, never 0."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from onrecord.doors.langfuse.listing import iso
from onrecord.model.message import Message, Part
from onrecord.model.span import Span
from onrecord.query.results import ScoreRow, SpanRow

_TYPES: Final = {
    "llm": "GENERATION", "embedding": "EMBEDDING", "agent": "AGENT", "tool": "TOOL", "chain": "CHAIN",
    "retriever": "RETRIEVER", "evaluator": "EVALUATOR", "guardrail": "GUARDRAIL",
}  # fmt: skip
_LEVEL: Final = "langfuse.observation.level"
_EVENT: Final = "langfuse.observation.type"
_MS_US: Final = 1_000


def observation(row: SpanRow, span: Span | None) -> dict[str, Any]:
    """One observation, in the words of both versions of the API."""
    content = span or Span(trace_id=row.trace_id, span_id=row.span_id)
    attributes, usage, costs = content.attributes, _counts(row), dict(content.cost_details)
    if row.cost_reported is not None:
        costs["total"] = row.cost_reported
    end_us = None if row.duration_ms is None else row.start_us + round(row.duration_ms * _MS_US)
    first_us = None
    if row.time_to_first_token_ms is not None:
        first_us = row.start_us + round(row.time_to_first_token_ms * _MS_US)
    given, gave = sides(content)
    version = content.prompt.version if content.prompt else ""
    # A trace of the oldest clients is the root of its observations: they know it under the trace's id only.
    parent = None if row.parent_id in ("", row.trace_id) else row.parent_id
    return {
        "id": row.span_id, "traceId": row.trace_id, "parentObservationId": parent, "name": row.name,
        "type": "EVENT" if attributes.get(_EVENT) == "event" else _TYPES.get(row.kind, "SPAN"),
        "startTime": iso(row.start_us), "endTime": None if end_us is None else iso(end_us),
        "completionStartTime": None if first_us is None else iso(first_us),
        "model": row.model_requested or row.model_served or None, "providedModelName": row.model_requested or None,
        "modelParameters": content.parameters, "input": given, "output": gave, "metadata": content.metadata,
        "level": "ERROR" if row.status == "error" else attributes.get(_LEVEL, "DEFAULT"),
        "statusMessage": row.error_message or content.status_message or None,
        "usage": {"input": usage.get("input", 0), "output": usage.get("output", 0), "total": usage.get("total", 0),
                  "unit": "TOKENS"},
        "usageDetails": usage, "costDetails": costs, "totalCost": row.cost_reported,
        "calculatedTotalCost": row.cost_reported, "latency": None if row.duration_ms is None else row.duration_ms / 1e3,
        "timeToFirstToken": None if first_us is None else row.time_to_first_token_ms, "modelId": None,
        "promptId": None, "promptName": content.prompt.name if content.prompt else None,
        "promptVersion": int(version) if version.isdecimal() else None, "inputPrice": None, "outputPrice": None,
        "totalPrice": None, "calculatedInputCost": None, "calculatedOutputCost": None,
        "version": _version(content), "environment": row.environment or "default", "unit": "TOKENS",
        "promptTokens": usage.get("input", 0), "completionTokens": usage.get("output", 0),
        "totalTokens": usage.get("total", 0), "createdAt": iso(row.received_us), "updatedAt": iso(row.received_us),
        "userId": content.user_id or row.user or None, "sessionId": content.session_id or row.session or None,
        "isRootObservation": parent is None, "tags": list(row.tags), "release": row.release or None,
    }  # fmt: skip


def sides(span: Span) -> tuple[Any, Any]:
    """Input and output as a client would have sent them."""
    if span.tool is not None:
        return span.tool.arguments, span.tool.result
    given = span.query or _said(span.input, "user")
    documents = [
        {"id": one.id or None, "page_content": one.content, "score": one.score, "metadata": one.metadata}
        for one in span.documents
    ]
    return given, documents or _said(span.output, "assistant")


def score(row: ScoreRow, environment: str = "default") -> dict[str, Any]:
    """One score."""
    value: Any = row.value if row.value is not None else 0
    type_ = "BOOLEAN" if row.passed is not None else "CATEGORICAL" if row.label else "NUMERIC"
    told = {"stringValue": row.label or str(bool(row.passed))} if type_ != "NUMERIC" else {}
    return {
        "id": f"{row.shard}-{row.index}", "traceId": row.trace_id or None, "observationId": row.span_id or None,
        "sessionId": row.session or None, "datasetRunId": None, "name": row.name, "value": value, **told,
        "dataType": type_, "source": "ANNOTATION" if row.source == "human" else "API", "comment": row.comment or None,
        "timestamp": iso(row.time_us), "createdAt": iso(row.time_us), "updatedAt": iso(row.time_us),
        "authorUserId": row.author or None, "configId": None, "queueId": None, "metadata": None,
        "environment": environment,
    }  # fmt: skip


def _said(messages: Sequence[Message], role: str) -> Any:
    """The messages as JSON; a single plain text of the side's own role is that text, or the value that it says."""
    if not messages:
        return None
    if len(messages) == 1 and messages[0].role == role and not messages[0].extra:
        parts = messages[0].parts
        if len(parts) == 1 and parts[0].type == "text":
            return _value(parts[0].text)
    return [{"role": one.role, "content": _content(one.parts)} for one in messages]


def _content(parts: Sequence[Part]) -> Any:
    if all(part.type == "text" for part in parts):
        return "".join(part.text for part in parts)
    return [_part(part) for part in parts]


def _part(part: Part) -> dict[str, Any]:
    told = {"type": part.type, "text": part.text, "id": part.id, "name": part.name, "url": part.uri}
    told |= {"value": part.value, "mime": part.mime}
    return {key: value for key, value in told.items() if value not in ("", None)}


def _value(text: str) -> Any:
    if text[:1] not in "{[":
        return text
    try:
        return orjson.loads(text)
    except ValueError:
        return text


def _counts(row: SpanRow) -> dict[str, int]:
    tokens = row.tokens
    counts = {"input": tokens.input, "output": tokens.output, "total": tokens.total}
    if counts["total"] is None and (tokens.input is not None or tokens.output is not None):
        counts["total"] = (tokens.input or 0) + (tokens.output or 0)
    return {name: count for name, count in counts.items() if count is not None}


def _version(span: Span) -> str | None:
    version = span.metadata.get("version")
    return version if isinstance(version, str) else None
