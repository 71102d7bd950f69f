"""The commit thread when something around it fails: it goes on, it answers everybody, it gives nothing out twice."""

import contextlib
import random
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from onrecord.errors import Pushback, Unavailable
from onrecord.ledger.entry import Previous, decode_entry
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.model.record import RecordFacts
from onrecord.model.span import Span
from onrecord.model.time import FixedClock
from onrecord.store.row import span_line
from tests.recorded import NOVEMBER_US, PROJECT, november, place, recording, send, span

DAY_US = 86_400_000_000


def test_tidying_that_fails_does_not_end_the_thread_and_is_done_later(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1))
        month = tmp_path / "data" / "vault" / "2026-11.db"
        made.staging._file._sql.execute("PRAGMA busy_timeout=0")
        other = sqlite3.connect(month, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        deadline = time.monotonic() + 10
        while not made.commits.failure and time.monotonic() < deadline:
            time.sleep(0.05)
        other.execute("ROLLBACK")
        other.close()
        assert made.commits.failure == "OperationalError"
        assert send(made, span(2)).duplicates == 0
        assert made.commits.failure == ""
        assert made.content.read(2, place(2)).span_id == f"{2:016x}"


def test_space_that_the_spool_no_longer_needs_is_given_back(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        month, keys = tmp_path / "data" / "vault" / "2026-11.db", tmp_path / "data" / "keys.db"
        for number in range(1, 301):
            send(made, span(number, trace=number, answer=random.Random(number).randbytes(10_000).hex()))
        made.settle()

        with contextlib.closing(sqlite3.connect(f"file:{month}?mode=ro", uri=True)) as looking:
            deadline = time.monotonic() + 30
            while any(Path(f"{path}-wal").stat().st_size for path in (month, keys)) or _free_pages(looking):
                assert time.monotonic() < deadline
                time.sleep(0.1)


def _free_pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def test_who_comes_after_the_stop_is_told_at_once_and_nothing_is_kept(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1))
        made.pipeline.close()
        with pytest.raises(Pushback):
            made.pipeline.append(PROJECT, "heartbeat", None, about="heartbeat")
        with pytest.raises(Pushback):
            send(made, span(2))


def test_a_year_whose_ledger_closes_late_is_closed_once_and_the_next_one_names_it(tmp_path: Path) -> None:
    clock = FixedClock(NOVEMBER_US + 42 * DAY_US)
    with recording(tmp_path, clock) as made:
        send(made, span(1))
        made.settle()
        final = made.staging._final

        def too_slow(project: int, year: int, size: int) -> Previous | None:
            if size:
                raise Unavailable("the ledger of last year is not closed yet")
            return None

        clock.advance(3 * DAY_US)
        made.staging._final = too_slow
        for _ in range(2):
            with pytest.raises(Unavailable):
                send(made, span(2))
        made.staging._final = final
        assert send(made, span(2)).duplicates == 0
        made.settle()
        old, new = (LedgerReader(read_directory(made.ledger_directory(PROJECT.id, year))) for year in (2026, 2027))
        closed = [decode_entry(entry).next for _, entry in old.entries(0, old.checkpoint().size)]
        previous = decode_entry(new.entry(0)).previous
    assert closed == [None, None, 2027]
    assert previous == Previous(shard=2026, size=3, root=old.checkpoint().root)


def test_a_span_that_our_own_code_stumbles_over_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbling(masked: Span, facts: RecordFacts, found: Sequence[str], prompt_version: str) -> bytes:
        if masked.span_id.endswith("2"):
            raise OverflowError
        return span_line(masked, facts, found, prompt_version)

    monkeypatch.setattr("onrecord.ingest.prepare.span_line", stumbling)
    with recording(tmp_path, november()) as made:
        ack = send(made, span(1), span(2), span(3))
        assert made.staging.dead_total == 1
    assert (ack.accepted, ack.rejected, ack.reasons) == (2, 1, ("could not be understood (OverflowError)",))
