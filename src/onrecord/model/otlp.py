"""OTLP as decoded, before any convention is read: what protobuf and JSON bodies have in common.

Attribute values are Python's: ``str``, ``bool``, ``int``, ``float``, ``bytes``, ``list``, ``dict``, ``None``.
Ids are lower-case hex. Source: opentelemetry-proto, trace/v1 and logs/v1.
"""

from typing import Any

import msgspec


class OtlpContext(msgspec.Struct, frozen=True, gc=False):
    """The resource and instrumentation scope that a run of spans or log records shares."""

    resource: dict[str, Any] = {}
    resource_schema_url: str = ""
    scope_name: str = ""
    scope_version: str = ""
    scope_attributes: dict[str, Any] = {}
    scope_schema_url: str = ""


class OtlpEvent(msgspec.Struct, frozen=True, gc=False):
    """A span event."""

    name: str = ""
    time_unix_nano: int = 0
    attributes: dict[str, Any] = {}


class OtlpLink(msgspec.Struct, frozen=True, gc=False):
    """A span link."""

    trace_id: str = ""
    span_id: str = ""
    trace_state: str = ""
    attributes: dict[str, Any] = {}


class OtlpSpan(msgspec.Struct, frozen=True, gc=False):
    """A span, read but not yet understood."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    trace_state: str = ""
    flags: int = 0
    name: str = ""
    kind: int = 0
    start_unix_nano: int = 0
    end_unix_nano: int = 0
    attributes: dict[str, Any] = {}
    events: tuple[OtlpEvent, ...] = ()
    links: tuple[OtlpLink, ...] = ()
    status_code: int = 0
    status_message: str = ""
    dropped_attributes: int = 0
    dropped_events: int = 0
    dropped_links: int = 0


class OtlpLog(msgspec.Struct, frozen=True, gc=False):
    """A log record, read but not yet understood."""

    trace_id: str = ""
    span_id: str = ""
    event_name: str = ""
    time_unix_nano: int = 0
    observed_unix_nano: int = 0
    severity_number: int = 0
    severity_text: str = ""
    body: Any = None
    attributes: dict[str, Any] = {}
