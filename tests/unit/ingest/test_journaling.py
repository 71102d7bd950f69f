"""The journal at work, before a real recording part and before one that fails."""

import threading
from concurrent.futures import Future
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.structs import replace

from onrecord.errors import Pushback, Unavailable
from onrecord.ingest.journal import Entry, JournalFile, journal_files, journal_path, read_journal
from onrecord.ingest.journaling import Journal
from onrecord.model.project import Project
from onrecord.model.time import SystemClock
from onrecord.receive.exchanges import joined, unpack
from onrecord.receive.port import Ack, Delivery
from tests.exchanged import kept
from tests.recorded import PROJECT, recording

KEY = AESGCM(b"k" * 32)


class Way:
    """A way of a record that does as it is told, and remembers what it was given."""

    def __init__(self) -> None:
        self.deliveries: list[list[str]] = []
        self.refuses: set[str] = set()
        self.busy = 0
        self.open = threading.Event()
        self.open.set()
        self.recorded = threading.Event()

    def submit(self, delivery: Delivery) -> "Future[Ack]":
        """Implements ``receive.port.Intake``."""
        if self.busy:
            self.busy -= 1
            raise Pushback("full")
        done: Future[Ack] = Future()
        threading.Thread(target=self._work, args=(delivery, done)).start()
        return done

    def _work(self, delivery: Delivery, done: "Future[Ack]") -> None:
        self.open.wait(60)
        pieces, _ = unpack(delivery.body, "")
        spans = [piece.exchange.span_id for piece in pieces]
        self.deliveries.append(spans)
        if self.refuses & set(spans):
            done.set_exception(Unavailable("no"))
            return
        done.set_result(Ack(accepted=len(pieces)))
        self.recorded.set()

    @property
    def seen(self) -> set[str]:
        return {span for delivery in self.deliveries if not self.refuses & set(delivery) for span in delivery}


def journal(directory: Path, way: Way) -> Journal:
    def find(_: int) -> Project:
        return PROJECT

    made = Journal(directory, owner="server", key=b"k" * 32, clock=SystemClock(), find=find, submit=way.submit)
    made.take_up()
    made.start()
    return made


def keep(made: Journal, *numbers: int, question: str = "hello") -> None:
    """Keep calls and wait until they are durable."""
    waiting = []
    for number in numbers:
        done: Future[None] = Future()

        def answer(error: Exception | None, done: "Future[None]" = done) -> None:
            done.set_exception(error) if error else done.set_result(None)

        made.keep(kept(number, question=question), answer)
        waiting.append(done)
    for done in waiting:
        done.result(10)


def span_id(number: int) -> str:
    return f"{number:016x}"


def test_calls_that_follow_each_other_are_recorded_together(tmp_path: Path) -> None:
    way = Way()
    made = journal(tmp_path / "journal", way)
    for number in range(1, 9):
        keep(made, number)
    made.empty().result(10)
    made.stop()
    assert way.seen == {span_id(number) for number in range(1, 9)}
    assert len(way.deliveries) < 4
    assert journal_files(tmp_path / "journal") == []


def test_one_that_is_refused_takes_no_other_with_it_and_stays_until_it_is_taken(tmp_path: Path) -> None:
    way = Way()
    way.refuses = {span_id(3)}
    made = journal(tmp_path / "journal", way)
    keep(made, 1, 2, 3, 4)
    deadline = threading.Event()
    while len(way.seen) < 3 and not deadline.wait(0.01):
        pass
    assert way.seen == {span_id(1), span_id(2), span_id(4)}
    while "could not be recorded yet: no" not in made.condition() or made.waiting != 1:
        deadline.wait(0.01)
    way.refuses = set()
    made.empty().result(10)
    assert (made.condition(), made.waiting, span_id(3) in way.seen) == ("ok", 0, True)
    made.stop()


def test_what_can_not_be_recorded_before_the_end_waits_for_the_next_start(tmp_path: Path) -> None:
    way = Way()
    way.refuses = {span_id(1)}
    made = journal(tmp_path / "journal", way)
    keep(made, 1, 2)
    made.stop()
    assert [len(read_journal(path, KEY).entries) for path in journal_files(tmp_path / "journal")] == [2]
    after = Way()
    again = journal(tmp_path / "journal", after)
    again.empty().result(10)
    again.stop()
    assert span_id(1) in after.seen
    assert journal_files(tmp_path / "journal") == []


def test_a_way_that_is_full_is_tried_again(tmp_path: Path) -> None:
    way = Way()
    way.busy = 1
    made = journal(tmp_path / "journal", way)
    keep(made, 1)
    assert way.recorded.wait(10)
    assert made.condition() == "ok", "being full is no failure"
    made.stop()


def test_nothing_is_promised_that_would_pile_up_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onrecord.ingest.journaling.JOURNAL_WAITING_BYTES", 1_000_000)
    way = Way()
    way.open.clear()
    made = journal(tmp_path / "journal", way)
    keep(made, 1, question="x" * 1_100_000)
    promised = threading.Event()
    made.keep(kept(100), lambda _: promised.set())
    assert not promised.wait(0.3)
    way.open.set()
    assert promised.wait(20)
    made.stop()
    assert span_id(100) in way.seen


def test_emptying_ends_with_files_that_open_no_more_though_calls_go_on(tmp_path: Path) -> None:
    way = Way()
    made = journal(tmp_path / "journal", way)
    keep(made, 1)
    going, numbers = threading.Event(), iter(range(2, 100_000))

    def load() -> None:
        while not going.is_set():
            keep(made, next(numbers))

    thread = threading.Thread(target=load)
    thread.start()
    try:
        made.empty().result(10)
        assert span_id(1) in way.seen
    finally:
        going.set()
        thread.join()
    made.stop()


def test_a_file_with_damage_is_kept_said_and_dropped_when_a_person_is_to_be_forgotten(tmp_path: Path) -> None:
    way = Way()
    directory = tmp_path / "journal"
    made = journal(directory, way)
    path = journal_path(directory, "relay", 1)
    file = JournalFile.create(path, KEY)
    ends = []
    for number in (1, 2, 3):
        file.append([_entry(number)])
        ends.append(path.stat().st_size)
    file.close()
    raw = bytearray(path.read_bytes())
    raw[ends[0] + 40] ^= 1
    path.write_bytes(raw)
    made.inherit("relay")
    deadline = threading.Event()
    while len(way.seen) < 2 or made.condition() == "ok":
        deadline.wait(0.01)
    assert way.seen == {span_id(1), span_id(3)}
    assert made.condition() == "1 files of the journal are damaged; they are kept."
    assert [one.name for one in directory.glob("*.damaged")] == [path.with_suffix(".damaged").name]
    made.empty().result(10)
    assert made.condition() == "ok"
    assert list(directory.glob("*.damaged")) == []
    made.stop()


def _entry(number: int) -> Entry:
    one = kept(number)
    return Entry(one.project.number, one.signal, one.media, one.body)


def test_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    made = journal(tmp_path / "journal", Way())
    made.stop()
    with pytest.raises(Pushback, match="stopping"):
        keep(made, 1)


def test_a_real_recording_part_has_the_call_on_its_ledger(tmp_path: Path) -> None:
    with recording(tmp_path) as made:
        done: Future[None] = Future()
        made.journal.keep(kept(7), lambda _: done.set_result(None))
        done.result(10)
        made.journal.empty().result(10)
        assert made.pipeline.submit(_delivered(7)).result(10).duplicates == 1


def _delivered(number: int) -> Delivery:
    one = kept(number)
    return replace(one, body=joined([one.body]))
