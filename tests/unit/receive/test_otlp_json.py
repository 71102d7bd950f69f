"""Decoding JSON: the same spans as in protobuf, in each of the ways that clients write them."""

from typing import Any

import orjson
import pytest
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from onrecord.errors import Rejected
from onrecord.receive.otlp import Decoded, decode_logs, decode_traces

SPAN: dict[str, Any] = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat"}


def body(*spans: Any) -> bytes:
    return orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]})


def only(*spans: Any) -> Decoded:
    (decoded,), faults = decode_traces(body(*spans), "json")
    assert not faults
    return decoded


def attributes(**values: Any) -> dict[str, Any]:
    pairs = [{"key": key, "value": value} for key, value in values.items()]
    return only({**SPAN, "attributes": pairs}).span.attributes


def test_ids_are_hex_and_are_lowered() -> None:
    read = only({**SPAN, "traceId": SPAN["traceId"].upper(), "parentSpanId": "EEE19B7EC3C1B175"}).span
    assert (read.trace_id, read.span_id, read.parent_id) == (SPAN["traceId"], SPAN["spanId"], "eee19b7ec3c1b175")


def test_every_kind_of_value_is_read() -> None:
    assert attributes(
        text={"stringValue": "x"}, empty={"stringValue": ""}, yes={"boolValue": True}, int={"intValue": "-7"},
        plain={"intValue": 7}, whole={"intValue": 7.0}, float={"doubleValue": 0.5}, nan={"doubleValue": "Infinity"},
        bytes={"bytesValue": "AP8="}, safe={"bytesValue": "AP_-"}, nothing={}, none=None,
        list={"arrayValue": {"values": [{"intValue": "1"}, {}]}}, bare={"arrayValue": {}},
        map={"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": False}}]}}, future={"newValue": 1},
    ) == {
        "text": "x", "empty": "", "yes": True, "int": -7, "plain": 7, "whole": 7, "float": 0.5, "nan": float("inf"),
        "bytes": b"\x00\xff", "safe": b"\x00\xff\xfe", "nothing": None, "none": None, "list": [1, None], "bare": [],
        "map": {"a": False}, "future": None,
    }  # fmt: skip


def test_numbers_enums_and_names_of_keys_come_in_every_spelling() -> None:
    read = only(
        {
            "trace_id": SPAN["traceId"], "span_id": SPAN["spanId"], "kind": "SPAN_KIND_CLIENT", "unknownKey": [1],
            "start_time_unix_nano": 1_700_000_000_000_000_001, "endTimeUnixNano": "1700000000000000009",
            "status": {"code": "STATUS_CODE_ERROR", "message": "no"}, "droppedEventsCount": 2,
        }
    ).span  # fmt: skip
    assert (read.kind, read.status_code, read.status_message, read.dropped_events) == (3, 2, "no", 2)
    assert (read.start_unix_nano, read.end_unix_nano) == (1_700_000_000_000_000_001, 1_700_000_000_000_000_009)
    assert only({**SPAN, "kind": 3, "status": {"code": 1}}).span.status_code == 1


def test_json_and_protobuf_of_one_request_decode_to_the_same() -> None:
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = "shop"
    sent = group.scope_spans.add().spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="x", flags=1, kind=3)
    sent.attributes.add(key="b").value.bytes_value = b"\x01\x02"
    sent.attributes.add(key="l").value.array_value.values.add().double_value = 1.5
    sent.events.add(name="e", time_unix_nano=3).attributes.add(key="i").value.int_value = 2**40
    sent.links.add(trace_id=b"l" * 16, span_id=b"m" * 8)

    ((one,), _) = decode_traces(made.SerializeToString(), "protobuf")
    ((other,), _) = decode_traces(MessageToJson(made).encode(), "json")  # which writes ids in base64

    assert (one.span, one.context) == (other.span, other.context)


def test_a_lone_surrogate_is_replaced_and_the_span_kept() -> None:
    broken = body({**SPAN, "name": "SURROGATE"}).replace(b"SURROGATE", b"a\\ud800b")
    (decoded,), faults = decode_traces(broken, "json")
    assert (decoded.span.name, faults) == ("a\ufffdb", [])


def test_a_bare_nan_is_read_although_json_has_none() -> None:
    broken = body({**SPAN, "attributes": [{"key": "k", "value": {"doubleValue": 77}}]}).replace(b"77", b"NaN")
    (decoded,), _ = decode_traces(broken, "json")
    assert decoded.span.attributes["k"] != decoded.span.attributes["k"]


def test_the_digest_does_not_depend_on_blanks_or_the_order_of_keys() -> None:
    shuffled = {key: SPAN[key] for key in reversed(SPAN)}
    spaced = orjson.dumps(orjson.loads(body(shuffled)), option=orjson.OPT_INDENT_2)
    ((other,), _) = decode_traces(spaced, "json")
    assert only(SPAN).digest == other.digest
    assert only({**SPAN, "name": "else"}).digest != other.digest


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"traceId": "0" * 32}, "traceId is zero"),
        ({"spanId": "xyz"}, "spanId is not 16 hex digits"),
        ({"traceId": None}, "traceId is not 32 hex digits"),
        ({"startTimeUnixNano": -1}, "startTimeUnixNano"),
        ({"kind": "SIDEWAYS"}, "kind"),
        ({"name": 7}, "not text"),
        ({"attributes": {"a": 1}}, "attributes are not a list"),
        ({"attributes": [{"key": 7, "value": {}}]}, "key that is no text"),
        ({"attributes": [{"key": "a", "value": "plain"}]}, "stringValue"),
        ({"attributes": [{"key": "a", "value": {"intValue": "1.5"}}]}, "intValue"),
        ({"attributes": [{"key": "a", "value": {"bytesValue": "*"}}]}, "bytesValue"),
        ({"events": [3]}, "events"),
        ({"links": {}}, "links is not a list"),
    ],
)
def test_a_bad_span_costs_itself_and_is_named_by_its_path(change: dict[str, Any], reason: str) -> None:
    bad = {**SPAN, **change}
    decoded, faults = decode_traces(body(SPAN, bad, "text"), "json")
    assert len(decoded) == 1
    assert faults[0].reason.startswith("resourceSpans[0].scopeSpans[0].spans[1]: ")
    assert reason in faults[0].reason
    assert orjson.loads(faults[0].raw) == bad
    assert faults[1].reason.endswith("spans[2]: not an object")


def test_a_fault_says_nothing_of_what_was_sent() -> None:
    _, faults = decode_traces(body({**SPAN, "spanId": "ada@example.org"}), "json")
    assert "ada" not in faults[0].reason


def test_nesting_is_bounded() -> None:
    value: dict[str, Any] = {"intValue": 1}
    for _ in range(65):
        value = {"arrayValue": {"values": [value]}}
    _, faults = decode_traces(body({**SPAN, "attributes": [{"key": "deep", "value": value}]}), "json")
    assert "nested" in faults[0].reason


def test_a_hundred_thousand_brackets_are_refused_not_followed() -> None:
    with pytest.raises(Rejected):
        decode_traces(b'{"resourceSpans":' + b"[" * 100_000, "json")
    with pytest.raises(Rejected):
        decode_traces(b'{"\\u0041":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "line 1, column 1"),
        (b'{"resourceSpans": [}', "line 1, column 20"),
        (b"[]", "not an object"),
        (b'{"spans": []}', "has no resourceSpans"),
        (b'{"resourceSpans": {}}', "resourceSpans is not a list"),
        (b'{"resourceSpans": [7]}', r"resourceSpans\[0\] is not an object"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": 5}]}]}', r"scopeSpans\[0\].spans is not a list"),
        (b'{"resourceSpans": [{"resource": {"attributes": 5}}]}', r"resourceSpans\[0\].resource: attributes"),
        (b'{"resourceSpans": [{"schemaUrl": 5}]}', r"resourceSpans\[0\].schemaUrl is not text"),
        (b'{"resourceSpans": [{"scopeSpans": [{"scope": {"name": 5}}]}]}', r"scopeSpans\[0\].scope.name is not text"),
        (b'{"resourceSpans": [' + b"{}," * 50_000 + b"{}]}", "more than 50000 items"),
        (b'{"resourceSpans": "\xff"}', "byte 19 is not UTF-8"),
    ],
)
def test_a_body_that_is_no_request_is_named_by_place_or_path(text: bytes, sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        decode_traces(text, "json")


def test_log_records_are_read_with_their_event_name() -> None:
    sent = {
        "timeUnixNano": "5", "severityNumber": "SEVERITY_NUMBER_INFO2", "eventName": "gen_ai.user.message",
        "traceId": SPAN["traceId"], "spanId": SPAN["spanId"],
        "body": {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": "hi"}}]}},
    }  # fmt: skip
    (decoded,), _ = decode_logs(orjson.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [sent]}]}]}), "json")
    assert (decoded.record.event_name, decoded.record.severity_number) == ("gen_ai.user.message", 10)
    assert (decoded.record.body, decoded.record.time_unix_nano) == ({"content": "hi"}, 5)
