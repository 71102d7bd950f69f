"""OTLP in protobuf. The frame is walked by hand (see ``wire``), every span is parsed alone by the protobuf runtime.

This is the hot path of the server: one Python step per attribute, no reflection where a value says its kind.
The runtime refuses text that is not UTF-8 and values nested about 45 levels deep; both cost the span they are in.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from operator import attrgetter
from typing import Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from onrecord.errors import Rejected
from onrecord.limits import (
    ATTRIBUTE_DEPTH,
    ATTRIBUTE_KEY_BYTES,
    ATTRIBUTES_PER_SPAN,
    EVENTS_PER_SPAN,
    LINKS_PER_SPAN,
    SPAN_BYTES,
    SPANS_PER_REQUEST,
)
from onrecord.model.otlp import OtlpContext, OtlpEvent, OtlpLink, OtlpLog, OtlpSpan
from onrecord.receive.decoded import WHOLE, Bad, Decoded, DecodedLog, Fault, Share
from onrecord.receive.wire import BrokenFrame, fields

_TRACE_ID, _SPAN_ID = 16, 8
_NO_TRACE, _NO_SPAN = bytes(_TRACE_ID), bytes(_SPAN_ID)
_Item = tuple[OtlpContext, int, int]
"""A span or log record: where it comes from, and where in the body its bytes begin and end."""


def decode_traces(body: bytes, share: Share = WHOLE) -> tuple[list[Decoded], list[Fault]]:
    """Decode an ``ExportTraceServiceRequest``, or a share of its spans.

    Raises:
        Rejected: the frame around the spans is broken.
    """
    decoded: list[Decoded] = []
    items = _items(body, "ExportTraceServiceRequest")
    faults = _decode(body, items[share.within(len(items))], lambda raw, context: decoded.append(_span(raw, context)))
    return decoded, faults


def decode_logs(body: bytes) -> tuple[list[DecodedLog], list[Fault]]:
    """Decode an ``ExportLogsServiceRequest``.

    Raises:
        Rejected: the frame around the log records is broken.
    """
    decoded: list[DecodedLog] = []
    items = _items(body, "ExportLogsServiceRequest")
    faults = _decode(body, items, lambda raw, context: decoded.append(_log(raw, context)))
    return decoded, faults


def decode_span_alone(raw: bytes, context: OtlpContext) -> Decoded:
    """One span by its own bytes; raises ``Bad``."""
    return _span(raw, context)


def decode_log_alone(raw: bytes, context: OtlpContext) -> DecodedLog:
    """One log record by its own bytes; raises ``Bad``."""
    return _log(raw, context)


def _decode(body: bytes, items: Iterable[_Item], take: Callable[[bytes, OtlpContext], None]) -> list[Fault]:
    """Take each item; return the faults of those that are bad."""
    faults: list[Fault] = []
    for context, start, end in items:
        raw = body[start:end]
        try:
            take(raw, context)
        except Bad as bad:
            faults.append(Fault(str(bad), raw, context))
    return faults


def _items(body: bytes, kind: str) -> list[_Item]:
    """Walk request, resources and scopes, which have the same field numbers for every signal, and list the items."""
    found: list[_Item] = []
    groups = 0
    try:
        for number, start, end in fields(body, 0, len(body)):
            if number != 1:
                continue
            groups += 1
            if groups > SPANS_PER_REQUEST:
                raise _too_many()
            for context, items in _scopes(body, start, end):
                groups += 1
                if max(len(found) + len(items), groups) > SPANS_PER_REQUEST:
                    raise _too_many()
                found += [(context, *place) for place in items]
    except BrokenFrame as broken:
        hint = "The body looks like JSON: send it with the content type application/json." if body[:1] == b"{" else ""
        raise Rejected(f"the body is no protobuf {kind}: {broken}", hint=hint) from None
    return found


def _too_many() -> Rejected:
    """Raised while counting, before anything is made of the items: two bytes are enough for an empty one."""
    return Rejected(f"the request has more than {SPANS_PER_REQUEST} items", status=413)


def _scopes(body: bytes, start: int, end: int) -> list[tuple[OtlpContext, list[tuple[int, int]]]]:
    """The scopes of one resource, each with the byte ranges of its items."""
    resource: dict[str, Any] = {}
    url = ""
    ranges = []
    for number, field_start, field_end in fields(body, start, end):
        if number == 1:
            message = _parsed(Resource, body[field_start:field_end], "a resource", field_start)
            resource = _context_attributes(message.attributes, "a resource", field_start)
        elif number == 2:  # noqa: PLR2004 - scope_spans, scope_logs
            ranges.append((field_start, field_end))
            if len(ranges) > SPANS_PER_REQUEST:
                raise _too_many()
        elif number == 3:  # noqa: PLR2004 - schema_url
            url = body[field_start:field_end].decode("utf-8", "replace")
    return [_scope(body, field_start, field_end, resource, url) for field_start, field_end in ranges]


def _scope(
    body: bytes, start: int, end: int, resource: dict[str, Any], url: str
) -> tuple[OtlpContext, list[tuple[int, int]]]:
    name = version = scope_url = ""
    attributes: dict[str, Any] = {}
    items = []
    for number, field_start, field_end in fields(body, start, end):
        if number == 2:  # noqa: PLR2004 - spans, log_records
            items.append((field_start, field_end))
            if len(items) > SPANS_PER_REQUEST:
                raise _too_many()
        elif number == 1:
            scope = _parsed(InstrumentationScope, body[field_start:field_end], "a scope", field_start)
            name, version = scope.name, scope.version
            attributes = _context_attributes(scope.attributes, "a scope", field_start)
        elif number == 3:  # noqa: PLR2004 - schema_url
            scope_url = body[field_start:field_end].decode("utf-8", "replace")
    return OtlpContext(resource, url, name, version, attributes, scope_url), items


def _parsed(message: Any, raw: bytes, what: str, offset: int) -> Any:
    try:
        return message.FromString(raw)
    except DecodeError:
        raise BrokenFrame(f"{what} is malformed or holds text that is not UTF-8", offset) from None


def _context_attributes(pairs: Any, what: str, offset: int) -> dict[str, Any]:
    try:
        return _bounded(pairs, "it")
    except Bad as bad:
        raise BrokenFrame(f"{what} can not be kept: {bad}", offset) from None


def _span(raw: bytes, context: OtlpContext) -> Decoded:
    """Parse one span.

    Raises:
        Bad: it is malformed or beyond a bound.
    """
    if len(raw) > SPAN_BYTES:
        raise Bad(f"the span has more than {SPAN_BYTES} bytes")
    try:
        span = Span.FromString(raw)
    except DecodeError:
        raise Bad("the span is malformed, nested too deep, or holds text that is not UTF-8") from None
    trace_id, span_id, parent_id = span.trace_id, span.span_id, span.parent_span_id
    if len(trace_id) != _TRACE_ID or trace_id == _NO_TRACE:
        raise Bad("the trace id is not 16 bytes other than zero")
    if len(span_id) != _SPAN_ID or span_id == _NO_SPAN:
        raise Bad("the span id is not 8 bytes other than zero")
    if parent_id and len(parent_id) != _SPAN_ID:
        raise Bad("the parent span id is not 8 bytes")
    if len(span.attributes) > ATTRIBUTES_PER_SPAN:
        raise Bad(f"the span has more than {ATTRIBUTES_PER_SPAN} attributes")
    events, links, status = span.events, span.links, span.status
    read = OtlpSpan(
        trace_id.hex(),
        span_id.hex(),
        parent_id.hex() if parent_id != _NO_SPAN else "",
        span.trace_state,
        span.flags,
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _attributes(span.attributes),
        _events(events) if events else (),
        _links(links) if links else (),
        status.code,
        status.message,
        span.dropped_attributes_count,
        span.dropped_events_count,
        span.dropped_links_count,
    )
    return Decoded(read, context, sha256(raw).digest())


def _events(events: Any) -> tuple[OtlpEvent, ...]:
    if len(events) > EVENTS_PER_SPAN:
        raise Bad(f"the span has more than {EVENTS_PER_SPAN} events")
    return tuple([OtlpEvent(event.name, event.time_unix_nano, _bounded(event.attributes)) for event in events])


def _links(links: Any) -> tuple[OtlpLink, ...]:
    if len(links) > LINKS_PER_SPAN:
        raise Bad(f"the span has more than {LINKS_PER_SPAN} links")
    return tuple(
        [
            OtlpLink(link.trace_id.hex(), link.span_id.hex(), link.trace_state, _bounded(link.attributes))
            for link in links
        ]
    )


def _log(raw: bytes, context: OtlpContext) -> DecodedLog:
    """Parse one log record.

    Raises:
        Bad: it is malformed or beyond a bound.
    """
    if len(raw) > SPAN_BYTES:
        raise Bad(f"the log record has more than {SPAN_BYTES} bytes")
    try:
        log = LogRecord.FromString(raw)
    except DecodeError:
        raise Bad("the log record is malformed, nested too deep, or holds text that is not UTF-8") from None
    trace_id, span_id = log.trace_id, log.span_id
    valid = len(trace_id) == _TRACE_ID and trace_id != _NO_TRACE
    read = OtlpLog(
        trace_id.hex() if valid else "",
        span_id.hex() if valid and len(span_id) == _SPAN_ID and span_id != _NO_SPAN else "",
        log.event_name,
        log.time_unix_nano,
        log.observed_time_unix_nano,
        log.severity_number,
        log.severity_text,
        _value(log.body, 0) if log.HasField("body") else None,
        _bounded(log.attributes),
    )
    return DecodedLog(read, context, sha256(raw).digest())


def _bounded(pairs: Any, holder: str = "an event, link or log record") -> dict[str, Any]:
    if len(pairs) > ATTRIBUTES_PER_SPAN:
        raise Bad(f"{holder} has more than {ATTRIBUTES_PER_SPAN} attributes")
    return _attributes(pairs)


def _attributes(pairs: Iterable[KeyValue], depth: int = 0) -> dict[str, Any]:
    """Attributes as a map; of a name that comes twice the last counts.

    Most values are text: all are read as text without a Python step per attribute, and those that turn out empty,
    because they are of another kind, are read again.
    """
    held = list(pairs)
    values: list[Any] = list(map(_TEXT_OF, held))
    if not all(values):
        for position, text in enumerate(values):
            if not text:
                values[position] = _value(held[position].value, depth)
    result = dict(zip(map(_KEY_OF, held), values, strict=True))
    if result and max(map(len, result)) > ATTRIBUTE_KEY_BYTES:
        raise Bad(f"an attribute name is longer than {ATTRIBUTE_KEY_BYTES} bytes")
    return result


_KEY_OF: Final = attrgetter("key")
_TEXT_OF: Final = attrgetter("value.string_value")


def _value(value: AnyValue, depth: int) -> Any:
    kind = value.WhichOneof("value")
    return None if kind is None else _KINDS[kind](value, depth + 1)


def _array(value: AnyValue, depth: int) -> list[Any]:
    if depth > ATTRIBUTE_DEPTH:
        raise Bad(f"an attribute is nested more than {ATTRIBUTE_DEPTH} levels")
    return [_value(item, depth) for item in value.array_value.values]


def _map(value: AnyValue, depth: int) -> dict[str, Any]:
    if depth > ATTRIBUTE_DEPTH:
        raise Bad(f"an attribute is nested more than {ATTRIBUTE_DEPTH} levels")
    return _attributes(value.kvlist_value.values, depth)


_KINDS: Final[dict[str, Callable[[AnyValue, int], Any]]] = {
    "string_value": lambda value, _: value.string_value,
    "bool_value": lambda value, _: value.bool_value,
    "int_value": lambda value, _: value.int_value,
    "double_value": lambda value, _: value.double_value,
    "bytes_value": lambda value, _: value.bytes_value,
    "array_value": _array,
    "kvlist_value": _map,
}
