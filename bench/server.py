"""Our server as a process under test."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onrecord.demo.play import BEHIND


class Server:
    """A running ``onrecord serve`` and a key for it."""

    def __init__(self, data: Path, process: "subprocess.Popen[str]", url: str, start_s: float, key: str) -> None:
        self.data = data
        self.process = process
        self.url = url
        self.start_s = start_s
        self.key = key

    def get(self, path: str, **query: str) -> Any:
        """An answer of the query API, or of /health."""
        return json.loads(self.read(path, **query))

    def read(self, path: str, **query: str) -> bytes:
        """The bytes of an answer."""
        asked = f"{self.url}{path}?{urllib.parse.urlencode(query)}" if query else f"{self.url}{path}"
        request = urllib.request.Request(asked, headers={"x-api-key": self.key})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())

    def timed_ms(self, path: str, query: dict[str, str], repeat: int = 7) -> float:
        """Median milliseconds of an answer, the first of them left out."""
        times = []
        for _ in range(repeat + 1):
            began = time.perf_counter()
            self.read(path, **query)
            times.append((time.perf_counter() - began) * 1_000)
        return sorted(times[1:])[repeat // 2]

    def settle(self) -> None:
        """Wait until everything that is acknowledged is in ledger and store."""
        while True:
            report = self.get("/health")
            if report["parts"]["store"] == "ok" and not any(report[name] for name in BEHIND):
                return
            time.sleep(0.01)


@contextlib.contextmanager
def serving(data: Path, *options: str) -> Iterator[Server]:
    """Start the server, wait until its store is open, stop it at the end."""
    command = [sys.executable, "-m", "onrecord.cli"]
    scopes = ["--scope", "read", "--scope", "write"]
    made = subprocess.run(
        [*command, "keys", "create", "--data", str(data), *scopes], capture_output=True, text=True, check=True
    )
    key = next(word for word in made.stdout.split() if word.startswith("or_"))
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "serve", "--data", str(data), "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = next(word for line in process.stdout if "listens at" in line for word in line.split() if "http" in word)
        server = Server(data, process, url.rstrip(","), time.perf_counter() - began, key)
        server.settle()
        yield server
    finally:
        process.terminate()
        process.wait(120)
