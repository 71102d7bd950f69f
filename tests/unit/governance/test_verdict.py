"""Verification: right on a live directory, without the server's packages, over HTTP, of a bundle, as JSON."""

import functools
import http.server
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from onrecord.governance.bundle import make_bundle, verify_bundle
from onrecord.governance.verdict import verify_data, verify_url
from onrecord.ledger.commitment import open_slot
from onrecord.ledger.proof import encode_proof
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.model.time import SystemClock
from tests.recorded import november, place, recording, send, span

SERVER_PACKAGES = ("chdb", "clickhouse_connect", "starlette", "uvicorn", "sqlalchemy", "orjson", "hyperscan",
                   "google", "opentelemetry", "argon2", "phonenumbers")  # fmt: skip
_BLOCKED = """
import sys
for name in {names!r}:
    sys.modules[name] = None
from onrecord.cli.main import main
main(["verify", *sys.argv[1:]])
"""


def record(directory: Path) -> Path:
    """Three spans; the directory of their ledger."""
    with recording(directory, november()) as made:
        send(made, span(1), span(2, messages=(("user", "tangerine"),)), span(3))
        made.settle()
    return next((directory / "data" / "ledger").glob("*/*/*"))


def verify(directory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier with none of the server's packages importable."""
    script = _BLOCKED.format(names=SERVER_PACKAGES)
    command = [sys.executable, "-c", script, str(directory / "data"), "--keys", str(directory / "keys"), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_verifier_needs_none_of_the_servers_packages(tmp_path: Path) -> None:
    record(tmp_path)
    done = verify(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "verified" in done.stdout


def test_as_json_every_finding_and_the_exit_code_are_told(tmp_path: Path) -> None:
    ledger = record(tmp_path)
    (ledger / "stray").write_bytes(b"")
    done = verify(tmp_path, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (1, 1)
    assert [finding["file"] for finding in told["findings"]] == ["stray"]


def test_what_is_no_data_directory_is_a_usage_error(tmp_path: Path) -> None:
    assert verify(tmp_path).returncode == 64


def test_fifty_verifications_while_recording_goes_on_find_nothing(tmp_path: Path) -> None:
    stop = threading.Event()
    with recording(tmp_path, SystemClock()) as made:
        send(made, span(1))
        made.settle()

        def load() -> None:
            number = 2
            while not stop.is_set():
                send(made, *[span(one, trace=number) for one in range(number, number + 10)])
                number += 10

        sender = threading.Thread(target=load)
        sender.start()
        try:
            found = [verify_data(tmp_path / "data", tmp_path / "keys").findings for _ in range(50)]
        finally:
            stop.set()
            sender.join()
    assert [findings for findings in found if findings] == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(directory: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_ledger_is_verified_over_http_by_a_key_from_elsewhere(tmp_path: Path) -> None:
    ledger = record(tmp_path)
    vkey = (ledger / "vkey").read_text().strip()
    with served(ledger) as url:
        assert verify_url(url, [vkey]).exit_code == 0
        assert verify_url(url).exit_code == 3
        (ledger / "tile" / "0" / "000.p" / "4").write_bytes(bytes(128))
        assert verify_url(url, [vkey]).exit_code == 1


@pytest.fixture
def bundle(tmp_path: Path) -> tuple[Path, str]:
    """An evidence bundle of the second span that discloses its message, and the ledger's key."""
    ledger = record(tmp_path)
    reader = LedgerReader(read_directory(ledger))
    with recording(tmp_path, november()) as made:
        content = made.vault.open(made.vault.locate(2, place(2)))
    slots = {1: (content.slots[1], open_slot(content.salt, [sha256(slot).digest() for slot in content.slots], 1))}
    vkey = (ledger / "vkey").read_text().strip()
    made_bytes = make_bundle(reader.entry(2), encode_proof(reader.proof(2)), vkey, slots)
    (tmp_path / "evidence.zip").write_bytes(made_bytes)
    return tmp_path / "evidence.zip", vkey


def test_a_bundle_proves_its_record_and_the_disclosed_slot(bundle: tuple[Path, str]) -> None:
    path, vkey = bundle
    assert b"tangerine" in path.read_bytes()
    assert verify_bundle(path, [vkey]).exit_code == 0
    assert verify_bundle(path).exit_code == 3
    assert verify_bundle(path, [vkey]).note.startswith("Entry #2 of ")


def test_a_proof_that_was_saved_alone_is_checked_with_the_entry_beside_it(bundle: tuple[Path, str]) -> None:
    path, vkey = bundle
    alone = path.with_name("2026-2.tlog-proof")
    with zipfile.ZipFile(path) as archive:
        alone.write_bytes(archive.read("entry.tlog-proof"))
        entry = archive.read("entry")
    assert verify_bundle(alone, [vkey]).exit_code == 4
    assert "2026-2.entry, are not beside it" in verify_bundle(alone, [vkey]).findings[0][1].sentence
    alone.with_suffix(".entry").write_bytes(entry)
    assert verify_bundle(alone, [vkey]).exit_code == 0
    assert verify_bundle(alone).exit_code == 3
    alone.with_suffix(".entry").write_bytes(entry[:-1] + bytes([entry[-1] ^ 1]))
    assert verify_bundle(alone, [vkey]).exit_code in (1, 4)


def test_a_bundle_with_another_content_is_altered(bundle: tuple[Path, str]) -> None:
    path, vkey = bundle
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["slot-1"] = members["slot-1"].replace(b"tangerine", b"clementin")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert verify_bundle(path, [vkey]).exit_code == 1


def test_what_is_no_bundle_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"not a zip")
    assert verify_bundle(tmp_path / "x.zip").exit_code == 4
