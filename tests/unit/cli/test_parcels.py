"""Files cut into bodies: every format gives what was in it, once, and goes on after any parcel."""

import gzip
import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from onrecord.cli import parcels as cutting
from onrecord.cli.parcels import Parcel, Plain, opened, parcels
from onrecord.errors import Rejected
from onrecord.limits import SPAN_BYTES
from onrecord.receive.otlp import decode_traces
from tests.recorded import span

FILE = Path("file")


def cut(content: bytes, start: int = 0) -> list[Parcel]:
    return list(parcels(FILE, opened(Plain(io.BytesIO(content))), start))


def exports(count: int) -> list[ExportTraceServiceRequest]:
    return [span(number, trace=number) for number in range(1, count + 1)]


def as_json(number: int) -> dict[str, Any]:
    one = {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": f"step {number}"}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}


def names(found: list[Parcel]) -> list[str]:
    """Ids of the spans in OTLP parcels."""
    media = {"application/json": "json", "application/x-protobuf": "protobuf"}
    return [one.span.span_id for parcel in found for one in decode_traces(parcel.body, media[parcel.media_type])[0]]


IDS = [f"{number:016x}" for number in range(1, 8)]
LINES = b"".join(json.dumps(as_json(number)).encode() + b"\n" for number in range(1, 8))
WHOLE = json.dumps(
    {"resourceSpans": [one for number in range(1, 8) for one in as_json(number)["resourceSpans"]]}, indent=2
).encode()
MESSAGE = b"".join(one.SerializeToString() for one in exports(7))
FRAMED = b"".join(struct.pack(">I", len(data)) + data for data in (one.SerializeToString() for one in exports(7)))
FORMATS = {"JSON lines": LINES, "one JSON value": WHOLE, "one message": MESSAGE, "messages with lengths": FRAMED}


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
def test_every_format_of_otlp_gives_its_spans_once(content: bytes) -> None:
    assert names(cut(content)) == IDS


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("packed", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
def test_a_compressed_file_gives_the_same(content: bytes, packed: Any) -> None:
    assert names(cut(packed(content))) == IDS


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
def test_it_goes_on_after_any_parcel(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PARCEL_BYTES", 60)
    whole = cut(content)
    assert len(whole) > 2
    for number, parcel in enumerate(whole, 1):
        assert names(cut(content, parcel.upto)) == names(whole[number:])


def test_a_line_larger_than_a_parcel_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PARCEL_BYTES", 60)
    line = json.dumps(json.loads(WHOLE)).encode() + b"\n"
    found = cut(line)
    assert len(found) > 2
    assert names(found) == IDS
    assert {one.upto for one in found[:-1]} == {0}, "broken off inside it, the line is sent again"


def test_lines_of_logs_and_metrics_are_passed_over() -> None:
    lines = b'{"resourceLogs": [{}]}\n' + LINES + b'{"resourceMetrics": [{}]}\n'
    assert names(cut(lines)) == IDS


INTERACTIONS = [{"time": number, "input": f"question {number}", "output": "answer"} for number in range(1, 6)]
JSONL = b"\n".join(json.dumps(one).encode() for one in INTERACTIONS)


@pytest.mark.parametrize(
    "content",
    [JSONL, b"\n\n" + JSONL + b"\n \n", json.dumps(INTERACTIONS, indent=1).encode()],
    ids=["", "blanks", "list"],
)
def test_interactions_come_line_by_line_or_as_a_list(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PARCEL_LINES", 2)
    found = cut(content)
    assert [json.loads(line)["time"] for one in found for line in one.body.splitlines()] == [1, 2, 3, 4, 5]
    assert {one.kind for one in found} == {"interactions"}
    for number, parcel in enumerate(found, 1):
        assert cut(content, parcel.upto) == found[number:]


def test_a_line_that_is_no_interaction_is_named_and_still_sent() -> None:
    (found,) = cut(JSONL + b'\n{"input": "no time"}\n{"time": 7, "input": 5, "tokens": {"input": "many"}}\nnot JSON\n')
    assert [number for number, _ in found.faults] == [6, 7, 8]
    assert [sentence for _, sentence in found.faults] == [
        "the line has no time",
        "tokens.input: expected `int | null`, got `str`",
        "the line is no JSON object",
    ]
    assert len(found.body.splitlines()) == 8


@pytest.mark.parametrize("head", [b"", b"\n\n"], ids=["first", "behind blank lines"])
def test_a_first_line_that_is_no_interaction_costs_itself(head: bytes) -> None:
    (found,) = cut(head + b'{"time": 1, "input": \n{"time": 2, "input": "kept"}\n{"time": 3, "input": "kept"}\n')
    assert found.faults == ((len(head) + 1, "the line is no JSON object"),)
    assert len(found.body.splitlines()) == 3


def test_of_a_line_that_is_too_long_the_beginning_is_sent() -> None:
    long = json.dumps({"time": 1, "input": "x" * (SPAN_BYTES + 10)}).encode()
    for content in (long + b"\n" + JSONL, b"[" + long + b"," + b",".join(JSONL.splitlines()) + b"]"):
        found = cut(content)
        assert [(number, "more than" in sentence) for one in found for number, sentence in one.faults] == [(1, True)]
        lines = b"\n".join(one.body for one in found).splitlines()
        assert (len(lines), len(lines[0])) == (1 + len(JSONL.splitlines()), SPAN_BYTES + 1)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert [one.body for one in cut(b"\xef\xbb\xbf" + JSONL)] == [one.body for one in cut(JSONL)]


def test_a_compressed_file_that_ends_early_gives_what_came_before() -> None:
    whole = b"".join(json.dumps({"time": n, "input": f"number {n}"}).encode() + b"\n" for n in range(1, 9_000))
    plain = Plain(io.BytesIO(gzip.compress(whole)[:-2_000]))
    found = list(parcels(FILE, opened(plain)))
    assert plain.damaged
    assert 1_000 < sum(len(one.body.splitlines()) for one in found) < 9_000


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n" + bytes(90), b"{\n 1: 2}", b"[1, 2", b'{\n"a": 1}', b"\x00\x00\x00\x09\x0a", b"\x0a\xff\xff"],
    ids=["an image", "no JSON", "half a list", "JSON of another kind", "half a message", "a broken length"],
)
def test_a_file_of_another_kind_is_refused_by_its_name(content: bytes) -> None:
    with pytest.raises(Rejected, match="file"):
        cut(content)


def test_an_empty_file_holds_nothing() -> None:
    assert cut(b"") == []
