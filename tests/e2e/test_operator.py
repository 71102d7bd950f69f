"""What an operator does to a running server from the command line: verify, erase, rebuild."""

from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.server import Server, onrecord, serving
from tests.recorded import every_byte, span

pytestmark = pytest.mark.chdb
SECRET = "the heron nests behind the boathouse"


def talk(server: Server, user: str, trace: int, text: str) -> None:
    whole = ExportTraceServiceRequest()
    for number in range(3):
        one = span(trace * 10 + number, trace=trace, user=user, session=f"s{trace}", messages=(("user", text),))
        whole.MergeFrom(one)
    assert server.export(whole.SerializeToString()).status == 200


def test_a_live_server_verifies_and_so_does_what_it_leaves(data: Path) -> None:
    with serving(data) as server:
        talk(server, "alice", 1, SECRET)
        server.settle()
        live = onrecord("verify", str(data))
        assert (live.returncode, live.stderr) == (0, "")
        server.end()
    assert onrecord("verify", str(data)).returncode == 0


def test_erasing_a_person_leaves_nothing_of_her_and_verify_says_by_which_entry(data: Path) -> None:
    with serving(data) as server:
        talk(server, "alice", 1, SECRET)
        talk(server, "bob", 2, "the weather is fine")
        server.settle()
        done = onrecord("erase", "--data", str(data), "--user", "alice", "--reason", "asked on paper", "--yes")
        assert (done.returncode, done.stderr) == (0, "")
        assert "Erased 3 records" in done.stdout
        again = onrecord("erase", "--data", str(data), "--user", "alice", "--yes")
        assert "nothing was erased" in again.stdout
        server.settle()
        server.end()
    verdict = onrecord("verify", str(data))
    assert verdict.returncode == 0, verdict.stdout
    assert "erased" in verdict.stdout
    assert SECRET.encode() not in every_byte(data)
    assert b"boathouse" not in every_byte(data)


def test_a_rebuilt_store_holds_the_same_rows(data: Path) -> None:
    with serving(data) as server:
        for trace in range(1, 6):
            talk(server, f"user {trace}", trace, f"question {trace}")
        server.settle()
        done = onrecord("rebuild", "--data", str(data))
        assert (done.returncode, done.stderr) == (0, "")
        assert "Rebuilt 15 rows" in done.stdout
        talk(server, "late", 9, "after the rebuild")
        assert server.settle()["status"] == "ok"


def test_the_operators_socket_is_not_on_the_network(data: Path) -> None:
    with serving(data) as server:
        for path in ("/admin/erase", "/admin/rebuild"):
            assert server.ask("POST", path, b'{"project":"default","user":"alice"}').status == 403
        assert (data / "control.sock").stat().st_mode & 0o077 == 0
        server.end()
    assert not (data / "control.sock").exists()
    gone = onrecord("rebuild", "--data", str(data))
    assert gone.returncode == 70
    assert "onrecord serve" in gone.stderr
