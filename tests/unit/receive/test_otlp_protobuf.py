"""Decoding protobuf: what comes out, what one bad span costs, and how a broken frame is named."""

import tracemalloc
from hashlib import sha256

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from onrecord.errors import Rejected
from onrecord.limits import ATTRIBUTES_PER_SPAN, EVENTS_PER_SPAN, SPANS_PER_REQUEST
from onrecord.receive.otlp import decode_logs, decode_traces


def request(*spans: Span) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add(schema_url="https://example.org/resource")
    group.resource.attributes.add(key="service.name").value.string_value = "shop"
    scoped = group.scope_spans.add(schema_url="https://example.org/scope")
    scoped.scope.name, scoped.scope.version = "tests", "1"
    scoped.spans.extend(spans)
    return made


def span(**fields: object) -> Span:
    values = {"trace_id": b"t" * 16, "span_id": b"s" * 8, "name": "chat", **fields}
    return Span(**values)  # type: ignore[arg-type]


def test_every_field_of_a_span_survives() -> None:
    sent = span(parent_span_id=b"p" * 8, trace_state="a=b", flags=257, kind=Span.SPAN_KIND_CLIENT)
    sent.start_time_unix_nano, sent.end_time_unix_nano = 1_700_000_000_000_000_001, 1_700_000_000_000_000_009
    sent.status.code, sent.status.message = 2, "no"  # type: ignore[assignment]
    sent.dropped_attributes_count, sent.dropped_events_count, sent.dropped_links_count = 1, 2, 3
    sent.events.add(name="exception", time_unix_nano=7).attributes.add(key="k").value.int_value = 4
    sent.links.add(trace_id=b"l" * 16, span_id=b"m" * 8, trace_state="x=y")

    (decoded,), faults = decode_traces(request(sent).SerializeToString(), "protobuf")

    assert not faults
    read = decoded.span
    assert (read.trace_id, read.span_id, read.parent_id) == ("74" * 16, "73" * 8, "70" * 8)
    assert (read.trace_state, read.flags, read.kind, read.name) == ("a=b", 257, 3, "chat")
    assert (read.start_unix_nano, read.end_unix_nano) == (1_700_000_000_000_000_001, 1_700_000_000_000_000_009)
    assert (read.status_code, read.status_message) == (2, "no")
    assert (read.dropped_attributes, read.dropped_events, read.dropped_links) == (1, 2, 3)
    assert (read.events[0].name, read.events[0].time_unix_nano, read.events[0].attributes) == ("exception", 7, {"k": 4})
    assert (read.links[0].trace_id, read.links[0].span_id, read.links[0].trace_state) == ("6c" * 16, "6d" * 8, "x=y")
    context = decoded.context
    assert context.resource == {"service.name": "shop"}
    assert (context.scope_name, context.scope_version) == ("tests", "1")
    assert (context.resource_schema_url, context.scope_schema_url) == (
        "https://example.org/resource",
        "https://example.org/scope",
    )


def test_attribute_values_keep_their_type_empty_and_nested_ones_too() -> None:
    sent = span()
    for key, field, value in (
        ("text", "string_value", "x"), ("empty", "string_value", ""), ("yes", "bool_value", True),
        ("no", "bool_value", False), ("int", "int_value", -(2**63)), ("zero", "int_value", 0),
        ("float", "double_value", 0.5), ("bytes", "bytes_value", b"\x00\xff"),
    ):  # fmt: skip
        setattr(sent.attributes.add(key=key).value, field, value)
    sent.attributes.add(key="nothing").value.SetInParent()
    sent.attributes.add(key="list").value.array_value.values.add().array_value.values.add().int_value = 1
    sent.attributes.add(key="map").value.kvlist_value.values.add(key="a").value.bytes_value = b"b"

    (decoded,), _ = decode_traces(request(sent).SerializeToString(), "protobuf")

    assert decoded.span.attributes == {
        "text": "x", "empty": "", "yes": True, "no": False, "int": -(2**63), "zero": 0, "float": 0.5,
        "bytes": b"\x00\xff", "nothing": None, "list": [[1]], "map": {"a": b"b"},
    }  # fmt: skip
    assert decoded.span.attributes["no"] is False


def test_the_digest_is_that_of_the_bytes_of_the_span() -> None:
    sent = span(name="a")
    (decoded,), _ = decode_traces(request(sent).SerializeToString(), "protobuf")
    assert decoded.digest == sha256(sent.SerializeToString()).digest()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (span(trace_id=b"short"), "trace id"),
        (span(trace_id=bytes(16)), "trace id"),
        (span(span_id=bytes(8)), "span id"),
        (span(parent_span_id=b"long" * 4), "parent span id"),
    ],
)
def test_a_bad_span_costs_itself_and_its_bytes_are_kept(bad: Span, reason: str) -> None:
    decoded, faults = decode_traces(request(span(name="good"), bad, span(name="fine")).SerializeToString(), "protobuf")
    assert [one.span.name for one in decoded] == ["good", "fine"]
    assert len(faults) == 1
    assert reason in faults[0].reason
    assert faults[0].raw == bad.SerializeToString()


def test_text_that_is_not_utf8_costs_the_span_that_it_is_in() -> None:
    body = request(span(name="chat"), span(name="XXXX")).SerializeToString().replace(b"XXXX", b"\xff\xff\xff\xff")
    decoded, faults = decode_traces(body, "protobuf")
    assert [one.span.name for one in decoded] == ["chat"]
    assert "UTF-8" in faults[0].reason


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda one: [one.attributes.add(key=str(i)) for i in range(ATTRIBUTES_PER_SPAN + 1)], "attributes"),
        (lambda one: [one.events.add(name="e") for _ in range(EVENTS_PER_SPAN + 1)], "events"),
        (lambda one: one.attributes.add(key="k" * 2_000), "attribute name"),
    ],
)
def test_a_span_beyond_a_bound_is_refused_by_name(make: object, reason: str) -> None:
    sent = span()
    make(sent)  # type: ignore[operator]
    decoded, faults = decode_traces(request(sent).SerializeToString(), "protobuf")
    assert not decoded
    assert reason in faults[0].reason


def wrapped(field: int, inner: bytes) -> bytes:
    """A length-delimited field; two bytes of length hold up to 16 KB."""
    return bytes([field << 3 | 2, len(inner) & 0x7F | 0x80, len(inner) >> 7]) + inner


def test_a_value_nested_too_deep_costs_its_span() -> None:
    value = b"\x18\x01"
    for _ in range(200):
        value = wrapped(5, wrapped(1, value))
    deep = wrapped(9, wrapped(1, b"deep") + wrapped(2, value))
    good = span().SerializeToString()
    body = wrapped(1, wrapped(2, wrapped(2, good) + wrapped(2, good + deep)))
    decoded, faults = decode_traces(body, "protobuf")
    assert len(decoded) == 1
    assert "nested" in faults[0].reason


def test_too_many_spans_are_refused_as_a_whole() -> None:
    made = request()
    one = span(name="").SerializeToString()
    inner = b"".join(b"\x12" + bytes([len(one)]) + one for _ in range(SPANS_PER_REQUEST + 1))
    made.resource_spans[0].scope_spans[0].MergeFromString(inner)
    with pytest.raises(Rejected, match="50000 items") as refused:
        decode_traces(made.SerializeToString(), "protobuf")
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"\x0a\x7f", "field 1 is longer than what holds it at byte 0"),
        (b"\x0a", "a number does not end at byte 1"),
        (b"\x0a\x03\x12\x7fx", "field 2 is longer than what holds it at byte 2"),
        (b"\x00\x00", "no valid number at byte 0"),
        (b"\x0c", "wire type 4"),
        (b"\xff" * 20, "does not end"),
    ],
)
def test_a_broken_frame_is_named_by_its_byte(body: bytes, sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        decode_traces(body, "protobuf")


def test_json_sent_as_protobuf_is_recognised() -> None:
    with pytest.raises(Rejected) as refused:
        decode_traces(b'{"resourceSpans":[]}', "protobuf")
    assert "application/json" in refused.value.hint


def test_an_empty_body_is_a_request_without_spans() -> None:
    assert decode_traces(b"", "protobuf") == ([], [])


def test_fields_that_are_unknown_to_us_are_skipped() -> None:
    body = request(span()).SerializeToString() + b"\x7a\x02hi" + b"\x78\x05" + b"\x7d\x01\x02\x03\x04"
    decoded, faults = decode_traces(body, "protobuf")
    assert (len(decoded), faults) == (1, [])


def test_another_encoding_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        decode_traces(b"", "xml")
    assert refused.value.status == 415


def test_log_records_keep_their_body_and_lose_ids_that_are_none() -> None:
    made = ExportLogsServiceRequest()
    records = made.resource_logs.add().scope_logs.add().log_records
    first = records.add(trace_id=b"t" * 16, span_id=b"s" * 8, event_name="gen_ai.choice", time_unix_nano=5)
    first.body.kvlist_value.values.add(key="index").value.int_value = 0
    first.severity_number, first.severity_text = 9, "INFO"  # type: ignore[assignment]
    records.add(trace_id=b"bad", span_id=b"s" * 8)

    decoded, faults = decode_logs(made.SerializeToString(), "protobuf")

    assert not faults
    one, other = (each.record for each in decoded)
    assert (one.trace_id, one.span_id, one.event_name) == ("74" * 16, "73" * 8, "gen_ai.choice")
    assert (one.body, one.time_unix_nano, one.severity_number, one.severity_text) == ({"index": 0}, 5, 9, "INFO")
    assert (other.trace_id, other.span_id, other.body) == ("", "", None)


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_a_request_of_millions_of_empty_things_is_refused_before_they_are_made(levels: int) -> None:
    body = b"\x0a\x00" * 2_000_000 if levels == 0 else b"\x12\x00" * 2_000_000
    for tag in (b"\x12", b"\x0a")[2 - levels :]:
        body = tag + varint(len(body)) + body
    tracemalloc.start()
    try:
        with pytest.raises(Rejected) as refused:
            decode_traces(body, "protobuf")
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.status == 413
    assert peak_bytes < 30_000_000


def test_a_resource_with_too_many_attributes_is_refused() -> None:
    made = request(span())
    for number in range(ATTRIBUTES_PER_SPAN):
        made.resource_spans[0].resource.attributes.add(key=f"k{number}").value.int_value = 1
    with pytest.raises(Rejected, match="a resource can not be kept"):
        decode_traces(made.SerializeToString(), "protobuf")


def varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(made) + bytes([number])
