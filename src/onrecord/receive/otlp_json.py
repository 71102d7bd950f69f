"""OTLP in JSON, tolerant where clients differ: hex or base64 ids, numbers as text, enum names, either spelling of keys.

Source: OTLP 1.9, "JSON Protobuf Encoding". Unknown keys are ignored. A lone surrogate, which is no character, is
replaced by U+FFFD, so that it does not cost the span that it stands in.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import orjson

from onrecord.errors import Rejected
from onrecord.limits import EVENTS_PER_SPAN, LINKS_PER_SPAN, SPAN_BYTES, SPANS_PER_REQUEST
from onrecord.model.otlp import OtlpContext, OtlpEvent, OtlpLink, OtlpLog, OtlpSpan
from onrecord.receive.decoded import Bad, Decoded, DecodedLog, Fault
from onrecord.receive.json_fields import (
    SEVERITIES,
    SPAN_KINDS,
    STATUS_CODES,
    attributes_of,
    enum,
    get,
    id_of,
    items,
    snake,
    text_of,
    uint,
    value_of,
)

_SURROGATE = re.compile("[\ud800-\udfff]")


def decode_traces(body: bytes) -> tuple[list[Decoded], list[Fault]]:
    """Decode an ``ExportTraceServiceRequest``.

    Raises:
        Rejected: the body is no JSON, or has another shape than a request.
    """
    decoded: list[Decoded] = []

    def take(item: dict[str, Any], context: OtlpContext, digest: bytes) -> None:
        decoded.append(Decoded(_span(item), context, digest))

    return decoded, _decode(body, "Spans", "spans", take)


def decode_logs(body: bytes) -> tuple[list[DecodedLog], list[Fault]]:
    """Decode an ``ExportLogsServiceRequest``.

    Raises:
        Rejected: the body is no JSON, or has another shape than a request.
    """
    decoded: list[DecodedLog] = []

    def take(item: dict[str, Any], context: OtlpContext, digest: bytes) -> None:
        decoded.append(DecodedLog(_log(item), context, digest))

    return decoded, _decode(body, "Logs", "logRecords", take)


def decode_span_alone(raw: bytes, context: OtlpContext) -> Decoded:
    """One span by its own bytes; raises ``Bad`` or ``ValueError``."""
    return Decoded(_span(_checked(orjson.loads(raw), len(raw))), context, sha256(raw).digest())


def decode_log_alone(raw: bytes, context: OtlpContext) -> DecodedLog:
    """One log record by its own bytes; raises ``Bad`` or ``ValueError``."""
    return DecodedLog(_log(_checked(orjson.loads(raw), len(raw))), context, sha256(raw).digest())


def _decode(
    body: bytes, signal: str, name: str, take: Callable[[dict[str, Any], OtlpContext, bytes], None]
) -> list[Fault]:
    faults: list[Fault] = []
    count = 0
    for context, found, path in _scopes(_loaded(body), signal, name):
        count += len(found)
        if count > SPANS_PER_REQUEST:
            raise Rejected(f"the request has more than {SPANS_PER_REQUEST} items", status=413)
        for position, item in enumerate(found):
            try:
                raw = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
            except (TypeError, ValueError, RecursionError):
                faults.append(Fault(f"{path}[{position}]: nested too deep", b""))
                continue
            try:
                take(_checked(item, len(raw)), context, sha256(raw).digest())
            except Bad as bad:
                faults.append(Fault(f"{path}[{position}]: {bad}", raw, context))
    return faults


def _checked(item: Any, size_bytes: int) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise Bad("not an object")
    if size_bytes > SPAN_BYTES:
        raise Bad(f"more than {SPAN_BYTES} bytes")
    return item


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        request = orjson.loads(body)
    except ValueError as error:
        request = _forgiven(body, error)
    if not isinstance(request, dict):
        raise Rejected("the body is JSON, but not an object")
    return request


def _forgiven(body: bytes, error: ValueError) -> Any:
    """Read what the strict parser refuses but senders write: lone surrogates, ``NaN``, ``Infinity``.

    Raises:
        Rejected: it is no JSON either way.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as broken:
        raise Rejected(f"the body is no JSON: byte {broken.start} is not UTF-8") from None
    where = f"line {getattr(error, 'lineno', 1)}, column {getattr(error, 'colno', 1)}"
    if "\\u" not in text and "NaN" not in text and "Infinity" not in text:
        raise Rejected(f"the body is no JSON: the fault is at {where}")
    try:
        return _clean(json.loads(text))
    except json.JSONDecodeError as broken:
        where = f"line {broken.lineno}, column {broken.colno}"
        raise Rejected(f"the body is no JSON: the fault is at {where}") from None
    except (ValueError, RecursionError):
        raise Rejected("the body is JSON that is nested too deep or has a number too long") from None


def _clean(value: Any) -> Any:
    """The same value with characters that exist; numbers beyond 64 bits become floats, as in the strict parser."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if type(value) is int and not -(2**63) <= value < 2**64:
        return float(value) if abs(value) < 10**300 else str(value)
    if type(value) is float and not math.isfinite(value):
        return str(value).replace("nan", "NaN").replace("inf", "Infinity")
    return value


def _scopes(request: dict[str, Any], signal: str, name: str) -> Iterator[tuple[OtlpContext, list[Any], str]]:
    """Every scope with its items and the path of their list."""
    resources = f"resource{signal}"
    if resources not in request and snake(resources) not in request and request:
        raise Rejected(f"the body is JSON, but has no {resources}")
    for i, group in enumerate(_list(request, resources, "")):
        path = f"{resources}[{i}]"
        resource = _attributes_at(_object(group, "resource", path), f"{path}.resource")
        url = _text_at(group, "schemaUrl", path)
        for j, scoped in enumerate(_list(group, f"scope{signal}", path)):
            inner = f"{path}.scope{signal}[{j}]"
            scope = _object(scoped, "scope", inner)
            context = OtlpContext(
                resource,
                url,
                _text_at(scope, "name", f"{inner}.scope"),
                _text_at(scope, "version", f"{inner}.scope"),
                _attributes_at(scope, f"{inner}.scope"),
                _text_at(scoped, "schemaUrl", inner),
            )
            yield context, _list(scoped, name, inner, objects=False), f"{inner}.{name}"


def _list(parent: dict[str, Any], name: str, path: str, *, objects: bool = True) -> list[Any]:
    value = get(parent, name)
    where = f"{path}.{name}".lstrip(".")
    if value is None:
        return []
    if not isinstance(value, list):
        raise Rejected(f"{where} is not a list")
    if len(value) > SPANS_PER_REQUEST:
        raise Rejected(f"{where} has more than {SPANS_PER_REQUEST} items", status=413)
    if objects:
        for position, item in enumerate(value):
            if not isinstance(item, dict):
                raise Rejected(f"{where}[{position}] is not an object")
    return value


def _object(parent: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    value = get(parent, name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Rejected(f"{path}.{name} is not an object")
    return value


def _text_at(parent: dict[str, Any], name: str, path: str) -> str:
    try:
        return text_of(get(parent, name))
    except Bad:
        raise Rejected(f"{path}.{name} is not text") from None


def _attributes_at(parent: dict[str, Any], path: str) -> dict[str, Any]:
    try:
        return attributes_of(parent.get("attributes"))
    except Bad as bad:
        raise Rejected(f"{path}: {bad}") from None


def _span(item: dict[str, Any]) -> OtlpSpan:
    """Read one span.

    Raises:
        Bad: it is malformed or beyond a bound.
    """
    events, links = items(item, "events", EVENTS_PER_SPAN), items(item, "links", LINKS_PER_SPAN)
    status = item.get("status")
    status = status if isinstance(status, dict) else {}
    parent = id_of(item, "parentSpanId", 8)
    return OtlpSpan(
        id_of(item, "traceId", 16, needed=True),
        id_of(item, "spanId", 8, needed=True),
        parent,
        text_of(get(item, "traceState")),
        uint(item, "flags", 2**32),
        text_of(item.get("name")),
        enum(item.get("kind"), SPAN_KINDS, "kind"),
        uint(item, "startTimeUnixNano", 2**64),
        uint(item, "endTimeUnixNano", 2**64),
        attributes_of(item.get("attributes")),
        tuple(
            OtlpEvent(text_of(one.get("name")), uint(one, "timeUnixNano", 2**64), attributes_of(one.get("attributes")))
            for one in events
        ),
        tuple(
            OtlpLink(
                id_of(one, "traceId", 16),
                id_of(one, "spanId", 8),
                text_of(get(one, "traceState")),
                attributes_of(one.get("attributes")),
            )
            for one in links
        ),
        enum(status.get("code"), STATUS_CODES, "status.code"),
        text_of(status.get("message")),
        uint(item, "droppedAttributesCount", 2**32),
        uint(item, "droppedEventsCount", 2**32),
        uint(item, "droppedLinksCount", 2**32),
    )


def _log(item: dict[str, Any]) -> OtlpLog:
    """Read one log record.

    Raises:
        Bad: it is malformed or beyond a bound.
    """
    trace_id = id_of(item, "traceId", 16)
    return OtlpLog(
        trace_id,
        id_of(item, "spanId", 8) if trace_id else "",
        text_of(get(item, "eventName")),
        uint(item, "timeUnixNano", 2**64),
        uint(item, "observedTimeUnixNano", 2**64),
        enum(get(item, "severityNumber"), SEVERITIES, "severityNumber"),
        text_of(get(item, "severityText")),
        value_of(item.get("body"), 0),
        attributes_of(item.get("attributes")),
    )
