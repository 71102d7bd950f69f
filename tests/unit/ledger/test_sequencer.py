"""The sequencer: a pure function of the spool, redone after any crash, loud when it can not go on."""

import errno
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord.errors import Corrupt, OnrecordError
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.ledger.sequencer import Sequencer
from onrecord.ledger.signer import key_path, load_signer
from onrecord.ledger.stored import stored_files
from onrecord.ledger.verify import LedgerCheck
from onrecord.limits import HEARTBEAT_S
from onrecord.model.time import FixedClock
from tests.unit.ledger.support import PROJECT, SHARD, START_US, Node, Spool, make_entries

OTHER = "fedcba9876543210"
PROJECTS = {1: PROJECT, 2: OTHER}
CRASH_POINTS = ("ledger.tiles-written", "ledger.synced", "ledger.locked", "ledger.published")


class PowerCut(BaseException):
    """Ends the process of a test without any handler of the product seeing it."""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path, list(PROJECTS.values()))


@pytest.fixture
def spool() -> Spool:
    return Spool()


def sequencer(node: Node, spool: Spool, crash_point: Callable[[str], None] = lambda _name: None) -> Sequencer:
    return Sequencer(
        feed=spool,
        ledgers=node.open(),
        project_of=PROJECTS.__getitem__,
        clock=FixedClock(START_US + 1_000_000),
        append_heartbeat=lambda _project: None,
        crash_point=crash_point,
    )


def commit(spool: Spool, start: int, count: int, *numbers: int) -> None:
    entries = make_entries(count, start=start)
    spool.commit([(number, SHARD, start + at, entry) for number in numbers for at, entry in enumerate(entries)])


def assert_ledger(node: Node, project: str, size: int) -> None:
    directory = node.directory(project)
    locked = node.lock.last(str(node.ledgers.origin(project, SHARD)))
    assert locked
    key = load_signer(node.keys / "signing", project).key(locked.checkpoint.origin)
    check = LedgerCheck(
        LedgerReader(read_directory(directory)), keys=[key], held=[locked.checkpoint], files=stored_files(directory)
    )
    assert [index for index, _ in check.entries()] == list(range(size))
    assert check.report().is_intact, check.report().findings


def test_all_ledgers_of_a_tick_are_published(node: Node, spool: Spool) -> None:
    commit(spool, 0, 300, 1, 2)
    commit(spool, 300, 40, 1)
    subject = sequencer(node, spool)
    assert subject.tick()
    assert not subject.tick()
    assert subject.position == 2
    assert subject.lag_ms == 1_000
    assert {state.origin: state.size for state in subject.states()} == {
        f"log.example/{PROJECT}/n1/2026": 340,
        f"log.example/{OTHER}/n1/2026": 300,
    }
    assert_ledger(node, PROJECT, 340)
    assert_ledger(node, OTHER, 300)


@pytest.mark.parametrize("point", CRASH_POINTS)
@pytest.mark.parametrize("before", [0, 200])
@pytest.mark.parametrize("later", [0, 100])
def test_a_crash_at_any_named_point_is_redone(node: Node, spool: Spool, point: str, before: int, later: int) -> None:
    if before:
        commit(spool, 0, before, 1, 2)
        sequencer(node, spool).tick()
    commit(spool, before, 300, 1, 2)

    def cut(name: str) -> None:
        if name == point:
            raise PowerCut

    with pytest.raises(PowerCut):
        sequencer(node, spool, cut).tick()
    if later:
        commit(spool, before + 300, later, 1, 2)
    again = sequencer(node, spool)
    while again.tick():
        pass
    assert_ledger(node, PROJECT, before + 300 + later)
    assert_ledger(node, OTHER, before + 300 + later)


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_torn_files_of_an_interrupted_publication_are_written_again(node: Node, spool: Spool, point: str) -> None:
    commit(spool, 0, 200, 1)
    sequencer(node, spool).tick()
    before = set(stored_files(node.directory()))

    def cut(name: str) -> None:
        if name == point:
            raise PowerCut

    commit(spool, 200, 600, 1)
    with pytest.raises(PowerCut):
        sequencer(node, spool, cut).tick()
    if point == "ledger.tiles-written":
        for path in set(stored_files(node.directory())) - before:
            (node.directory() / path).write_bytes(b"")
    commit(spool, 800, 9, 1)
    sequencer(node, spool).tick()
    assert_ledger(node, PROJECT, 809)


def test_what_was_signed_comes_again_whole_whatever_the_batches(
    node: Node, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for start in range(0, 200, 5):
        commit(spool, start, 5, 1, 2)

    def cut(name: str) -> None:
        if name == "ledger.locked":
            raise PowerCut

    with pytest.raises(PowerCut):
        sequencer(node, spool, cut).tick()
    monkeypatch.setattr("onrecord.ledger.sequencer.ADD_LIMIT", 50)
    monkeypatch.setattr("onrecord.ledger.sequencer._GROUPS", 1)
    again = sequencer(node, spool)
    while again.tick():
        pass
    assert_ledger(node, PROJECT, 200)
    assert_ledger(node, OTHER, 200)


def test_a_replay_of_the_whole_spool_changes_nothing(node: Node, spool: Spool) -> None:
    commit(spool, 0, 300, 1)
    commit(spool, 300, 300, 1)
    sequencer(node, spool).tick()
    before = (node.directory() / "checkpoint").read_bytes()
    again = sequencer(node, spool)
    assert again.tick()
    assert again.position == 2
    assert (node.directory() / "checkpoint").read_bytes() == before


def test_a_missing_entry_stops_it(node: Node, spool: Spool) -> None:
    commit(spool, 0, 10, 1)
    commit(spool, 11, 10, 1)
    with pytest.raises(Corrupt, match="missing"):
        sequencer(node, spool).tick()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_the_thread_publishes_what_is_committed_and_drains_at_the_end(node: Node, spool: Spool) -> None:
    subject = sequencer(node, spool)
    subject.start()
    commit(spool, 0, 5, 1)
    subject.wake()
    wait_for(lambda: subject.position == 1)
    commit(spool, 5, 5, 1)
    subject.stop()
    assert subject.fault is None
    assert_ledger(node, PROJECT, 10)


def test_the_thread_stops_loudly_and_goes_on_after_the_repair(node: Node, spool: Spool) -> None:
    path = key_path(node.keys / "signing", PROJECT)
    key = path.read_bytes()
    path.unlink()
    subject = sequencer(node, spool)
    commit(spool, 0, 5, 1)
    subject.start()
    wait_for(lambda: subject.fault is not None)
    assert isinstance(subject.fault, OnrecordError)
    assert subject.position == 0
    path.touch(mode=0o600)
    path.write_bytes(key)
    subject.start()
    wait_for(lambda: subject.position == 1)
    subject.stop()
    assert_ledger(node, PROJECT, 5)


def test_restored_data_without_its_spool_is_refused_at_start(node: Node, spool: Spool, tmp_path: Path) -> None:
    commit(spool, 0, 5, 1)
    sequencer(node, spool).tick()
    for path in stored_files(node.directory()):
        (node.directory() / path).unlink()
    subject = sequencer(node, Spool())
    subject.follow(PROJECT, SHARD)
    subject.start()
    wait_for(lambda: subject.fault is not None)
    assert isinstance(subject.fault, Corrupt)


def test_a_silent_ledger_is_asked_for_a_heartbeat_once(node: Node, spool: Spool) -> None:
    commit(spool, 0, 5, 1)
    clock = FixedClock(START_US)
    asked: list[str] = []
    subject = Sequencer(
        feed=spool,
        ledgers=node.ledgers,
        project_of=PROJECTS.__getitem__,
        clock=clock,
        append_heartbeat=asked.append,
    )
    subject.tick()
    subject.beat()
    clock.advance(HEARTBEAT_S * 1_000_000)
    subject.beat()
    subject.beat()
    assert asked == [PROJECT]


def test_a_full_disk_is_waited_for_and_said_meanwhile(
    node: Node, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = threading.Event()

    def point(_: str) -> None:
        if not room.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("onrecord.ledger.sequencer._NO_ROOM_WAIT_S", 0.05)
    commit(spool, 0, 3, 1)
    running = sequencer(node, spool, point)
    running.start()
    try:
        until(lambda: running.fault is not None)
        assert running.position == 0
        room.set()
        until(lambda: running.fault is None and running.position == 1)
        commit(spool, 3, 2, 1)
        running.wake()
        until(lambda: running.position == 2)
    finally:
        running.stop()
    assert_ledger(node, PROJECT, 5)


def test_a_disk_that_fails_otherwise_is_not_tried_again(node: Node, spool: Spool) -> None:
    def point(_: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    commit(spool, 0, 3, 1)
    running = sequencer(node, spool, point)
    running.start()
    until(lambda: running.fault is not None)
    assert running._thread is not None
    running._thread.join(5)
    assert not running._thread.is_alive()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
