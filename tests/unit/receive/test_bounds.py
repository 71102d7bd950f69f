"""The bounds of one span: what has exactly as much is taken, one more costs the span, and the others are kept."""

from collections.abc import Callable
from typing import Any, Final

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from onrecord.limits import (
    ATTRIBUTE_KEY_BYTES,
    ATTRIBUTES_PER_SPAN,
    EVENTS_PER_SPAN,
    LINKS_PER_SPAN,
    SPAN_BYTES,
)
from onrecord.receive.otlp import decode_traces

TRACE, SPAN = b"t" * 16, b"s" * 8


def attributes(span: Span, count: int) -> None:
    for number in range(count):
        span.attributes.add(key=f"a{number}").value.int_value = 1


def key(span: Span, length: int) -> None:
    span.attributes.add(key="k" * length).value.int_value = 1


def events(span: Span, count: int) -> None:
    for _ in range(count):
        span.events.add(name="e")


def links(span: Span, count: int) -> None:
    for _ in range(count):
        span.links.add(trace_id=TRACE, span_id=SPAN)


BOUNDS: Final = (
    (attributes, ATTRIBUTES_PER_SPAN),
    (key, ATTRIBUTE_KEY_BYTES),
    (events, EVENTS_PER_SPAN),
    (links, LINKS_PER_SPAN),
)


def sent(grow: Callable[[Span, int], None], size: int) -> ExportTraceServiceRequest:
    """A request with a span that is grown to ``size`` and an ordinary one."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    grow(spans.add(trace_id=TRACE, span_id=SPAN), size)
    spans.add(trace_id=TRACE, span_id=b"o" * 8)
    return request


def as_json(request: ExportTraceServiceRequest) -> bytes:
    spans: list[dict[str, Any]] = [
        {
            "traceId": one.trace_id.hex(),
            "spanId": one.span_id.hex(),
            "attributes": [{"key": each.key, "value": {"intValue": "1"}} for each in one.attributes],
            "events": [{"name": each.name} for each in one.events],
            "links": [{"traceId": each.trace_id.hex(), "spanId": each.span_id.hex()} for each in one.links],
        }
        for one in request.resource_spans[0].scope_spans[0].spans
    ]
    return orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


@pytest.mark.parametrize("media", ["protobuf", "json"])
@pytest.mark.parametrize(("grow", "bound"), BOUNDS)
def test_a_span_at_a_bound_is_taken_and_one_beyond_it_costs_itself_only(
    media: str, grow: Callable[[Span, int], None], bound: int
) -> None:
    for size, taken in ((bound, 2), (bound + 1, 1)):
        request = sent(grow, size)
        body = as_json(request) if media == "json" else request.SerializeToString()
        decoded, faults = decode_traces(body, media)
        assert (len(decoded), len(faults)) == (taken, 2 - taken), faults
        assert all(str(bound) in fault.reason for fault in faults)


@pytest.mark.parametrize("media", ["protobuf", "json"])
def test_a_span_with_more_bytes_than_a_span_may_have_costs_itself_only(media: str) -> None:
    def long(span: Span, length: int) -> None:
        span.name = "n" * length

    request = sent(long, SPAN_BYTES)
    if media == "json":
        named = {"traceId": TRACE.hex(), "spanId": SPAN.hex(), "name": "n" * SPAN_BYTES}
        spans = [named, {"traceId": TRACE.hex(), "spanId": SPAN.hex()}]
        body = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    else:
        body = request.SerializeToString()
    decoded, faults = decode_traces(body, media)
    assert (len(decoded), [str(SPAN_BYTES) in fault.reason for fault in faults]) == (1, [True])
