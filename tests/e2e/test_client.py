"""Our own client in a real application process against a real server: complete, whatever is killed or stopped."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.client_app import SECRET
from tests.e2e.reader import Reader, owner
from tests.e2e.relay import Relay, relaying
from tests.e2e.server import Server, onrecord, serving

pytestmark = pytest.mark.chdb
ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("client") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def reader(server: Server) -> Reader:
    return owner(server)


@pytest.fixture
def relay(server: Server) -> Iterator[Relay]:
    with relaying() as wire:
        wire.upstream = server.url
        yield wire


class App:
    """The application: one spool, one name, started as often as a test likes."""

    def __init__(self, directory: Path, endpoint: str, key: str) -> None:
        self.spool = directory / "spool"
        self.name = f"app-{os.urandom(4).hex()}"
        self.variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
            "ONRECORD_ENDPOINT": endpoint,
            "ONRECORD_API_KEY": key,
            "ONRECORD_APPLICATION": self.name,
            "ONRECORD_SPOOL": str(self.spool),
            "ONRECORD_EXIT_SECONDS": "20",
        }

    def start(self, *scenario: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.client_app", *scenario],
            cwd=ROOT,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *scenario: str) -> str:
        process = self.start(*scenario)
        out, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        return out

    def kill_when_it_says(self, word: str, *scenario: str) -> None:
        process = self.start(*scenario)
        assert process.stdout is not None
        assert word in process.stdout.readline(), process.communicate(timeout=10)
        process.kill()
        process.communicate(timeout=10)

    def batches(self) -> list[Path]:
        return [path for path in self.spool.rglob("*.*") if path.suffix in {".traces", ".logs"}]


@pytest.fixture
def app(tmp_path: Path, relay: Relay, reader: Reader) -> App:
    return App(tmp_path, relay.url, reader.key)


def awaited(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def outputs(reader: Reader, app: App) -> list[str]:
    """What the steps of an application gave, in the order of their numbers; twice what is there twice."""
    reader.server.settle()
    rows = reader.rows("/spans", application=app.name, limit=500)
    said = [row["output_preview"] for row in rows if row["name"] == "step"]
    return sorted(said, key=lambda text: int(text.rpartition(" ")[2]))


def steps(first: int, last: int) -> list[str]:
    return [f"{SECRET} {number}" for number in range(first, last + 1)]


def gaps(reader: Reader) -> int:
    return int(reader.get("/completeness")["gaps"])


def test_every_form_of_a_step_arrives_with_people_input_output_scores_and_errors(app: App, reader: Reader) -> None:
    trace_id = app.run("every_form").strip()
    reader.server.settle()
    rows = {row["name"]: row for row in reader.rows("/spans", application=app.name)}
    assert {name: row["kind"] for name, row in rows.items()} == {
        "look_up": "tool", "stream": "agent", "pieces": "chain", "gather": "chain", "secretive": "chain",
        "answer": "chain", "fails": "tool",
    }  # fmt: skip
    assert rows["stream"]["output_preview"] == "piece 0 piece 1 "
    assert rows["gather"]["input_preview"] == '{"topic":"x"}'
    assert rows["secretive"]["input_preview"] == rows["secretive"]["output_preview"] == ""
    assert rows["fails"]["status"] == "error"
    answer = reader.exact(trace_id, rows["answer"]["span_id"])
    assert (answer.user_id, answer.session_id, answer.application) == ("ann@example.com", "visit-1", app.name)
    assert answer.attributes == {"tries": 2, "mood": "good"}
    assert answer.source.sequence is not None
    scores = {score["name"]: score for score in reader.get(f"/traces/{trace_id}")["trace"]["scores"]}
    assert (scores["stars"]["value"], scores["stars"]["source"], scores["stars"]["comment"]) == (4, "end_user", "quick")
    assert (scores["length"]["passed"], scores["length"]["source"]) == (False, "validator")
    assert gaps(reader) == 0
    assert app.batches() == []


def test_steps_of_a_generator_stand_below_it(app: App, reader: Reader) -> None:
    app.run("every_form")
    reader.server.settle()
    rows = reader.rows("/spans", application=app.name, limit=50)
    parent = next(row for row in rows if row["name"] == "stream")
    nodes = reader.get(f"/traces/{parent['trace_id']}")["nodes"]
    below = [node["span"]["name"] for node in nodes if node["span"]["parent_id"] == parent["span_id"]]
    assert below == ["look_up", "look_up"]


def test_an_application_killed_while_the_server_is_away_loses_nothing(app: App, relay: Relay, reader: Reader) -> None:
    relay.upstream = "http://127.0.0.1:9"
    app.kill_when_it_says("spooled", "steps_then_wait", "1", "40")
    assert app.batches()
    relay.upstream = reader.server.url
    app.run("steps", "41", "45")
    assert outputs(reader, app) == steps(1, 45)
    assert gaps(reader) == 0


def test_an_application_killed_between_the_commit_and_the_answer_is_not_recorded_twice(
    app: App, relay: Relay, reader: Reader
) -> None:
    relay.lose_answers = True
    process = app.start("steps_then_wait", "1", "10")
    assert relay.lost.wait(WAIT_S)
    process.kill()
    process.communicate(timeout=10)
    assert outputs(reader, app) == steps(1, 10)
    assert app.batches(), "nothing was acknowledged, so everything is still there"
    before = reader.server.health()["duplicates"]
    relay.lose_answers = False
    app.run("steps", "11", "12")
    assert outputs(reader, app) == steps(1, 12)
    assert reader.server.health()["duplicates"] >= before + 10
    assert gaps(reader) == 0


def test_a_server_that_is_away_for_a_while_gets_everything_when_it_is_back(
    tmp_path: Path, app: App, relay: Relay
) -> None:
    with serving(tmp_path / "data") as other:
        relay.upstream = other.url
        app.variables["ONRECORD_API_KEY"] = owner(other).key
        reader = Reader(other, app.variables["ONRECORD_API_KEY"])
        process = app.start("steps", "1", "60", "0.05")
        time.sleep(0.8)
        other.end()
        time.sleep(1)
        other.start()
        relay.upstream = other.url
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        app.run("steps", "61", "61")
        assert outputs(reader, app) == steps(1, 61)
        assert gaps(reader) == 0


def test_several_processes_share_a_spool_and_the_living_send_for_the_dead(
    app: App, relay: Relay, reader: Reader
) -> None:
    relay.upstream = "http://127.0.0.1:9"
    app.kill_when_it_says("spooled", "steps_then_wait", "1", "5")
    relay.upstream = reader.server.url
    running = [app.start("steps", str(10 * number + 1), str(10 * number + 10), "0.01") for number in (1, 2, 3)]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert outputs(reader, app) == steps(1, 5) + steps(11, 40)
    assert gaps(reader) == 0


def test_forked_processes_are_producers_of_their_own(app: App, reader: Reader) -> None:
    before = reader.get("/completeness")["producers"]
    app.run("forked")
    assert outputs(reader, app) == steps(1, 4)
    assert reader.get("/completeness")["producers"] == before + 3
    assert gaps(reader) == 0


def test_what_a_killed_process_had_in_memory_is_declared_by_the_next(app: App, reader: Reader) -> None:
    before = reader.get("/completeness")["declared_drops"]
    app.kill_when_it_says("stuck", "stuck")
    app.run("steps", "7", "7")
    assert outputs(reader, app) == [*steps(1, 1), *steps(7, 7)]
    reader.server.settle()
    found = reader.get("/completeness")
    assert (found["declared_drops"] - before, found["gaps"]) == (5, 0)


def test_the_spool_lies_sealed_and_closed_to_others(app: App, relay: Relay) -> None:
    relay.upstream = "http://127.0.0.1:9"
    app.kill_when_it_says("spooled", "steps_then_wait", "1", "20")
    written = b"".join(path.read_bytes() for path in app.spool.rglob("*") if path.is_file())
    assert len(written) > 500
    for word in (SECRET, "step", app.name, app.variables["ONRECORD_API_KEY"]):
        assert word.encode() not in written
    for path in app.spool.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_spool_that_is_full_drops_the_newest_and_says_so(app: App, relay: Relay, reader: Reader) -> None:
    before = reader.get("/completeness")["declared_drops"]
    relay.upstream = "http://127.0.0.1:9"
    app.variables |= {"ONRECORD_SPOOL_BYTES": str(64 * 1024), "ONRECORD_EXIT_SECONDS": "0"}
    app.run("steps", "1", "40", "0.07")
    relay.upstream = reader.server.url
    app.variables["ONRECORD_EXIT_SECONDS"] = "20"
    app.run("steps", "41", "41")
    kept = outputs(reader, app)
    found = reader.get("/completeness")
    lost = 41 - len(kept)
    assert lost > 0
    assert kept[:3] == steps(1, 3)
    assert (found["declared_drops"] - before, found["gaps"]) == (lost, 0)


def test_an_application_ends_although_no_answer_ever_comes(app: App, relay: Relay, reader: Reader) -> None:
    relay.answering.clear()
    app.variables["ONRECORD_EXIT_SECONDS"] = "1"
    app.run("steps", "1", "5")
    assert relay.requests == 1, "the first request still waits"
    assert app.batches()
    relay.answering.set()
    app.variables["ONRECORD_EXIT_SECONDS"] = "20"
    app.run("steps", "6", "6")
    assert outputs(reader, app) == steps(1, 6)
    assert gaps(reader) == 0


def test_a_refused_batch_is_set_aside_and_declared(app: App, relay: Relay, reader: Reader) -> None:
    before = reader.get("/completeness")["declared_drops"]
    relay.answer = (400, {})
    app.kill_when_it_says("spooled", "steps_then_wait", "1", "3")
    awaited(lambda: relay.requests > 0)
    relay.answer = None
    app.run("steps", "4", "4")
    assert outputs(reader, app) == steps(4, 4)
    found = reader.get("/completeness")
    assert (found["declared_drops"] - before, found["gaps"]) == (3, 0)
    assert list(app.spool.rglob("refused/*"))


def test_a_batch_that_vanishes_is_a_gap_that_everybody_sees(tmp_path: Path, app: App, relay: Relay) -> None:
    with serving(tmp_path / "data") as other:
        reader = owner(other)
        app.variables["ONRECORD_API_KEY"] = reader.key
        relay.upstream = "http://127.0.0.1:9"
        app.variables["ONRECORD_EXIT_SECONDS"] = "0"
        app.run("steps", "1", "30", "0.03")
        app.variables["ONRECORD_EXIT_SECONDS"] = "20"
        batches = sorted(app.batches())
        assert len(batches) > 3
        batches[1].unlink()
        relay.upstream = other.url
        app.run("steps", "31", "31")
        lost = 31 - len(outputs(reader, app))
        assert lost > 0
        found = reader.get("/completeness")
        assert (found["gaps"], found["missing"], found["rows"][0]["missing"]) == (1, lost, lost)
        health = other.health()
        assert (health["gaps"], health["missing"]) == (1, lost)
        assert health["oldest_gap"] > 0
        live = onrecord("verify", "--completeness", str(other.data))
        assert (live.returncode, "2 producers, 1 gaps, 0 declared drops" in live.stdout) == (2, True), live.stdout
        other.end(signal.SIGKILL)
        dead = onrecord("verify", "--completeness", "--json", str(other.data))
        assert dead.returncode == 2
        assert f'"missing": {lost}' in dead.stdout
