"""What real instrumentation packages send comes back whole from a running server, over the API."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from onrecord.model.span import Span
from tests.e2e.reader import Reader, owner
from tests.e2e.server import serving
from tests.unit.normalize import golden

pytestmark = pytest.mark.chdb
PEOPLE = ("openinference_openai/chat", "logfire_openai/chat", "openlit/chat", "traceloop_openai/chat")
"""Captures that name their user."""

JOINED = ("openlit/stream", "openlit_anthropic/stream", "openlit/responses_stream")
"""Captures in which a log record names no span, only a response."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A server that was sent every capture; log records before their spans in every second one."""
    with serving(tmp_path_factory.mktemp("golden") / "data") as server:
        made = owner(server)
        for number, case in enumerate(golden.CASES):
            paths = [
                ("/v1/traces", golden.GOLDEN / case / "request.pb"),
                ("/v1/logs", golden.GOLDEN / case / "logs.pb"),
            ]
            for path, file in paths[:: -1 if number % 2 else 1]:
                if file.exists():
                    send(made, path, told_apart(file.read_bytes(), case))
        server.settle()
        yield made


def told_apart(sent: bytes, case: str) -> bytes:
    """What was sent, with response ids that no other capture has: the invented provider begins anew for each."""
    number = golden.CASES.index(case)
    return re.sub(rb"\b(chatcmpl-|msg_|resp_)00(\d\d)", rb"\g<1>%02x\2" % number, sent)


def send(reader: Reader, path: str, body: bytes) -> None:
    headers = {"content-type": "application/x-protobuf", "x-api-key": reader.key}
    answer = reader.server.ask("POST", path, body, headers)
    assert (answer.status, answer.body) == (200, b""), path


def traces(case: str) -> list[str]:
    return sorted({trace for trace, _ in places(case)})


def places(case: str) -> list[tuple[str, str]]:
    """Trace id and span id of what was sent, in the order of their start."""
    sent = ExportTraceServiceRequest.FromString((golden.GOLDEN / case / "request.pb").read_bytes())
    spans = [one for resource in sent.resource_spans for scope in resource.scope_spans for one in scope.spans]
    spans.sort(key=lambda one: one.start_time_unix_nano)
    return [(one.trace_id.hex(), one.span_id.hex()) for one in spans]


def expected(case: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(told_apart((golden.GOLDEN / case / "expected.json").read_bytes(), case))
    return told


def read_back(reader: Reader, case: str) -> list[Span]:
    return [reader.exact(trace, span) for trace, span in places(case)]


@pytest.mark.parametrize("case", golden.CASES)
def test_a_capture_comes_back_as_it_was_sent(reader: Reader, case: str) -> None:
    assert golden.shown(read_back(reader, case)) == expected(case)


def test_every_trace_is_in_the_list_with_what_was_asked_and_answered(reader: Reader) -> None:
    rows = {row["trace_id"]: row for row in every(reader, "/traces")}
    for case in golden.CASES:
        listed = [rows.pop(trace) for trace in traces(case)]
        spans = expected(case)
        assert sum(row["spans"] for row in listed) == len(spans), case
        models = {one.get("model_served") or one.get("model_requested") for one in spans} - {None}
        assert {model for row in listed for model in row["models"]} == models, case
        if case.endswith("/chat"):
            assert any("Portugal" in row["input_preview"] for row in listed), case
            assert any("Lisbon" in row["output_preview"] for row in listed), case
    assert rows == {}, "no log record stands by itself"


@pytest.mark.parametrize("case", JOINED)
def test_a_log_record_that_names_only_the_response_is_in_the_trace_of_its_span(reader: Reader, case: str) -> None:
    (trace,) = traces(case)
    tree = reader.get(f"/traces/{trace}")
    assert len(tree["nodes"]) == len(expected(case))
    (row,) = [node["span"] for node in tree["nodes"] if node["span"]["kind"] == "llm"]
    assert row["revision"] == 1
    assert "Lisbon" in row["output_preview"]


def every(reader: Reader, path: str) -> Iterator[dict[str, Any]]:
    page = reader.get(path, limit=100)
    yield from page["rows"]
    while page["next"]:
        page = reader.get(path, limit=100, after=page["next"])
        yield from page["rows"]


@pytest.mark.parametrize("case", [case for case in golden.CASES if case.endswith("/chat")])
def test_a_word_of_the_answer_finds_the_call_and_its_tokens_are_told(reader: Reader, case: str) -> None:
    (trace,) = traces(case)
    (hit, *_) = reader.rows("/search", q="Lisbon", trace_id=trace)
    assert hit["span"]["trace_id"] == trace
    called = next(one for one in expected(case) if "Lisbon" in str(one.get("output")))
    if called.get("kind") == "llm" and "input" in called.get("usage", {}):
        (row,) = reader.rows("/traces", trace_id=trace)
        assert row["tokens"]["input"] == called["usage"]["input"]


@pytest.mark.parametrize("case", PEOPLE)
def test_the_user_of_one_span_finds_the_whole_trace(reader: Reader, case: str) -> None:
    user = next(one["user_id"] for one in expected(case) if one.get("user_id"))
    found = {row["trace_id"]: row for row in reader.rows("/traces", user=user, limit=500)}
    assert set(traces(case)) <= set(found)
    assert all(row["user"].startswith("usr_") for row in found.values())
