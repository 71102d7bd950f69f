"""A person is forgotten: by the API, by every file, while her data still arrives; and the record says so."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.reader import Reader, owner
from tests.e2e.server import Server, onrecord, serving
from tests.recorded import every_byte, span

pytestmark = pytest.mark.chdb
USER, SESSION, WORDS = "alice.example@mail.test", "session-of-alice-77", "the heron nests behind the boathouse"


def talk(reader: Reader, user: str, trace: int, text: str, first: int = 1) -> None:
    whole = ExportTraceServiceRequest()
    session = SESSION if user == USER else f"session-{trace}"
    for number in range(first, first + 3):
        messages = (("user", f"{text} {number}"),)
        one = span(trace * 100 + number, trace=trace, user=user, session=session, messages=messages, answer=text)
        whole.MergeFrom(one)
    answer = reader.server.export(whole.SerializeToString(), x_api_key=reader.key)
    assert (answer.status, answer.body) == (200, b"")


def erase(server: Server, user: str = USER) -> str:
    done = onrecord("erase", "--data", str(server.data), "--user", user, "--reason", "asked on paper", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def reader(data: Path) -> Iterator[Reader]:
    with serving(data) as server:
        made = owner(server)
        talk(made, USER, 1, WORDS)
        talk(made, "bob", 2, "the weather is fine")
        server.settle()
        yield made


def leftovers(data: Path, words: list[str]) -> dict[str, list[str]]:
    """Which words stand in which file."""
    found: dict[str, list[str]] = {}
    for path in sorted(data.rglob("*")):
        held = [word for word in words if path.is_file() and word.encode() in path.read_bytes()]
        if held:
            found[str(path.relative_to(data))] = held
    return found


def test_nothing_of_an_erased_person_is_left_in_any_answer_or_file(reader: Reader) -> None:
    server = reader.server
    (row,) = reader.rows("/traces", user=USER)
    words = [USER, SESSION, WORDS, "boathouse", row["user"], row["session"], f"{1:032x}"]
    assert "Erased 3 records" in erase(server)
    for path in ("/traces", "/spans", "/sessions", "/users"):
        assert reader.rows(path, user=USER) == [], path
    assert reader.rows("/search", q="heron") == []
    assert reader.ask(f"/traces/{1:032x}").status == 404
    assert reader.ask(f"/sessions/{SESSION}").status == 404
    assert [one["value"] for one in reader.rows("/facets", field="user")[0]["values"]] != [row["user"]]
    assert len(reader.rows("/spans", user="bob")) == 3
    assert reader.exact(f"{2:032x}", f"{201:016x}").user_id == "bob"
    server.settle()
    assert leftovers(server.data, words) == {}, "while it runs"
    server.end()
    assert leftovers(server.data, words) == {}, "after it ended"


def test_a_pseudonym_erases_the_person_behind_it_and_the_list_says_when_and_never_who(reader: Reader) -> None:
    server = reader.server
    (row,) = reader.rows("/traces", user=USER)
    assert "Nobody of that name" in erase(server, "somebody-else")
    assert reader.rows("/erasures") == []
    assert "Erased 3 records" in erase(server, row["user"])
    assert reader.rows("/traces", user=USER) == []
    assert len(reader.rows("/spans", user="bob")) == 3
    server.settle()
    (listed,) = reader.rows("/erasures")
    assert (listed["records"], listed["done_shard"]) == (3, listed["shard"])
    assert listed["index"] < listed["done_index"]
    assert row["user"] not in str(listed)
    again = onrecord("erase", "--data", str(server.data), "--user", row["user"], "--yes")
    assert again.returncode != 0
    assert "erased already" in again.stderr


def test_verify_names_the_entry_that_erased(reader: Reader) -> None:
    erase(reader.server)
    reader.server.settle()
    for _ in range(2):
        verdict = onrecord("verify", str(reader.server.data))
        assert (verdict.returncode, verdict.stderr) == (0, "")
        assert "erased by entry" in verdict.stdout
        if reader.server.process.poll() is None:
            reader.server.end()


def test_what_arrives_during_an_erasure_is_either_gone_or_whole(reader: Reader) -> None:
    server, stop = reader.server, threading.Event()

    def keep_sending() -> None:
        for number in range(10, 60):
            if not stop.is_set():
                talk(reader, USER, number, "said meanwhile")

    sender = threading.Thread(target=keep_sending)
    sender.start()
    erase(server)
    stop.set()
    sender.join()
    server.settle()
    assert reader.ask(f"/traces/{1:032x}").status == 404, "what was there before is gone"
    for row in reader.rows("/spans", user=USER, limit=500):
        assert reader.exact(row["trace_id"], row["span_id"]).user_id == USER
    erase(server)
    assert reader.rows("/spans", user=USER) == []
    server.settle()
    server.end()
    assert b"said meanwhile" not in every_byte(server.data)
    assert onrecord("verify", str(server.data)).returncode == 0


def test_without_a_server_the_command_says_what_to_do(reader: Reader) -> None:
    reader.server.end()
    refused = onrecord("erase", "--data", str(reader.server.data), "--user", USER, "--yes")
    assert refused.returncode == 70
    assert "onrecord serve" in refused.stderr
