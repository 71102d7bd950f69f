"""A crash while the ledgers of an old year are closed: each gets one last entry, and the next one names it."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from onrecord.governance.verdict import verify_data
from onrecord.ledger.entry import Previous, decode_entry
from onrecord.ledger.reader import LedgerReader, read_directory
from tests.crash.driver import delivery
from tests.crash.paced import clock
from tests.recorded import PROJECT, recording


def die_in_the_new_year(directory: Path, point: str) -> None:
    """A life from December into January that ends at a crash point."""
    life = [str(directory), "2", "40", "1", point, "1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.paced", *life], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def last_words(ledger: Path) -> list[int | None]:
    """The year that each entry of a ledger names as the next."""
    reader = LedgerReader(read_directory(ledger))
    return [decode_entry(entry).next for _, entry in reader.entries(0, reader.checkpoint().size)]


def check(directory: Path) -> None:
    old, new = sorted((directory / "data" / "ledger" / PROJECT.id / "n1").iterdir())
    named = last_words(old)
    assert named == [None] * (len(named) - 1) + [2027]
    previous = decode_entry(LedgerReader(read_directory(new)).entry(0)).previous
    assert previous is not None
    assert (previous.shard, previous.size) == (2026, len(named))
    assert verify_data(directory / "data", directory / "keys").findings == []


def test_a_year_that_was_closed_but_not_published_at_a_crash_is_not_closed_again(tmp_path: Path) -> None:
    die_in_the_new_year(tmp_path, "commit.year-closed")
    waits = threading.Event()
    with recording(tmp_path, clock(2), start=False) as made:
        final = made.staging._final

        def waited(project: int, year: int, size: int) -> Previous | None:
            if size:
                waits.set()
            return final(project, year, size)

        made.staging._final = waited
        made.commits.start()
        done = made.pipeline.submit(delivery(1_000))
        assert waits.wait(30), "the commit thread waits for the final checkpoint"
        made.sequencer.start()
        assert done.result(30).accepted == 2
        made.settle()
        made.stop()
    check(tmp_path)


@pytest.mark.parametrize("point", ["ledger.tiles-written", "ledger.synced", "ledger.locked", "ledger.published"])
def test_a_crash_while_the_last_entry_is_published_closes_the_year_once(tmp_path: Path, point: str) -> None:
    die_in_the_new_year(tmp_path, f"commit.year-closed>{point}")
    with recording(tmp_path, clock(2)) as made:
        assert made.pipeline.submit(delivery(1_000)).result(30).accepted == 2
        made.settle()
    check(tmp_path)
