"""OTLP over a real socket: every encoding, what is refused and how, what overload and a bomb cost."""

import gzip
import http.client
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zstandard
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.e2e.server import Answer, Server, serving
from tests.recorded import span

pytestmark = pytest.mark.chdb
PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("otlp") / "data") as running:
        yield running


def received(server: Server) -> int:
    return int(server.health()["received"])


def post(server: Server, body: bytes, path: str = "/v1/traces", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.ask("POST", path, body, PROTOBUF | named)


def as_json(request: ExportTraceServiceRequest) -> bytes:
    """The request in OTLP's JSON: ids in hex."""
    value = MessageToDict(request)
    for one in value["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        one["traceId"], one["spanId"] = f"{77:032x}", f"{78:016x}"
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("identity", lambda body: body),
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_each_encoding_is_read(server: Server, encoding: str, packed: object) -> None:
    before = received(server)
    number = zlib.crc32(encoding.encode())
    body = span(number, trace=number).SerializeToString()
    assert post(server, packed(body), content_encoding=encoding).status == 200  # type: ignore[operator]
    assert received(server) == before + 1


def test_a_chunked_json_body_is_read(server: Server) -> None:
    before = received(server)
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    body = as_json(span(1))
    pieces = iter([body[:100], body[100:]])
    connection.request("POST", "/v1/traces", pieces, {"content-type": "application/json"}, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert received(server) == before + 1


def test_one_bad_span_costs_itself_and_is_named(server: Server) -> None:
    before = server.health()
    whole = span(201, trace=200)
    bad = whole.resource_spans[0].scope_spans[0].spans.add(trace_id=b"short", span_id=b"x")
    bad.name = "secret-name"
    whole.MergeFrom(span(202, trace=200))
    answer = post(server, whole.SerializeToString())
    assert answer.status == 200
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert partial.rejected_spans == 1
    assert "trace id" in partial.error_message
    assert "secret-name" not in partial.error_message
    after = server.health()
    assert after["received"] == before["received"] + 2
    assert after["dead_letters"] == before["dead_letters"] + 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xff\xff", {}, 400),
        (b"not gzip", {"content_encoding": "gzip"}, 400),
        (gzip.compress(b"cut off" * 1_000)[:-20], {"content_encoding": "gzip"}, 400),
        (b'{"resourceSpans": 7}', {"content_type": "application/json"}, 400),
        (b"x", {"content_encoding": "br"}, 415),
        (b"x", {"content_type": "text/csv"}, 415),
    ],
    ids=["no protobuf", "no gzip", "gzip cut off", "no list", "unknown coding", "unknown media type"],
)
def test_malformed_input_is_refused_with_a_sentence(
    server: Server, body: bytes, headers: dict[str, str], status: int
) -> None:
    before = received(server)
    answer = post(server, body, **headers)
    assert answer.status == status
    assert len(answer.body) > 20
    assert received(server) == before


def test_a_bomb_costs_no_more_memory_than_the_bound(server: Server) -> None:
    bound_bytes = 64 * 1024 * 1024
    bomb = gzip.compress(b"\0" * (bound_bytes * 12), 9)
    post(server, gzip.compress(b"\0" * (bound_bytes - 1_000), 1), content_encoding="gzip")
    before = peak_bytes(server)
    assert post(server, bomb, content_encoding="gzip").status == 413
    assert peak_bytes(server) - before < 2 * bound_bytes


def peak_bytes(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1_024


def test_metrics_are_accepted_and_counted(server: Server) -> None:
    assert post(server, b"", path="/v1/metrics").status == 200
    assert b"onrecord_" in server.ask("GET", "/metrics").body


def test_a_full_server_says_when_to_come_again(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--inflight-bytes", "1048576") as small:
        answer = post(small, b"\0" * 3_000_000)
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert small.health()["shed"] == 1
        assert post(small, span(1).SerializeToString()).status == 200
