"""The demo's own server, a process like any other, and the way to play traffic into it.

The server runs in a session of its own: Ctrl-C reaches only the demo, which then ends the server in good order.
What it prints goes into a file beside the data; when it ends unasked, the last lines of that file are the error.
"""

import contextlib
import gzip
import http.client
import json
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

from onrecord.demo.step import Trace
from onrecord.demo.wire import requests
from onrecord.errors import Unavailable

HOST: Final = "127.0.0.1"
USUAL_PORT: Final = 4318
START_SECONDS: Final = 60
STOP_SECONDS: Final = 45
SETTLE_SECONDS: Final = 60
BEHIND: Final = ("journal_waiting", "ledger_lag_commits", "store_lag_commits")
"""Figures of /health that are 0 once everything acknowledged is in ledger and store."""
_LAST_LINES: Final = 12
_PATIENCE: Final = 60
"""How often a request is sent again while the server says that it is busy."""


class DemoServer:
    """A running server over ``data``."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.keys = data.with_name(data.name + ".keys")
        self._log = data.with_name(data.name + ".log")
        options = {"data": data, "keys": self.keys, "store": f"chdb://{data / 'store'}", "host": HOST, "port": port}
        command = [sys.executable, "-m", "onrecord.cli", "serve", "--demo"]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
        self.url = f"http://{HOST}:{port}"
        self.login = ""
        self._connection = http.client.HTTPConnection(HOST, port, timeout=30)

    def wait(self, stopping: Callable[[], bool]) -> Self:
        """Wait until it answers; broken off when ``stopping`` says so.

        Raises:
            Unavailable: it ended, or does not answer within a minute.
        """
        self._until(lambda: "Send to it" in self._said() and bool(self.health()), stopping, START_SECONDS)
        found = re.search(r"http\S+/login\?token=\S+", self._said())
        self.login = found.group() if found else f"{self.url}/login"
        return self

    def settle(self, stopping: Callable[[], bool]) -> None:
        """Wait until ledger and store hold everything that was sent.

        Raises:
            Unavailable: the server ended or did not get there in time.
        """

        def settled() -> bool:
            report = self.health()
            return bool(report) and not any(report[name] for name in BEHIND)

        self._until(settled, stopping, SETTLE_SECONDS)

    def send(self, path: str, body: bytes) -> None:
        """Export one protobuf body, gzipped; sent again while the server says that it is busy.

        Raises:
            Unavailable: the server ended, or refuses the body.
        """
        headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
        packed = gzip.compress(body, 6, mtime=0)
        status = 0
        for _ in range(_PATIENCE):
            try:
                status = self._ask("POST", path, packed, headers)[0]
            except (OSError, http.client.HTTPException):
                self._connection.close()
                self._check()
                status = http.HTTPStatus.SERVICE_UNAVAILABLE
            if status == http.HTTPStatus.OK:
                return
            if status not in {http.HTTPStatus.SERVICE_UNAVAILABLE, http.HTTPStatus.TOO_MANY_REQUESTS}:
                break
            time.sleep(0.5)
        raise Unavailable(f"The demo server did not take the traffic: it answered {int(status)}.", hint=self._end())

    def play(self, traces: Sequence[tuple[Trace, int]], ids: random.Random) -> None:
        """Send traces, each with its start in Unix nanoseconds, and their scores; returns once they are durable.

        Raises:
            Unavailable: the server ended, or refuses them.
        """
        spans, scores = requests(traces, ids)
        self.send("/v1/traces", spans)
        if scores:
            self.send("/v1/logs", scores)

    def health(self) -> dict[str, Any]:
        """What ``/health`` says; empty while it does not answer."""
        try:
            status, body = self._ask("GET", "/health")
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return {}
        report: dict[str, Any] = json.loads(body) if status == http.HTTPStatus.OK else {}
        return report

    def stop(self) -> None:
        """Let it drain and end; kill it when it does not."""
        self._connection.close()
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        self._connection.request(method, path, body, headers or {})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _until(self, ready: Callable[[], bool], stopping: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not stopping() and not ready():
            self._check()
            if time.monotonic() > deadline:
                raise Unavailable(f"The demo server is not ready after {within_s:.0f} seconds.", hint=self._end())
            time.sleep(0.05)

    def _check(self) -> None:
        if self._child.poll() is not None:
            raise Unavailable(
                f"The demo server has ended by itself (exit code {self._child.returncode}).", hint=self._end()
            )

    def _said(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def _end(self) -> str:
        return "Its last lines:\n" + "\n".join(f"  {line}" for line in self._said().splitlines()[-_LAST_LINES:])


@contextlib.contextmanager
def demo_server(data: Path, port: int) -> Iterator[DemoServer]:
    """A server that is stopped at the end."""
    server = DemoServer(data, port)
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """OpenTelemetry's own port when nobody has it, so that an exporter without settings arrives here; else any."""
    for wanted in (USUAL_PORT, 0):
        with contextlib.suppress(OSError), socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind((HOST, wanted))
            port: int = taken.getsockname()[1]
            return port
    raise Unavailable("No TCP port is free on this machine.")
