"""No bytes make decoding fail in any way but its own, and a body that is sent again is the same body."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from onrecord.errors import Rejected
from onrecord.receive.otlp import Share, decode_logs, decode_traces

KEYS = (
    "resourceSpans",
    "resourceLogs",
    "scopeSpans",
    "scopeLogs",
    "spans",
    "logRecords",
    "resource",
    "scope",
    "attributes",
    "key",
    "value",
    "stringValue",
    "intValue",
    "arrayValue",
    "kvlistValue",
    "values",
    "bytesValue",
    "doubleValue",
    "traceId",
    "spanId",
    "name",
    "kind",
    "status",
    "code",
    "events",
    "links",
    "flags",
    "body",
    "timeUnixNano",
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


def tolerated(decode: Callable[[bytes, str], object], body: bytes, media: str) -> None:
    try:
        decode(body, media)
    except Rejected as refused:
        assert refused.message  # noqa: PT017 - the only error that is allowed


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    for media in ("protobuf", "json"):
        tolerated(decode_traces, body, media)
        tolerated(decode_logs, body, media)


@given(JSON)
def test_any_json_is_decoded_or_refused(value: Any) -> None:
    try:
        body = orjson.dumps(value)
    except TypeError:  # an integer that JSON has and this encoder has not
        return
    tolerated(decode_traces, body, "json")
    tolerated(decode_logs, body, "json")
    spans = {
        "resourceSpans": [{"scopeSpans": [{"spans": [value, {"traceId": "a" * 32, "spanId": "b" * 16, **at(value)}]}]}]
    }
    tolerated(decode_traces, orjson.dumps(spans), "json")


def at(value: Any) -> dict[str, Any]:
    return {**value, "traceId": "a" * 32, "spanId": "b" * 16} if isinstance(value, dict) else {}


@st.composite
def requests(draw: st.DrawFn) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    for _ in range(draw(st.integers(1, 2))):
        scoped = made.resource_spans.add().scope_spans.add()
        for _ in range(draw(st.integers(0, 3))):
            ids = draw(st.binary(min_size=23, max_size=23))
            span = scoped.spans.add(
                trace_id=b"\x01" + ids[:15], span_id=b"\x01" + ids[16:], name=draw(st.text(max_size=5))
            )
            for key, value in draw(
                st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(-9, 9))
            ).items():
                held = span.attributes.add(key=key).value
                if isinstance(value, str):
                    held.string_value = value
                else:
                    held.int_value = value
    return made


@given(requests(), st.data())
def test_a_flipped_byte_costs_a_span_or_the_body_and_never_more(
    made: ExportTraceServiceRequest, data: st.DataObject
) -> None:
    body = bytearray(made.SerializeToString())
    if body:
        body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    tolerated(decode_traces, bytes(body), "protobuf")
    tolerated(decode_traces, bytes(body[: data.draw(st.integers(0, len(body)))]), "protobuf")


@given(requests())
def test_both_encodings_say_the_same_and_a_repetition_has_the_same_digests(made: ExportTraceServiceRequest) -> None:
    body = made.SerializeToString()
    decoded, faults = decode_traces(body, "protobuf")
    assert not faults
    again, _ = decode_traces(body, "protobuf")
    assert [one.digest for one in decoded] == [one.digest for one in again]
    text = MessageToJson(made).encode()
    if made.resource_spans:
        others, faults = decode_traces(text, "json")
        assert not faults
        assert [(one.span, one.context) for one in others] == [(one.span, one.context) for one in decoded]


@pytest.mark.parametrize("media", ["protobuf", "json"])
def test_an_error_holds_no_byte_of_what_was_sent(media: str) -> None:
    with pytest.raises(Rejected) as refused:
        decode_traces(b'{"resourceSpans": [{"ada@example.org', media)
    assert "ada" not in refused.value.message + refused.value.hint


@given(st.lists(st.lists(st.binary(min_size=15, max_size=16), max_size=5), max_size=4), st.integers(1, 5))
def test_the_shares_of_a_body_are_the_body(scopes: list[list[bytes]], of: int) -> None:
    request = ExportTraceServiceRequest()
    for ids in scopes:
        spans = request.resource_spans.add().scope_spans.add().spans
        for number, trace_id in enumerate(ids):
            spans.add(trace_id=trace_id, span_id=bytes([1] * 8), name=str(number))
    for media, body in (("protobuf", request.SerializeToString()), ("json", MessageToJson(request).encode())):
        shares = [decode_traces(body, media, Share(number, of)) for number in range(of)]
        decoded = [one for share, _ in shares for one in share]
        faults = [fault for _, share in shares for fault in share]
        assert (decoded, faults) == decode_traces(body, media)
