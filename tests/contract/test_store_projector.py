"""The projector: every row of the spool reaches the store once, whatever dies when."""

from pathlib import Path

import pytest

from onrecord.errors import Corrupt, Unavailable
from onrecord.limits import BLOCK_ROWS, BLOCK_WAIT_MS
from onrecord.model.time import FixedClock
from onrecord.store.client import Refused, Store
from onrecord.store.projector import Projector
from onrecord.store.writer import Writer
from tests.contract.store_rows import Spool, indexes, line

pytestmark = pytest.mark.chdb


class Died(Exception):
    """The process ended here."""


def die_at(name: str, nth: int = 1) -> "DieAt":
    return DieAt(name, nth)


class DieAt:
    def __init__(self, name: str, nth: int) -> None:
        self.name, self.left = name, nth

    def __call__(self, name: str) -> None:
        if name == self.name:
            self.left -= 1
            if self.left == 0:
                raise Died(name)


@pytest.fixture
def spool() -> Spool:
    return Spool()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "projector.json"


def writer(store: Store) -> Writer:
    return Writer(store, FixedClock(1))


def test_rows_become_visible_and_the_position_follows(store: Store, spool: Spool, journal: Path) -> None:
    seen: list[int] = []
    projector = Projector(spool, writer(store), journal, done=seen.append)
    last = [spool.add(line(n)) for n in range(3)][-1]
    projector.start()
    projector.wake()
    assert projector.wait_for(last, 20)
    later = spool.add(line(3))
    projector.wake()
    assert projector.wait_for(later, 20)
    projector.stop()
    assert indexes(store) == [0, 1, 2, 3]
    assert seen[-1] == later == projector.status.position
    assert (projector.status.state, projector.status.rows, projector.status.waiting_rows) == ("stopped", 4, 0)


def test_after_a_rest_inserts_follow_one_another_and_in_the_long_run_take_a_quarter_of_the_time(
    store: Store, spool: Spool, journal: Path
) -> None:
    projector = Projector(spool, writer(store), journal)
    began = now = 1_000.0
    waited: list[float] = []
    for _ in range(1_000):
        projector._pause(now, now + 0.05, 1)
        waited.append(max(0.0, projector._next_insert - now - 0.05))
        now = max(now + 0.05, projector._next_insert)
    assert max(waited[:25]) < 0.002
    assert 0.2 < 1_000 * 0.05 / (now - began) < 0.3
    projector._pause(now, now + 0.3, BLOCK_ROWS)
    assert projector._next_insert == pytest.approx(now + 0.3 + BLOCK_WAIT_MS / 1e3)


@pytest.mark.parametrize("name", ["store.journal-written", "store.inserted"])
def test_a_crash_neither_loses_nor_doubles_a_row(store: Store, spool: Spool, journal: Path, name: str) -> None:
    spool.add(line(1, user_id="u"), line(2, user_id="u"))
    with pytest.raises(Died):
        Projector(spool, writer(store), journal, crash_point=die_at(name)).step()
    spool.add(line(3))
    again = Projector(spool, writer(store), journal)
    assert again.position == 0
    while again.step() or again.position < 2:
        again._next_insert = 0.0
    assert store.query("SELECT idx FROM spans ORDER BY idx").result_rows == [(1,), (2,), (3,)]
    assert store.query("SELECT count() FROM trace_names").result_rows == [(2,)]


def test_a_block_that_the_spool_has_trimmed_was_done(store: Store, spool: Spool, journal: Path) -> None:
    spool.add(line(1))
    Projector(spool, writer(store), journal).step()
    spool.groups.clear()
    again = Projector(spool, writer(store), journal)
    again.step()
    assert again.position == 1
    assert indexes(store) == [1]


def test_a_restart_continues_where_it_stopped(store: Store, spool: Spool, journal: Path) -> None:
    spool.add(line(1))
    Projector(spool, writer(store), journal).step()
    spool.add(line(2))
    again = Projector(spool, writer(store), journal)
    again.step()
    again._next_insert = 0.0
    again.step()
    assert (again.position, indexes(store)) == (2, [1, 2])


def test_a_full_block_ends_at_a_group(store: Store, spool: Spool, journal: Path) -> None:
    half = BLOCK_ROWS // 2 + 1
    for start in range(0, 3 * half, half):
        spool.add(*(line(n) for n in range(start, start + half)))
    projector = Projector(spool, writer(store), journal)
    projector.step()
    assert projector.position == 2
    assert len(indexes(store)) == 2 * half


def test_groups_without_rows_are_passed(store: Store, spool: Spool, journal: Path) -> None:
    spool.add()
    spool.add()
    projector = Projector(spool, writer(store), journal)
    assert projector.step() is False
    assert projector.position == 2


class Sick(Writer):
    """A store that is down for a while."""

    failures: list[Exception]

    def insert(self, table: str, lines: object, token: str, *, doubt: bool = False) -> int:
        if self.failures:
            raise self.failures.pop()
        return super().insert(table, lines, token, doubt=doubt)  # type: ignore[arg-type]


def test_a_store_that_is_down_is_waited_for(store: Store, spool: Spool, journal: Path) -> None:
    sick = Sick(store, FixedClock(1))
    sick.failures = [Unavailable("down"), Refused("the store refused an insert (code 516)", 516)]
    last = spool.add(line(1))
    projector = Projector(spool, sick, journal)
    projector.start()
    projector.wake()
    assert projector.wait_for(last, 20)
    projector.stop()
    assert (projector.status.fault, indexes(store)) == ("", [1])


def test_a_store_that_is_down_is_seen(store: Store, spool: Spool, journal: Path) -> None:
    sick = Sick(store, FixedClock(1))
    sick.failures = [Unavailable("the store does not answer")] * 1_000
    spool.add(line(1))
    projector = Projector(spool, sick, journal)
    projector.start()
    projector.wake()
    assert not projector.wait_for(1, 0.5)
    status = projector.status
    projector.stop()
    assert (status.state, status.fault, status.position) == ("down", "the store does not answer", 0)
    assert status.waiting_rows == 1


def test_a_journal_that_can_not_be_read_stops_the_start(store: Store, spool: Spool, journal: Path) -> None:
    journal.write_bytes(b"\x00\x01")
    with pytest.raises(Corrupt):
        Projector(spool, writer(store), journal)
