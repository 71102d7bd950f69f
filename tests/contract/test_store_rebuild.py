"""Rebuilding: the same answers from a fresh database, while the old one answers and rows go on arriving."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.errors import Corrupt
from onrecord.model.record import Place
from onrecord.model.time import FixedClock
from onrecord.store.client import Store
from onrecord.store.delete import erase
from onrecord.store.migrate import empty_database, open_store
from onrecord.store.projector import Projector
from onrecord.store.rebuild import rebuild
from onrecord.store.writer import Writer
from tests.contract.store_rows import PROJECT, Spool, indexes, line

pytestmark = pytest.mark.chdb
CLOCK = FixedClock(1)
EVERYTHING = "SELECT * EXCEPT record_id FROM spans FINAL ORDER BY shard, idx"


@pytest.fixture
def live(engine: Store) -> Iterator[Store]:
    """A store as the server opens it, emptied."""
    store = open_store(engine.url)
    for table in ("spans", "scores", "trace_names", "set_aside"):
        store.command(f"TRUNCATE TABLE {table} SYNC")
    yield store
    store.close()


def projector_of(store: Store, tmp_path: Path) -> tuple[Projector, Writer, Spool]:
    spool, writer = Spool(), Writer(store, CLOCK)
    return Projector(spool, writer, tmp_path / "projector.json"), writer, spool


def test_a_rebuilt_store_answers_the_same(live: Store, tmp_path: Path) -> None:
    projector, writer, _ = projector_of(live, tmp_path)
    lines = [line(n, user_id=f"usr_{n % 3}", said=f"word{n}") for n in range(50)]
    writer.insert("spans", [*lines, line(7, revision=1, said="revised")], "a")
    before, old = live.query(EVERYTHING).result_rows, live.database
    kept = [("spans", one) for one in lines if one != lines[7]] + [("spans", line(7, revision=1, said="revised"))]
    done = rebuild(live, writer, CLOCK, lambda: kept, projector.paused)
    assert (done.rows, done.set_aside, live.database == old) == (50, 0, False)
    assert live.query(EVERYTHING).result_rows == before
    assert live.query("SELECT count() FROM trace_names").result_rows[0][0] > 0


def test_what_arrives_meanwhile_is_in_the_rebuilt_store_once(live: Store, tmp_path: Path) -> None:
    projector, writer, spool = projector_of(live, tmp_path)
    spool.add(line(0))
    projector.step()

    def read() -> Iterator[tuple[str, bytes]]:
        yield "spans", line(0)
        spool.add(line(1))
        projector._next_insert = 0.0
        projector.step()
        yield "spans", line(1)

    rebuild(live, writer, CLOCK, read, projector.paused)
    spool.add(line(2))
    projector._next_insert = 0.0
    projector.step()
    assert indexes(live) == [0, 1, 2]


def test_queries_are_answered_from_the_old_rows_until_the_new_ones_are_complete(live: Store, tmp_path: Path) -> None:
    projector, writer, _ = projector_of(live, tmp_path)
    writer.insert("spans", [line(0)], "a")

    def read() -> Iterator[tuple[str, bytes]]:
        assert indexes(live) == [0]
        yield "spans", line(5)
        assert indexes(live) == [0]

    rebuild(live, writer, CLOCK, read, projector.paused)
    assert indexes(live) == [5]


def test_a_rebuild_that_fails_leaves_the_store_as_it_was(live: Store, tmp_path: Path) -> None:
    projector, writer, _ = projector_of(live, tmp_path)
    writer.insert("spans", [line(0)], "a")

    def read() -> Iterator[tuple[str, bytes]]:
        yield "spans", line(1)
        raise Corrupt("a segment is altered")

    with pytest.raises(Corrupt):
        rebuild(live, writer, CLOCK, read, projector.paused)
    writer.insert("spans", [line(2)], "b")
    assert indexes(live) == [0, 2]


def test_a_restart_uses_the_rebuilt_store_and_drops_every_other(live: Store, tmp_path: Path) -> None:
    projector, writer, _ = projector_of(live, tmp_path)
    rebuild(live, writer, CLOCK, lambda: [("spans", line(3))], projector.paused)
    live.command("CREATE DATABASE IF NOT EXISTS onrecord_99")
    again = open_store(live.url)
    assert indexes(again) == [3]
    names = again.query("SELECT name FROM system.databases WHERE startsWith(name, 'onrecord_')").result_rows
    empty = empty_database(again.within("default"))
    assert sorted(name for (name,) in names) == [again.database, empty]
    assert again.query(f"SELECT count() FROM system.tables WHERE database = '{empty}'").result_rows == [(0,)]
    again.close()


def test_what_was_erased_does_not_come_back(live: Store, tmp_path: Path) -> None:
    projector, writer, _ = projector_of(live, tmp_path)
    writer.insert("spans", [line(0), line(1)], "a")
    erase(live, PROJECT, [Place(2026, 0)])
    rebuild(live, writer, CLOCK, lambda: [("spans", line(1))], projector.paused)
    assert indexes(live) == [1]
