"""Invented model calls whose answer comes in a log record that names only the response, as OpenLIT's streams do."""

import json
from collections.abc import Mapping

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from onrecord.receive.port import Ack, Delivery
from onrecord.server.recording import Recording
from tests.recorded import NOVEMBER_US, PROJECT

RESPONSE = "chatcmpl-heron-7"
NOTHING: Mapping[str, str] = {}
Sent = Message
"""A request of either kind."""


def call(
    number: int, *, trace: int = 1, response: str = RESPONSE, also: Mapping[str, str] = NOTHING
) -> ExportTraceServiceRequest:
    """A model call that names its response and says nothing of the answer; ``also`` are further attributes."""
    request = ExportTraceServiceRequest()
    one = request.resource_spans.add().scope_spans.add().spans.add()
    one.trace_id, one.span_id = trace.to_bytes(16, "big"), number.to_bytes(8, "big")
    one.name, one.start_time_unix_nano = f"chat {number}", NOVEMBER_US * 1_000
    one.end_time_unix_nano = one.start_time_unix_nano + 5_000_000
    named = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", "gen_ai.response.id": response}
    for key, value in {**named, **also}.items():
        if value:
            one.attributes.add(key=key).value.string_value = value
    return request


def told(
    answer: str, *, response: str = RESPONSE, trace: int = 0, span: int = 0, also: Mapping[str, str] = NOTHING
) -> ExportLogsServiceRequest:
    """A log record with the answer, which names only the response unless it is given the ids of the span."""
    request = ExportLogsServiceRequest()
    one = request.resource_logs.add().scope_logs.add().log_records.add()
    one.event_name, one.time_unix_nano = "gen_ai.client.inference.operation.details", NOVEMBER_US * 1_000
    if trace:
        one.trace_id = trace.to_bytes(16, "big")
    if span:
        one.span_id = span.to_bytes(8, "big")
    messages = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": answer}]}])
    named = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", "gen_ai.response.id": response}
    for key, value in {**named, "gen_ai.output.messages": messages, **also}.items():
        if value:
            one.attributes.add(key=key).value.string_value = value
    return request


def delivery(request: Sent) -> Delivery:
    """The request as a client sends it."""
    signal = "logs" if isinstance(request, ExportLogsServiceRequest) else "traces"
    return Delivery(project=PROJECT, signal=signal, media="protobuf", body=request.SerializeToString())


def deliver(made: Recording, *requests: Sent) -> list[Ack]:
    """Send one after the other, each acknowledged before the next."""
    return [made.pipeline.submit(delivery(request)).result(30) for request in requests]
