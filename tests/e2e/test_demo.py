"""``onrecord demo``, run for real: what it prints is true, what it shows is there, and nothing of it stays."""

import contextlib
import os
import re
import signal
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

pytestmark = pytest.mark.chdb

WITHIN_SECONDS = 120


class Demo(msgspec.Struct):
    """A running demo."""

    process: "subprocess.Popen[bytes]"
    output: Path
    folder: Path

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def until(self, words: str) -> str:
        """What it has said once it has said ``words``."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return self.said()

    def children(self) -> list[int]:
        """Its server's process id."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii")
        return [int(number) for number in listed.split()]


@contextlib.contextmanager
def demo(tmp_path: Path, *options: str) -> Iterator[Demo]:
    """``onrecord demo`` on a free port, with a temporary directory of its own."""
    folder, output = tmp_path / "temporary", tmp_path / "said"
    folder.mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "onrecord.cli", "demo", "--port", str(port), "--seed", "11", *options]
    with output.open("wb") as written:
        process = subprocess.Popen(
            command, stdout=written, stderr=written, env={**os.environ, "TMPDIR": str(folder), "PYTHONDEVMODE": "0"}
        )
    running = Demo(process, output, folder)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(WITHIN_SECONDS)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def logged_in(link: str) -> str:
    """The cookie that a one-time link gives."""
    url, _, token = link.partition("/login?token=")
    with pytest.raises(urllib.error.HTTPError) as answered:
        urllib.request.build_opener(_Stay).open(f"{url}/login/once", f"token={token}".encode(), timeout=10)
    with answered.value as answer:
        assert answer.code == 303
        return str(answer.headers["set-cookie"]).partition(";")[0]


def page(url: str, cookie: str) -> str:
    request = urllib.request.Request(url, headers={"cookie": cookie, "accept": "text/html"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def test_the_link_of_the_demo_leads_to_its_traces_until_a_signal_ends_it(tmp_path: Path) -> None:
    with demo(tmp_path, "--traces", "30", "--rate", "10") as running:
        said = running.until("New traces keep coming")
        found = re.search(r"http\S+/login\?token=\S+", said)
        assert found
        cookie, url = logged_in(found.group()), found.group().partition("/login")[0]
        listed = page(f"{url}/traces", cookie)
        assert "Demo data" in listed
        first = set(re.findall(r"/traces/([0-9a-f]{32})", listed))
        assert len(first) >= 20
        assert f"export OTEL_EXPORTER_OTLP_ENDPOINT={url}" in said
        assert "verified: everything is as it was recorded" in said
        assert f"{url}/login" in said.partition("30 traces of")[0]
        deadline = time.monotonic() + WITHIN_SECONDS
        while not set(re.findall(r"/traces/([0-9a-f]{32})", page(f"{url}/traces", cookie))) - first:
            assert time.monotonic() < deadline, "no new trace came"
            time.sleep(0.2)
        (server,) = running.children()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(WITHIN_SECONDS) == 0, running.said()
    assert list(running.folder.iterdir()) == []
    assert not Path(f"/proc/{server}").exists()


def test_once_ends_by_itself_and_keeps_what_it_is_told_to_keep(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with demo(tmp_path, "--traces", "40", "--once", "--keep", str(kept)) as running:
        assert running.process.wait(WITHIN_SECONDS) == 0, running.said()
    assert "40 traces of" in running.said()
    assert list(running.folder.iterdir()) == []
    verified = subprocess.run(
        [sys.executable, "-m", "onrecord.cli", "verify", str(kept)], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stdout


def test_a_server_that_ends_unasked_is_said_with_its_last_lines(tmp_path: Path) -> None:
    with demo(tmp_path, "--traces", "5", "--rate", "20") as running:
        running.until("New traces keep coming")
        for server in running.children():
            os.kill(server, signal.SIGKILL)
        assert running.process.wait(WITHIN_SECONDS) == 70, running.said()
    said = running.said()
    assert "has ended by itself" in said
    assert "Its last lines:" in said
    assert "onrecord listens at" in said.partition("Its last lines:")[2]
    assert list(running.folder.iterdir()) == []


def test_the_demo_never_mixes_into_real_data(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "control.db").touch()
    with demo(tmp_path, "--keep", str(tmp_path / "real")) as running:
        assert running.process.wait(WITHIN_SECONDS) == 64, running.said()
    assert [one.name for one in (tmp_path / "real").iterdir()] == ["control.db"]
