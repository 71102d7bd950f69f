"""Log records that name only a response, in a running server: one trace, in any order, over a kill, and forgotten."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.reader import API, Reader, owner
from tests.e2e.server import onrecord, serving
from tests.e2e.test_erasure import leftovers
from tests.e2e.test_golden_roundtrip import places, send
from tests.lone import Sent, call, told
from tests.recorded import span
from tests.unit.normalize import golden

pytestmark = pytest.mark.chdb
CASE = "openlit/responses_stream"
USER, WORDS = "alice.example@mail.test", "the heron nests behind the boathouse"
ORDERS = pytest.mark.parametrize("order", [1, -1], ids=["span first", "part first"])
QUESTIONS = (
    "/traces", "/spans", "/spans?kind=llm", "/search?q=Lisbon", "/sessions", "/users", "/counts",
    "/aggregate?measure=count&group_by=model", "/facets?field=model&field=user&field=name",
)  # fmt: skip


def answers(reader: Reader) -> dict[str, bytes]:
    named = {"x-api-key": reader.key}
    questions = [*QUESTIONS, *(f"/traces/{row['trace_id']}" for row in reader.rows("/traces"))]
    return {question: reader.server.ask("GET", API + question, headers=named).body for question in questions}


def deliver(reader: Reader, *requests: Sent) -> None:
    for request in requests:
        path = "/v1/logs" if hasattr(request, "resource_logs") else "/v1/traces"
        send(reader, path, request.SerializeToString())


@ORDERS
@pytest.mark.parametrize("killed", [False, True], ids=["in one life", "over kill -9"])
def test_a_captured_stream_is_one_trace_with_its_whole_answer(data: Path, order: int, *, killed: bool) -> None:
    parts = [("/v1/traces", "request.pb"), ("/v1/logs", "logs.pb")][::order]
    with serving(data) as server:
        reader = owner(server)
        for path, file in parts:
            send(reader, path, (golden.GOLDEN / CASE / file).read_bytes())
            if killed:
                server.end(signal.SIGKILL)
                server.start()
        server.settle()
        ((trace, called), *_) = places(CASE)
        (listed,) = reader.rows("/traces")
        assert (listed["trace_id"], listed["spans"]) == (trace, 2)
        nodes: list[dict[str, Any]] = reader.get(f"/traces/{trace}")["nodes"]
        assert [node["span"]["span_id"] for node in nodes] == [one for _, one in places(CASE)]
        assert {hit["span"]["span_id"] for hit in reader.rows("/search", q="Lisbon")} == {called}
        assert golden.shown([reader.exact(*one) for one in places(CASE)]) == golden.shown(golden.load(CASE))
        server.settle()  # reading exact content is on the record, too
        before = answers(reader)
        done = onrecord("rebuild", "--data", str(data))
        assert (done.returncode, done.stderr) == (0, "")
        assert answers(reader) == before
        assert onrecord("verify", str(data)).returncode == 0


def test_what_waits_for_its_span_is_in_no_list_and_a_rebuild_does_not_show_it(data: Path) -> None:
    with serving(data) as server:
        reader = owner(server)
        deliver(reader, span(9, trace=9), told(WORDS))
        server.settle()
        before = answers(reader)
        assert len(reader.rows("/traces")) == 1
        assert onrecord("rebuild", "--data", str(data)).returncode == 0
        assert answers(reader) == before
        deliver(reader, call(1))
        server.settle()
        assert {row["trace_id"] for row in reader.rows("/traces")} == {f"{1:032x}", f"{9:032x}"}
        (hit,) = reader.rows("/search", q="heron")
        assert hit["span"]["span_id"] == f"{1:016x}"


@ORDERS
@pytest.mark.parametrize("named", ["by the call", "by another step, before", "by another step, after"])
def test_erasing_a_person_destroys_what_was_joined_although_it_names_nobody(data: Path, order: int, named: str) -> None:
    own = {"user.id": USER} if named == "by the call" else {}
    joined: list[Sent] = [call(1, also=own), told(WORDS)][::order]
    other = [span(2, user=USER, messages=(("user", "hello"),))]
    sent = {"by the call": joined, "by another step, before": [*other, *joined]}.get(named, [*joined, *other])
    with serving(data) as server:
        reader = owner(server)
        deliver(reader, *sent, call(3, trace=3, response="other"), told("the weather is fine", response="other"))
        server.settle()
        assert len(reader.rows("/search", q="heron")) == 1
        words = [WORDS, "boathouse", USER, f"{1:032x}", reader.rows("/traces", user=USER)[0]["user"]]
        done = onrecord("erase", "--data", str(data), "--user", USER, "--yes")
        assert (done.returncode, done.stderr) == (0, "")
        assert f"Erased {len(sent)} records" in done.stdout
        assert reader.rows("/search", q="heron") == []
        assert [row["trace_id"] for row in reader.rows("/traces")] == [f"{3:032x}"]
        server.settle()
        assert leftovers(data, words) == {}, "while it runs"
        assert onrecord("verify", str(data)).returncode == 0
        server.end()
        assert leftovers(data, words) == {}, "after it ended"
        assert onrecord("verify", str(data)).returncode == 0


@ORDERS
def test_an_evaluation_that_names_only_the_response_is_at_its_span(data: Path, order: int) -> None:
    judged = told("", also={"gen_ai.evaluation.name": "kind", "gen_ai.evaluation.score.value": "0.25"})
    judged.resource_logs[0].scope_logs[0].log_records[0].event_name = "gen_ai.evaluation.result"
    with serving(data) as server:
        reader = owner(server)
        deliver(reader, span(9, trace=9), *[call(1, also={"user.id": USER}), judged][::order])
        server.settle()
        (row,) = [row for row in reader.rows("/traces") if row["scores"]]
        assert (row["trace_id"], row["scores"][0]["span_id"]) == (f"{1:032x}", f"{1:016x}")
        assert [one["trace_id"] for one in reader.rows("/traces", q="score.kind<0.5")] == [f"{1:032x}"]
        done = onrecord("erase", "--data", str(data), "--user", USER, "--yes")
        assert "Erased 2 records" in done.stdout, "the judgement goes with the conversation that it judges"
