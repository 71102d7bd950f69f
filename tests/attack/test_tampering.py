"""Deliberate tampering with a dead directory: each is named, with its exit code."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from onrecord.governance.verdict import Report, verify_data
from onrecord.model.time import FixedClock
from tests.attack.world import MONTH_US
from tests.recorded import NOVEMBER_US, recording, send, span


@pytest.fixture
def copied(victim: Path, tmp_path: Path) -> Path:
    directory = tmp_path / "copy"
    shutil.copytree(victim, directory, ignore=shutil.ignore_patterns("*-shm"))
    return directory


def change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as sql:
        for statement in statements:
            sql.execute(statement)
        sql.commit()


def judged(directory: Path) -> Report:
    return verify_data(directory / "data", directory / "keys")


def vault(directory: Path) -> Path:
    return directory / "data" / "vault" / "2026-11.db"


def ledger(directory: Path) -> Path:
    return next((directory / "data" / "ledger").glob("*/*/2026"))


def record_more(directory: Path) -> None:
    with recording(directory, FixedClock(NOVEMBER_US + MONTH_US)) as made:
        send(made, span(4_000, trace=4_000))
        made.settle()
        made.pipeline.exclusively(made.staging.trim).result(30)


def test_an_untouched_directory_is_verified(copied: Path) -> None:
    report = judged(copied)
    assert (report.exit_code, report.states["erased"]) == (0, 6)


def test_bodies_swapped_between_two_records_are_altered(copied: Path) -> None:
    first, second = (2 << 40 | 3, 2 << 40 | 4)
    change(
        vault(copied),
        f"CREATE TEMP TABLE b AS SELECT id, body FROM record WHERE id IN ({first}, {second})",
        f"UPDATE record SET body = (SELECT body FROM b WHERE id = {second}) WHERE id = {first}",
        f"UPDATE record SET body = (SELECT body FROM b WHERE id = {first}) WHERE id = {second}",
    )
    report = judged(copied)
    assert report.exit_code == 1
    assert {3, 4} <= {finding.index for _, finding in report.findings}


def test_a_deleted_row_is_missing(copied: Path) -> None:
    change(vault(copied), f"DELETE FROM record WHERE id = {2 << 40 | 30}")
    report = judged(copied)
    assert (report.exit_code, report.states["missing"]) == (2, 1)


def test_a_deleted_month_is_missing(copied: Path) -> None:
    for path in vault(copied).parent.glob("2026-11*"):
        path.unlink()
    assert judged(copied).exit_code == 2


def test_an_old_copy_of_the_vault_lacks_what_came_since(copied: Path, victim: Path) -> None:
    record_more(copied)
    shutil.rmtree(vault(copied).parent)
    shutil.copytree(victim / "data" / "vault", vault(copied).parent)
    assert judged(copied).exit_code == 2


def test_an_old_copy_of_the_ledger_does_not_reach_what_was_signed(copied: Path, victim: Path) -> None:
    record_more(copied)
    shutil.rmtree(copied / "data" / "ledger")
    shutil.copytree(victim / "data" / "ledger", copied / "data" / "ledger")
    report = judged(copied)
    assert report.exit_code in (1, 2)
    assert any("the end is missing" in finding.sentence for _, finding in report.findings)


def test_what_was_signed_but_not_published_is_no_fault_while_the_spool_has_it(copied: Path, victim: Path) -> None:
    with recording(copied, FixedClock(NOVEMBER_US + MONTH_US)) as made:
        made.staging.followers.append(lambda: 0)
        send(made, span(4_000, trace=4_000))
    shutil.rmtree(copied / "data" / "ledger")
    shutil.copytree(victim / "data" / "ledger", copied / "data" / "ledger")
    report = judged(copied)
    assert (report.exit_code, report.states["pending"]) == (0, 1)


def test_an_old_copy_of_the_lock_is_older_than_what_is_published(copied: Path, victim: Path) -> None:
    record_more(copied)
    for path in (copied / "keys").glob("checkpoints.db*"):
        path.unlink()
    for path in (victim / "keys").glob("checkpoints.db*"):
        shutil.copy(path, copied / "keys")
    report = judged(copied)
    assert report.exit_code == 1
    assert any("backup" in finding.sentence for _, finding in report.findings)


def test_a_deleted_lock_is_missing(copied: Path) -> None:
    for path in (copied / "keys").glob("checkpoints.db*"):
        path.unlink()
    assert judged(copied).exit_code == 2


def test_content_that_comes_back_after_its_erasure_is_named(copied: Path) -> None:
    change(vault(copied), f"INSERT INTO record VALUES ({2 << 40 | 31}, randomblob(20), 1, randomblob(200))")
    report = judged(copied)
    assert report.exit_code == 1
    assert any("is there again" in finding.sentence for _, finding in report.findings)


def test_a_changed_manifest_excuses_nothing(copied: Path) -> None:
    (manifest,) = (ledger(copied) / "manifest").iterdir()
    manifest.write_bytes(b"onrecord-manifest/v1\n1 40\n")
    assert judged(copied).exit_code == 1


def test_a_removed_manifest_excuses_nothing(copied: Path) -> None:
    shutil.rmtree(ledger(copied) / "manifest")
    assert judged(copied).exit_code == 2


def test_a_truncated_bundle_is_altered(copied: Path) -> None:
    size = int((ledger(copied) / "checkpoint").read_text().splitlines()[1])
    bundle = ledger(copied) / "tile" / "entries" / "000.p" / str(size)
    bundle.write_bytes(bundle.read_bytes()[:-300])
    assert judged(copied).exit_code == 1


def test_a_checkpoint_signed_by_another_key_is_untrusted_at_least(copied: Path) -> None:
    note = (ledger(copied) / "checkpoint").read_bytes()
    (ledger(copied) / "checkpoint").write_bytes(note[:-12] + b"AAAAAAAAAAA\n")
    assert judged(copied).exit_code in (1, 3, 4)


def test_a_removed_key_store_is_missing(copied: Path) -> None:
    for path in (copied / "data").glob("keys.db*"):
        path.unlink()
    assert judged(copied).exit_code == 2


def test_without_the_key_directory_nobody_vouches_for_anything(copied: Path) -> None:
    assert verify_data(copied / "data", copied / "nowhere").exit_code == 3
