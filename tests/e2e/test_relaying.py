"""Calls are relayed by a process of their own: nobody notices, and whoever is killed, every answered call is kept."""

import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.config import Settings
from onrecord.ingest.journal import journal_files, read_journal
from onrecord.keys.kek import load_kek
from onrecord.keys.keystore import KeyStore
from tests.e2e.calls import spans
from tests.e2e.load import kept
from tests.e2e.reader import Reader, owner
from tests.e2e.server import Server, onrecord, serving
from tests.e2e.slow import Slow, slow

pytestmark = pytest.mark.chdb
CALL = "/gateway/openai/v1/chat/completions"
ASKED = json.dumps({"model": "m", "messages": [{"role": "user", "content": "what is it?"}]}).encode()


@pytest.fixture
def upstream() -> Iterator[Slow]:
    with slow() as running:
        running.may_answer.set()
        yield running


@pytest.fixture
def reader(data: Path, upstream: Slow) -> Iterator[Reader]:
    """A server whose calls go through their own process already."""
    with serving(data, "--upstream", f"openai={upstream.url}") as server:
        made = owner(server)
        await_process(made)
        yield made


def headers(reader: Reader, **more: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"content-type": "application/json", "x-onrecord-key": reader.key, **named}


def call(reader: Reader, **more: str) -> str:
    """One call on a connection of its own; the id of its span."""
    answer = reader.server.ask("POST", CALL, ASKED, headers(reader, **more))
    assert (answer.status, answer.json()["choices"][0]["message"]["content"]) == (200, "late")
    return answer.headers["x-onrecord-id"].partition("/")[2]


def await_process(reader: Reader) -> None:
    """Make calls until they have their own process."""
    deadline = time.monotonic() + 20
    while not reader.server.health()["gateway_processes"]:
        assert time.monotonic() < deadline, "no process relays calls"
        call(reader)
        time.sleep(0.05)


def process_of(server: Server) -> int:
    """The process that relays calls."""
    for folder in Path(f"/proc/{server.process.pid}/task").iterdir():
        for child in map(int, (folder / "children").read_text().split()):
            if b"relayprocess" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
    raise AssertionError("no process relays calls")


def ids(reader: Reader) -> Counter[str]:
    """How often each call is on the record."""
    reader.server.settle()
    return Counter({f"{number:016x}": times for number, times in kept(reader).items()})


class Load:
    """Calls one after another in several threads, until told to stop; whatever breaks a call does not break this."""

    def __init__(self, reader: Reader) -> None:
        self.answered: list[str] = []
        self._reader = reader
        self._over = threading.Event()

    def _run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
                self.answered.append(call(self._reader))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._run) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()


def test_one_connection_carries_calls_and_other_requests_in_turns(reader: Reader) -> None:
    place = urlsplit(reader.server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    told = []
    with contextlib.closing(connection):
        for _ in range(3):
            for method, path, body in (("GET", "/health", b""), ("POST", CALL, ASKED), ("GET", "/no/such/path", b"")):
                connection.request(method, path, body, headers(reader))
                answer = connection.getresponse()
                answer.read()
                told.append((answer.status, answer.getheader("x-onrecord-id") is not None))
    assert told == [(200, False), (200, True), (404, False)] * 3


def test_a_call_that_arrives_byte_by_byte_is_a_call(reader: Reader) -> None:
    before = len(ids(reader))
    place = urlsplit(reader.server.url)
    head = f"POST {CALL} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\nContent-Length: {len(ASKED)}\r\n"
    request = f"{head}X-Onrecord-Key: {reader.key}\r\n\r\n".encode() + ASKED
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=30) as connection:
        for byte in request:
            connection.sendall(bytes([byte]))
        got = b""
        while piece := connection.recv(65_536):
            got += piece
    assert got.startswith(b"HTTP/1.1 200")
    assert len(ids(reader)) == before + 1


def test_requests_sent_at_once_are_answered_in_their_order(reader: Reader) -> None:
    place = urlsplit(reader.server.url)
    length = f"Content-Length: {len(ASKED)}\r\nX-Onrecord-Key: {reader.key}\r\n"
    host = f"Host: {place.netloc}\r\n"
    both = f"POST {CALL} HTTP/1.1\r\n{host}{length}\r\n".encode() + ASKED
    both += f"GET /health HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode()
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=30) as connection:
        connection.sendall(both)
        got = b""
        while piece := connection.recv(65_536):
            got += piece
    assert got.startswith(b"HTTP/1.1 200")
    assert b"x-onrecord-id" in got.partition(b"\r\n\r\n")[0]
    assert got.count(b"HTTP/1.1 ") == 2


def test_when_the_process_is_killed_every_answered_call_is_kept_and_another_takes_over(reader: Reader) -> None:
    load = Load(reader)
    with load.running():
        for _ in range(2):
            killed = process_of(reader.server)
            time.sleep(0.5)
            os.kill(killed, signal.SIGKILL)
            deadline = time.monotonic() + 30
            while not reader.server.health()["gateway_processes"] or process_of(reader.server) == killed:
                assert time.monotonic() < deadline, "no other process took over"
                time.sleep(0.1)
    found = ids(reader)
    assert set(load.answered) <= set(found), "answered and not on the record"
    assert set(found.values()) == {1}, "there twice"
    assert len(load.answered) > 20
    assert "is taken up" in reader.server.said()


@pytest.mark.slow
def test_when_the_server_is_killed_every_answered_call_is_on_the_record_after_the_next_start(reader: Reader) -> None:
    server = reader.server
    load = Load(reader)
    relay = process_of(server)
    with load.running():
        time.sleep(1)
        server.end(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{relay}").exists():
            assert time.monotonic() < deadline, "the process outlives its server"
            time.sleep(0.05)
    server.start()
    found = ids(reader)
    assert len(load.answered) > 20
    assert set(load.answered) <= set(found), "answered and not on the record"
    assert set(found.values()) == {1}, "there twice"
    assert server.end() == 0
    assert journal_files(server.data / "journal") == []
    verified = onrecord("verify", str(server.data))
    assert verified.returncode == 0, verified.stdout


def test_a_stop_cuts_off_a_call_of_the_process_and_records_it(reader: Reader, upstream: Slow) -> None:
    before = len(ids(reader))
    upstream.called.clear()
    upstream.may_answer.clear()
    answers: list[int] = []

    def wait() -> None:
        answers.append(reader.server.ask("POST", CALL, ASKED, headers(reader)).status)

    caller = threading.Thread(target=wait)
    caller.start()
    assert upstream.called.wait(20)
    assert reader.server.end() == 0
    caller.join()
    assert answers == [503]
    assert "Traceback" not in reader.server.said()
    assert journal_files(reader.server.data / "journal") == []
    reader.server.start()
    found = spans(reader)
    assert len(found) == before + 1
    assert (found[-1].status, found[-1].error and found[-1].error.type) == ("error", "stopped")


def test_a_person_who_is_erased_is_in_no_journal(reader: Reader) -> None:
    server = reader.server
    for _ in range(5):
        call(reader, x_onrecord_user="alice.example@mail.test")
    done = onrecord("erase", "--data", str(server.data), "--user", "alice.example@mail.test", "--yes")
    assert "Erased 5 records" in done.stdout, done.stderr
    server.end(signal.SIGKILL)  # what lies there now is all that there is
    assert opened(server) == []


def opened(server: Server) -> list[bytes]:
    """Whatever can be read of the journals with the keys of the installation."""
    settings = Settings(data=server.data)
    kek = load_kek(settings.kek_file)
    assert kek is not None
    keys = KeyStore(server.data / "keys.db", kek)
    with contextlib.closing(keys):
        wrapping = AESGCM(keys.project_key(0, "journal"))
    return [
        entry.body for path in journal_files(server.data / "journal") for entry in read_journal(path, wrapping).entries
    ]
