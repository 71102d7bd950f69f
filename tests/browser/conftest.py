"""A real server in a process of its own, seeded once, and a headless chromium that notices everything that is wrong."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.browser.seed import seed_traces, send

CHROMIUM = shutil.which("chromium") or ""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
)  # fmt: skip
RUN = "from onrecord.cli.main import main; main()"
AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    url: str
    session: str
    """Cookie of somebody who is logged in as owner."""


class Trouble(msgspec.Struct):
    """What a browser should never have to say."""

    said: list[str] = []


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not CHROMIUM:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with started(tmp_path_factory.mktemp("browser") / "data", demo=True) as running:
        for spans in seed_traces(time.time_ns()).values():
            send(running.url, spans)
        yield running


class started:  # noqa: N801 - reads as a word in a with statement
    """``onrecord serve`` over a data directory, stopped at the end."""

    def __init__(self, data: Path, *, demo: bool) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        command = [sys.executable, "-c", RUN, "serve", "--data", str(data), "--port", str(port)]
        data.parent.mkdir(parents=True, exist_ok=True)
        self._log = (data.parent / "server.log").open("wb")
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **({"ONRECORD_DEMO": "1"} if demo else {})}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, env=environment, text=True)
        self._url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> Server:
        assert self._process.stdout is not None
        token = ""
        for said in self._process.stdout:
            if "token=" in said:
                token = said.strip().rpartition("token=")[2]
            if "Send to it" in said:
                break
        assert token, "the server did not start; see server.log"
        return Server(self._url, _session(self._url, token))

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def _session(url: str, token: str) -> str:
    """Use a one-time link up; the cookie it gives."""
    opener = urllib.request.build_opener(_Stay)
    try:
        opener.open(f"{url}/login/once", f"token={token}".encode(), timeout=10)
    except urllib.error.HTTPError as answer:
        with answer:
            assert answer.code == 303, answer.read()
            return str(answer.headers["set-cookie"]).partition("onrecord_session=")[2].partition(";")[0]
    raise AssertionError("a one-time link did not log in")
