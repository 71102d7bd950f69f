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
from typing import Any, Self

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.browser.seed import seed_traces, send, trace_id

CHROMIUM = shutil.which("chromium") or ""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
)  # fmt: skip
RUN = "from onrecord.cli.main import main; main()"


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    url: str
    session: str
    """Cookie of somebody who is logged in as owner."""
    data: Path

    def write_key(self) -> str:
        """A new key that may write: once any test has made one, nobody writes without."""
        command = [sys.executable, "-c", RUN, "keys", "create", "--data", str(self.data), "--scope", "write"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not CHROMIUM:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with started(tmp_path_factory.mktemp("browser") / "data", demo=True) as running:
        for spans in seed_traces(time.time_ns()).values():
            send(running.url, spans)
        readable(running, trace_id("failed"))
        yield running


def readable(server: Server, trace: str) -> None:
    """Wait until a trace is on a page."""
    request = urllib.request.Request(f"{server.url}/traces/{trace}")
    request.add_header("cookie", f"onrecord_session={server.session}")
    for _ in range(120):
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except urllib.error.HTTPError as answer:
            answer.close()
        time.sleep(0.25)
    raise AssertionError("the traces are not readable after 30 s")


class started:  # noqa: N801 - reads as a word in a with statement
    """``onrecord serve`` over a data directory, stopped at the end."""

    def __init__(self, data: Path, *, demo: bool) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        command = [sys.executable, "-c", RUN, "serve", "--data", str(data), "--port", str(port)]
        self._data = data
        data.parent.mkdir(parents=True, exist_ok=True)
        self._log = (data.parent / "server.log").open("wb")
        settings = {"ONRECORD_SQL_CONSOLE": "1"} | ({"ONRECORD_DEMO": "1"} if demo else {})
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **settings}
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
        return Server(self._url, session_of(self._url, token), self._data)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def session_of(url: str, token: str) -> str:
    """Use a one-time link up; the cookie it gives."""
    opener = urllib.request.build_opener(_Stay)
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(f"{url}/login/once", f"token={token}".encode(), timeout=10)
    with refused.value as answer:
        assert answer.code == 303
        return str(answer.headers["set-cookie"]).partition("onrecord_session=")[2].partition(";")[0]


@pytest.fixture(scope="module")
def chromium(server: Server) -> Iterator[Browser]:
    # Not for the session: while it is open, its event loop runs in this thread, and other tests run their own.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


class Reader:
    """A logged-in reader. Leaving the ``with`` block asserts that the browser had nothing to complain about."""

    def __init__(self, browser: Browser, server: Server, theme: str = "light", width: int = 1440) -> None:
        scheme: Any = theme
        size: Any = {"width": width, "height": 900}
        self.url = server.url
        self.data = server.data
        self.context = browser.new_context(viewport=size, color_scheme=scheme, timezone_id="Europe/Vienna")
        self.context.add_cookies([{"name": "onrecord_session", "value": server.session, "url": server.url}])
        self.trouble: list[str] = []
        self.context.on("console", lambda said: self.trouble.append(f"console: {said.text}"))
        self.context.on("weberror", lambda error: self.trouble.append(f"error: {error.error}"))
        self.context.on("request", self._watch)
        self.page = self.context.new_page()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        if kind is None:
            assert self.trouble == []

    def open(self, path: str) -> Page:
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.trouble.append(f"foreign request: {request.url}")


@pytest.fixture
def reader(chromium: Browser, server: Server) -> Iterator[Reader]:
    with Reader(chromium, server) as one:
        yield one
