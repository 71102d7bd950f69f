"""Flip any byte: verify names a victim, or every record under the last checkpoint still reads back equal."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from onrecord.governance.audit import INTACT
from onrecord.governance.verdict import verify_data

FLIPS = 3_000


@pytest.fixture
def copied(victim: Path, tmp_path: Path) -> Path:
    directory = tmp_path / "copy"
    shutil.copytree(victim, directory, ignore=shutil.ignore_patterns("*-shm"))
    return directory


def targets(directory: Path) -> list[Path]:
    """Every file of ledger, vault with its spool, and the checkpoints beside the keys."""
    found = [*(directory / "data" / "ledger").rglob("*"), *(directory / "data" / "vault").rglob("*")]
    found += (directory / "keys").glob("checkpoints.db*")
    return sorted(path for path in found if path.is_file() and path.stat().st_size)


def positions(path: Path, rng: random.Random, share: int, *, every: bool) -> list[int]:
    size = path.stat().st_size
    return list(range(size)) if every else sorted(rng.sample(range(size), min(size, share)))


def is_noticed_or_harmless(directory: Path, intact: int) -> bool:
    """Whether something was named, or as many records as before are equal to what their entries commit to."""
    report = verify_data(directory / "data", directory / "keys")
    return bool(report.findings) or report.states.get(INTACT) == intact


def test_a_flipped_byte_is_noticed_or_harms_no_record(copied: Path, request: pytest.FixtureRequest) -> None:
    report = verify_data(copied / "data", copied / "keys")
    assert report.findings == []
    intact = report.states[INTACT]
    rng = random.Random(5)
    files = targets(copied)
    unnoticed = []
    noticed = 0
    for path in files:
        original = path.read_bytes()
        every = bool(request.config.getoption("--every-byte", default=False))
        for position in positions(path, rng, max(4, FLIPS // len(files)), every=every):
            with path.open("r+b") as file:
                file.seek(position)
                file.write(bytes([original[position] ^ 1 << rng.randrange(8)]))
            for leftover in path.parent.glob("*-shm"):
                leftover.unlink()
            if not is_noticed_or_harmless(copied, intact):
                unnoticed.append((path.name, position))
            noticed += 1
            path.write_bytes(original)
    assert noticed >= len(files)
    assert unnoticed == []


def test_a_flip_in_a_sealed_body_names_its_record(copied: Path) -> None:
    with closing(sqlite3.connect(copied / "data" / "vault" / "2026-11.db")) as sql:
        sql.execute("UPDATE record SET body = body || x'00' WHERE id = (2 << 40 | 7)")
        sql.commit()
    report = verify_data(copied / "data", copied / "keys")
    assert report.exit_code == 1
    assert [finding.index for _, finding in report.findings] == [7]
    assert report.states["altered"] == 1


@pytest.mark.parametrize("file", ["data/vault/2026-11.db", "keys/checkpoints.db"])
def test_a_name_in_the_schema_that_is_no_text_any_more_is_noticed(copied: Path, file: str) -> None:
    """SQLite complains with the bytes that it can not read, and Python can not read the complaint."""
    path = copied / file
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    broken = bytearray(path.read_bytes())
    at = broken.index(b"CREATE TABLE ")
    name = bytes(broken[at:]).split()[2].partition(b"(")[0]
    broken[at - len(name) - 3] = 0xD5  # before the statement stand the number of a page, the table and its name
    path.write_bytes(broken)
    for leftover in path.parent.glob("*-shm"):
        leftover.unlink()
    with pytest.raises(UnicodeDecodeError), closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA cache_size=-100")
    assert verify_data(copied / "data", copied / "keys").exit_code == 1
