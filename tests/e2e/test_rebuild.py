"""The store is only a view: made again from ledger and vault it gives byte-equal answers, in every content mode."""

import shutil
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.reader import API, Reader, owner
from tests.e2e.server import onrecord, serving
from tests.recorded import span

pytestmark = pytest.mark.chdb
TRACES = 8
QUESTIONS = (
    "/traces", "/traces?limit=3", "/traces?user=user-2", "/traces?session=s3", "/traces?q=question",
    f"/traces/{1:032x}", f"/traces/{2:032x}", f"/traces/{3:032x}/spans/{31:016x}", f"/traces/{7:032x}",
    "/spans", "/spans?model=gpt-4o-mini&limit=5", "/spans?q=answer", "/spans?status=error", "/spans?score.good__gt=0.5",
    "/search?q=question", "/search?q=%22question+4%22", "/search?q=late", "/sessions", "/sessions/s2", "/users",
    "/aggregate?measure=count", "/aggregate?measure=count&group_by=model", "/aggregate?measure=count&interval=1h",
    "/aggregate?measure=latency_p95_ms&group_by=user", "/facets?field=model&field=user&field=name", "/counts",
)  # fmt: skip


def fill(reader: Reader) -> None:
    """Traces of several people, a later part of one span, a score, and a person who is erased."""
    named = {"x-api-key": reader.key, "content-type": "application/json"}
    for trace in range(1, TRACES):
        whole = ExportTraceServiceRequest()
        for number in range(3):
            said = (("user", f"question {trace} of ann@example.org"),)
            parent = trace * 10 if number else 0
            user = f"user-{trace}" if number == 1 else ""
            one = span(trace * 10 + number, trace=trace, parent=parent, user=user, session=f"s{trace}", messages=said)
            whole.MergeFrom(one)
        assert reader.server.export(whole.SerializeToString(), x_api_key=reader.key).status == 200
    part = span(20, trace=2, session="s2", messages=(("user", "late part"),), answer="a later answer")
    assert reader.server.export(part.SerializeToString(), x_api_key=reader.key).status == 200
    score = b'{"name": "good", "value": 0.9, "trace_id": "%032x", "span_id": "%016x"}' % (3, 31)
    assert reader.server.ask("POST", f"{API}/scores", score, named).status == 201
    reader.server.settle()
    gone = onrecord("erase", "--data", str(reader.server.data), "--user", "user-7", "--yes")
    assert "Erased 3 records" in gone.stdout
    reader.server.settle()


def answers(reader: Reader) -> dict[str, tuple[int, bytes]]:
    told = {}
    for question in QUESTIONS:
        answer = reader.server.ask("GET", API + question, headers={"x-api-key": reader.key})
        assert answer.status == (404 if question.startswith(f"/traces/{7:032x}") else 200), (question, answer.body)
        told[question] = (answer.status, answer.body)
    return told


@pytest.mark.parametrize("mode", ["full", "pseudonymised", "metadata"])
def test_every_answer_is_the_same_after_a_rebuild_and_after_the_store_was_lost(data: Path, mode: str) -> None:
    with serving(data, "--content-mode", mode) as server:
        reader = owner(server)
        fill(reader)
        before = answers(reader)
        assert sum(b'"rows":[]' not in body for _, body in before.values()) > len(QUESTIONS) // 2
        done = onrecord("rebuild", "--data", str(data))
        assert (done.returncode, done.stderr) == (0, "")
        assert answers(reader) == before
        server.end()
        shutil.rmtree(data / "store")
        server.start()
        server.settle()
        assert answers(reader) == before, "the start found an empty store and made it again"
