"""A real server in a process of its own, on a free port, with a data directory of its own."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from onrecord.demo.play import BEHIND

START_SECONDS = 30
_PROTOBUF = {"content-type": "application/x-protobuf"}


class Answer(msgspec.Struct, frozen=True):
    """What came back over the socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """``onrecord serve`` over one data directory; may be started again after it ended."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.options = options
        self.url = ""
        self.login = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._log = data.with_name(data.name + ".log")

    def start(self) -> "Server":
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "onrecord.cli", "serve", "--data", str(self.data), "--port", "0", *self.options],
                stdout=log,
                stderr=log,
                env={name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"},
            )
        mark = len(self.said())
        self._await(lambda: "Send to it" in self.said()[mark:])
        said = self.said()[mark:]
        self.url = re.findall(r"listens at (\S+),", said)[-1]
        self.login = (re.findall(r"/login\?token=(\S+)", said) or [""])[-1]
        return self

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "the server was not started"
        return self._process

    def said(self) -> str:
        """Everything it printed."""
        return self._log.read_text("utf-8")

    def end(self, number: signal.Signals = signal.SIGTERM, within_s: float = 60) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(within_s)

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """One request on a connection of its own."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())

    def export(self, body: bytes, **headers: str) -> Answer:
        """Send spans as protobuf."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", "/v1/traces", body, _PROTOBUF | named)

    def health(self) -> dict[str, Any]:
        """What /health says."""
        report: dict[str, Any] = self.ask("GET", "/health").json()
        return report

    def settle(self) -> dict[str, Any]:
        """Wait until ledger and store have everything; the health report then."""

        def settled() -> bool:
            report = self.health()
            return report["parts"]["store"] == "ok" and not any(report[name] for name in BEHIND)

        self._await(settled)
        return self.health()

    def _await(self, ready: Any) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)


@contextlib.contextmanager
def serving(data: Path, *options: str) -> Iterator[Server]:
    """A running server; killed at the end when it still runs."""
    server = Server(data, *options).start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def onrecord(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one command of the command line."""
    return subprocess.run(
        [sys.executable, "-m", "onrecord.cli", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
