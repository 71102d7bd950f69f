"""A project that makes no call without a record: the intent is there first, whatever happens to server or disk."""

import http.client
import json
import resource
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.model.message import text_of
from tests.e2e.calls import spans
from tests.e2e.reader import Reader, owner
from tests.e2e.server import Answer, Server, onrecord, serving
from tests.e2e.slow import Slow, slow

pytestmark = pytest.mark.chdb
ASKED = json.dumps({"model": "m", "messages": [{"role": "user", "content": "what is it?"}]}).encode()
LONG = json.dumps({"model": "m", "messages": [{"role": "user", "content": "what is it? " * 3_000}]}).encode()
HEADERS = {"content-type": "application/json", "authorization": "Bearer sk-theirs"}


@pytest.fixture
def upstream() -> Iterator[Slow]:
    with slow() as running:
        yield running


def call(reader: Reader, asked: bytes = ASKED) -> Answer:
    headers = HEADERS | {"x-onrecord-key": reader.key}
    return reader.server.ask("POST", "/gateway/openai/v1/chat/completions", asked, headers)


def set_project(server: Server, chosen: str) -> None:
    done = onrecord("projects", "set", "default", "--on-log-failure", chosen, "--data", str(server.data))
    assert done.returncode == 0, done.stderr


def wait_for_process(server: Server) -> None:
    """Until calls have their own process."""
    while not server.health()["gateway_processes"]:
        time.sleep(0.05)


def limit_files(server: Server, size: int) -> None:
    """Let no file of the server grow beyond so many bytes: what a full disk is to its log."""
    for process in (server.process.pid, *children(server)):
        _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))


def children(server: Server) -> list[int]:
    """The processes that the server has started."""
    folders = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    return [int(child) for children in folders for child in children.read_text().split()]


def test_a_crash_in_mid_call_leaves_the_intent_as_evidence(data: Path, upstream: Slow) -> None:
    options = ("--upstream", f"openai={upstream.url}")
    with serving(data, *options) as server:
        reader = owner(server)
        set_project(server, "block")

        def lost() -> None:
            with pytest.raises((OSError, http.client.HTTPException)):
                call(reader)

        caller = threading.Thread(target=lost)
        caller.start()
        assert upstream.called.wait(20)
        server.end(signal.SIGKILL)
        caller.join()
        upstream.may_answer.set()
        server.start()
        (intent,) = spans(reader, 10)
        assert (intent.running, intent.end_unix_nano, intent.status) == (True, 0, "unset")
        assert text_of(intent.input[0]) == "what is it?"
        assert (intent.kind, intent.model_requested, intent.output) == ("llm", "m", ())
        (row,) = reader.rows("/spans")
        assert row["running"] is True

        answer = call(reader)
        assert (answer.status, answer.json()["choices"][0]["message"]["content"]) == (200, "late")
        ended = spans(reader, 10)[-1]
        assert (ended.running, ended.status, text_of(ended.output[0])) == (False, "ok", "late")
        assert (ended.trace_id, ended.span_id) == tuple(answer.headers["x-onrecord-id"].split("/"))


def test_a_call_that_a_stop_cuts_off_is_on_the_record(data: Path, upstream: Slow) -> None:
    with serving(data, "--upstream", f"openai={upstream.url}", "--content-mode", "metadata") as server:
        reader = owner(server)
        answers: list[Answer] = []
        caller = threading.Thread(target=lambda: answers.append(call(reader)))
        caller.start()
        assert upstream.called.wait(20)
        assert server.end() == 0
        caller.join()
        assert [answer.status for answer in answers] == [503]
        assert "Traceback" not in server.said()
        server.start()
        (span,) = spans(reader, 10)
        assert (span.running, span.status, span.error and span.error.type) == (False, "error", "stopped")
        assert span.attributes["gateway.request.bytes"] == len(ASKED)
        assert "what is it?" not in repr(span)


def test_a_log_that_can_not_be_written_blocks_the_call_or_is_counted(data: Path, upstream: Slow) -> None:
    upstream.may_answer.set()
    with serving(data, "--upstream", f"openai={upstream.url}") as server:
        reader = owner(server)
        assert call(reader).status == 200
        set_project(server, "block")
        assert call(reader).status == 200
        called = upstream.calls
        wait_for_process(server)
        limit_files(server, 16_384)
        refused = call(reader, LONG)
        assert (refused.status, upstream.calls) == (503, called)
        assert "not made" in refused.json()["error"]["message"]
        assert refused.headers["retry-after"]

        set_project(server, "pass")
        passed = call(reader, LONG)
        assert (passed.status, passed.json()["choices"][0]["message"]["content"]) == (200, "late")
        health = server.health()
        assert (health["gateway_blocked"], health["gateway_unrecorded"]) == (1, 1)
        assert health["status"] == "degraded"
        assert "could not be recorded" in health["parts"]["gateway"]
        metrics = server.ask("GET", "/metrics").body.decode()
        assert "onrecord_gateway_unrecorded_total 1.0" in metrics
        assert "could not be recorded" in server.said()
        assert "what is it?" not in server.said()

        limit_files(server, resource.RLIM_INFINITY)
        assert call(reader, LONG).status == 200
        assert server.health()["parts"]["gateway"] == "ok"
