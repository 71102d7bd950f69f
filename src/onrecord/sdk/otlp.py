"""Finished spans, scores and declarations as OTLP/JSON.

JSON, because it needs neither protobuf nor generated code, whose versions applications already argue about. Source:
OTLP 1.9, "JSON Protobuf Encoding": ids in hex, 64-bit numbers as text.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, SpanContext

from onrecord.sdk.mask import COUNT, Mask

PRODUCER: Final = "onrecord.producer.id"
"""Resource attribute: who numbers."""
SEQUENCE: Final = "onrecord.sequence"
"""Attribute of a record: its number."""
_KINDS: Final = {0: 1, 1: 2, 2: 3, 3: 4, 4: 5}
"""OpenTelemetry's Python numbers of SpanKind to those of the protocol."""
_DEEPEST: Final = 32
_JSON: Final = msgspec.json.Encoder()


@dataclass(slots=True)
class Said:
    """A finished span with what the application's context said about it."""

    span: ReadableSpan
    people: Mapping[str, str] = field(default_factory=dict)
    """``user.id``, ``session.id``."""
    weight: int = 0
    """Characters of text in its attributes."""


@dataclass(slots=True)
class Judgement:
    """A score on its way: the attributes of ``gen_ai.evaluation.result``."""

    attributes: dict[str, Any]
    time_unix_nano: int
    trace_id: str = ""
    span_id: str = ""
    weight: int = 0


def span_json(said: Said, sequence: int, mask: Mask) -> bytes:
    """One span."""
    span = said.span
    context = span.context
    if context is None:
        raise ValueError("a span without ids")
    before = mask.withheld
    attributes = dict(mask.attributes(span.attributes or {}))
    for name, value in said.people.items():
        attributes.setdefault(name, mask.text(value))
    encoded: dict[str, Any] = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "name": _whole(mask.text(span.name)),
        "kind": _KINDS.get(span.kind.value, 0),
        "startTimeUnixNano": str(span.start_time or 0),
        "endTimeUnixNano": str(span.end_time or 0),
        "flags": int(context.trace_flags),
    }
    if span.parent is not None:
        encoded["parentSpanId"] = f"{span.parent.span_id:016x}"
    state = context.trace_state.to_header() if context.trace_state else ""
    if state:
        encoded["traceState"] = state
    if span.events:
        encoded["events"] = [_event(event, mask) for event in span.events]
    if span.links:
        encoded["links"] = [_link(link, mask) for link in span.links]
    code = span.status.status_code.value
    if code:
        encoded["status"] = {"code": code, "message": _whole(mask.text(span.status.description or ""))}
    encoded |= _dropped(span)
    if mask.withheld > before:
        attributes[COUNT] = mask.withheld - before
    attributes[SEQUENCE] = sequence
    encoded["attributes"] = attributes_json(attributes)
    return _JSON.encode(encoded)


def _dropped(span: ReadableSpan) -> dict[str, int]:
    """What OpenTelemetry itself has dropped of a span."""
    counts = {
        "droppedAttributesCount": span.dropped_attributes,
        "droppedEventsCount": span.dropped_events,
        "droppedLinksCount": span.dropped_links,
    }
    return {name: count for name, count in counts.items() if count}


def score_json(judgement: Judgement, sequence: int, mask: Mask) -> bytes:
    """One score, as a log record."""
    before = mask.withheld
    attributes = dict(mask.attributes(judgement.attributes))
    if mask.withheld > before:
        attributes[COUNT] = mask.withheld - before
    attributes[SEQUENCE] = sequence
    named = _log(
        "gen_ai.evaluation.result", attributes, judgement.time_unix_nano, judgement.trace_id, judgement.span_id
    )
    return _JSON.encode(named)


def declaration_json(what: str, attributes: Mapping[str, Any], time_unix_nano: int) -> bytes:
    """One declaration: ``onrecord.drop`` or ``onrecord.sampling``, as a log record."""
    return _JSON.encode(_log(what, attributes, time_unix_nano, "", ""))


def traces_body(groups: Iterable[tuple[Mapping[str, Any], tuple[str, str], Sequence[bytes]]]) -> bytes:
    """A request of spans: resource attributes, name and version of the scope, encoded spans."""
    return _JSON.encode(
        {
            "resourceSpans": [
                {
                    "resource": {"attributes": attributes_json(resource)},
                    "scopeSpans": [
                        {"scope": {"name": name, "version": version}, "spans": [msgspec.Raw(one) for one in spans]}
                    ],
                }
                for resource, (name, version), spans in groups
            ]
        }
    )


def logs_body(resource: Mapping[str, Any], scope: tuple[str, str], records: Sequence[bytes]) -> bytes:
    """A request of log records."""
    name, version = scope
    return _JSON.encode(
        {
            "resourceLogs": [
                {
                    "resource": {"attributes": attributes_json(resource)},
                    "scopeLogs": [
                        {
                            "scope": {"name": name, "version": version},
                            "logRecords": [msgspec.Raw(one) for one in records],
                        }
                    ],
                }
            ]
        }
    )


def attributes_json(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP has them."""
    return [{"key": name, "value": _value(value, 0)} for name, value in attributes.items() if value is not None]


def _log(name: str, attributes: Mapping[str, Any], time_unix_nano: int, trace_id: str, span_id: str) -> dict[str, Any]:
    return {
        "timeUnixNano": str(time_unix_nano),
        "observedTimeUnixNano": str(time_unix_nano),
        "eventName": name,
        "attributes": attributes_json(attributes),
        **({"traceId": trace_id} if trace_id else {}),
        **({"spanId": span_id} if span_id else {}),
    }


def _event(event: Event, mask: Mask) -> dict[str, Any]:
    return {
        "name": event.name,
        "timeUnixNano": str(event.timestamp),
        "attributes": attributes_json(mask.attributes(event.attributes or {})),
    }


def _link(link: Link, mask: Mask) -> dict[str, Any]:
    context: SpanContext = link.context
    return {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "attributes": attributes_json(mask.attributes(link.attributes or {})),
    }


def _value(value: Any, depth: int) -> dict[str, Any]:
    if type(value) is str:
        return {"stringValue": _whole(value)}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)} if -(2**63) <= value < 2**63 else {"stringValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value} if value - value == 0 else {"stringValue": str(value)}
    if isinstance(value, bytes | bytearray):
        return {"bytesValue": b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {"kvlistValue": {"values": [{"key": str(k), "value": _value(v, depth + 1)} for k, v in value.items()]}}
    if isinstance(value, list | tuple) and depth < _DEEPEST:
        return {"arrayValue": {"values": [_value(one, depth + 1) for one in value]}}
    return {"stringValue": _whole(str(value))}


def _whole(text: str) -> str:
    """A lone surrogate is no character and can not be encoded: it becomes U+FFFD, the rest stays."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
