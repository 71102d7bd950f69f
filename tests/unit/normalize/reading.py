"""Spans and log records to read, for the tests of every dialect."""

from typing import Any

from onrecord.model.otlp import OtlpContext, OtlpEvent, OtlpLog, OtlpSpan
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.registry import normalize, normalize_log

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
START = 1_700_000_000_000_000_000


def read(attributes: dict[str, Any], *events: OtlpEvent, resource: dict[str, Any] | None = None, **fields: Any) -> Span:
    """The span that a span with these attributes becomes."""
    times = {"start_unix_nano": START, "end_unix_nano": START + 1_000_000_000}
    otlp = OtlpSpan(TRACE, SPAN, attributes=attributes, events=events, **{"name": "step", **times, **fields})
    return normalize(otlp, OtlpContext(resource=resource or {}, scope_name="tests", scope_version="1"))


def event(name: str, attributes: dict[str, Any] | None = None, *, after_ms: int = 0) -> OtlpEvent:
    return OtlpEvent(name, START + after_ms * 1_000_000, attributes or {})


def read_log(event_name: str, body: Any = None, attributes: dict[str, Any] | None = None, **ids: str) -> Any:
    """What a log record becomes."""
    trace_id, span_id = (ids.get("trace_id", ""), ids.get("span_id", "")) if ids else (TRACE, SPAN)
    log = OtlpLog(trace_id, span_id, event_name, 0, START, body=body, attributes=attributes or {})
    return normalize_log(log, OtlpContext())


def part(event_name: str, body: Any = None, **attributes: Any) -> Span:
    made = read_log(event_name, body, attributes)
    assert isinstance(made, Span)
    return made


def score(attributes: dict[str, Any], **ids: str) -> Score:
    made = read_log("gen_ai.evaluation.result", None, attributes, **ids)
    assert isinstance(made, Score)
    return made
