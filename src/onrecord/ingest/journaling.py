"""The journal at work: durable at once, on the record as soon as the way of a record has room.

    keep ──► [journal file, one sync for all that wait] ──► done ──► deliveries ──► pipeline ──► entry finished

For doors whose caller waits for nothing but durability, and who send one piece at a time: the price of a commit is
shared by many. Everything that was kept becomes a record or is still in a file; a start takes up what the last run
left. What can not be recorded is tried again every second and said in ``condition``. When more waits than the bound
allows, ``keep`` waits too: nothing is promised that would pile up without end.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.durable import make_directory
from onrecord.errors import OnrecordError, Pushback, Unavailable, where
from onrecord.ingest.journal import Entry
from onrecord.ingest.journals import File, Journals
from onrecord.limits import (
    JOURNAL_BATCH,
    JOURNAL_BATCH_BYTES,
    JOURNAL_IDLE_SECONDS,
    JOURNAL_PACE_SECONDS,
    JOURNAL_WAITING_BYTES,
)
from onrecord.model.project import Project
from onrecord.model.time import Clock
from onrecord.receive import exchanges
from onrecord.receive.port import Ack, Delivery

Answer = Callable[[Exception | None], None]

_AT_ONCE: Final = 2
"""Deliveries under way: one is prepared while the other is committed."""
_RETRY_S: Final = 1.0
_STOP_S: Final = 30.0
_log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True):
    """A delivery and whoever waits until it is durable."""

    entry: Entry
    done: Answer


class _Waiting(msgspec.Struct, frozen=True):
    """An entry that is durable and not on the record."""

    entry: Entry
    file: File
    alone: bool = False
    """It was in a delivery that failed: no other shall share its fault again."""


class _Answered(msgspec.Struct, frozen=True):
    """A delivery is on the record, or is not."""

    batch: list[_Waiting]
    error: BaseException | None


class _Empty(msgspec.Struct, frozen=True):
    """Somebody waits until everything that was kept before is on the record and its file gone."""

    done: "Future[None]"
    marks: frozenset[bytes]
    """Of the uses of files that must be over."""


class _Inherit(msgspec.Struct, frozen=True):
    """The process that wrote files under that name has ended."""

    owner: str


_Event = _Kept | _Answered | _Empty | _Inherit | None


class Journal(threading.Thread):
    """Implements ``receive.port.Journal``. Start it once; ``stop`` finishes what was kept."""

    def __init__(
        self,
        directory: Path,
        *,
        owner: str,
        key: bytes,
        clock: Clock,
        find: Callable[[int], Project],
        submit: Callable[[Delivery], "Future[Ack]"],
        crash_point: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Write into ``directory``.

        Args:
            directory: of all journals of the installation.
            owner: the name of this process in the names of its files.
            key: the installation's key for journals, 32 bytes.
            clock: its time orders the files.
            find: the project of a number; raises ``Missing``.
            submit: the way of a record.
            crash_point: where a test ends the process.
        """
        super().__init__(name="journal", daemon=True)
        self._directory = directory
        self._journals = Journals(directory, owner, AESGCM(key), clock)
        self._find = find
        self._submit = submit
        self._crash_point = crash_point
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._held: deque[_Kept] = deque()
        self._waiting: deque[_Waiting] = deque()
        self._under_way = 0
        self._emptying: list[_Empty] = []
        self._written_s = 0.0
        self._next_s = 0.0
        self._stopping_s = 0.0
        self._bytes = 0
        self.waiting = 0
        """Entries that are durable and not on the record yet."""
        self.failure = ""

    # --- from any thread ------------------------------------------------------------------------------------

    def keep(self, delivery: Delivery, done: Answer) -> None:
        """Take a delivery of one piece; ``done`` is called, in the journal's thread, once it is durable or is not."""
        if self._stopping_s:
            done(Pushback("the server is stopping", hint="Send again.", retry_after_s=1))
            return
        entry = Entry(delivery.project.number, delivery.signal, delivery.media, delivery.body)
        self._events.put(_Kept(entry, done))

    def empty(self) -> "Future[None]":
        """Completes when everything that was kept before is on the record, and the files that held it are gone."""
        done: Future[None] = Future()
        if self.is_alive():
            self._events.put(_Empty(done, frozenset()))
        else:
            done.set_result(None)
        return done

    def inherit(self, owner: str) -> None:
        """Take up the files of a process that has ended."""
        self._events.put(_Inherit(owner))

    def condition(self) -> str:
        """``ok``, or what is wrong, as a sentence."""
        if self.failure:
            return f"What is durable could not be recorded yet: {self.failure}"
        damaged = self._journals.damaged
        return f"{damaged} files of the journal are damaged; they are kept." if damaged else "ok"

    def stop(self) -> None:
        """Put what was kept on the record, then end; what can not be recorded now waits for the next start."""
        self._stopping_s = time.monotonic()
        if self.is_alive():
            self._events.put(None)
            self.join()

    # --- the thread -----------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Have files at hand, which takes a moment; call before ``start``, where no caller waits yet."""
        make_directory(self._directory)
        try:
            self._journals.prepare()
        except OSError as error:  # said again, and to whoever waits, when something is to be written
            self._failed(error)

    def take_up(self) -> None:
        """Take up what an earlier run left, whoever wrote it. Call before ``start``, while nobody writes."""
        make_directory(self._directory)
        self._take_up()

    def _take_up(self, owner: str = "") -> None:
        found = self._journals.take_up(owner)
        self._waiting.extend(_Waiting(entry, file) for entry, file in found)
        self.waiting += len(found)
        self._bytes += sum(len(entry.body) for entry, _ in found)

    def _inherit(self, owner: str) -> None:
        try:
            self._take_up(owner)
        except OSError as error:
            self._failed(error)

    def run(self) -> None:
        """The thread."""
        while not self._over():
            kept = self._take(self._next())
            try:
                self._write(kept)
                self._forward()
                self._tidy()
            except Exception as error:  # noqa: BLE001 - the thread must not end; what was kept lies in the file
                self._failed(error)
                time.sleep(_RETRY_S)
        self._journals.close()

    def _over(self) -> bool:
        if not self._stopping_s or not self._events.empty():
            return False
        late = time.monotonic() > self._stopping_s + _STOP_S
        return late or (not self._under_way and (not self._waiting or bool(self.failure)))

    def _next(self) -> list[_Event]:
        """What has happened, as soon as something has, or when something is due."""
        try:
            events = [self._events.get(timeout=self._wait_s())]
        except queue.Empty:
            return []
        while not self._events.empty():
            events.append(self._events.get())
        return events

    def _wait_s(self) -> float | None:
        """How long nothing has to be done if nothing happens; None: nothing is to be done."""
        if self._stopping_s:
            return 0.05
        if self._waiting and self._under_way < _AT_ONCE:
            return self._due_s()
        return JOURNAL_IDLE_SECONDS if self._journals.written else None

    def _due_s(self) -> float:
        """How long what waits may wait for more; what failed waits in any case."""
        full = len(self._waiting) >= JOURNAL_BATCH or self._stopping_s or self._emptying
        return 0.0 if full and not self.failure else max(0.0, self._next_s - time.monotonic())

    def _take(self, events: Sequence[_Event]) -> list[_Kept]:
        """Note what happened; what may be written now."""
        for event in events:
            if isinstance(event, _Kept):
                self._held.append(event)
            elif isinstance(event, _Answered):
                self._answered(event)
            elif isinstance(event, _Empty):
                self._begin_emptying(event.done)
            elif isinstance(event, _Inherit):
                self._inherit(event.owner)
        if self._bytes > JOURNAL_WAITING_BYTES:
            return []
        kept = list(self._held)
        self._held.clear()
        return kept

    def _write(self, kept: list[_Kept]) -> None:
        """Make durable what waits, and say so."""
        if not kept:
            return
        entries = [one.entry for one in kept]
        try:
            file = self._journals.writable()
            file.append(entries)
        except OSError as error:
            reason = Unavailable(f"not written ({type(error).__name__})")
            for one in kept:
                one.done(reason)
            return
        self._crash_point("journal.durable")
        self._written_s = time.monotonic()
        if not self._waiting:
            self._next_s = max(self._next_s, self._written_s + JOURNAL_PACE_SECONDS)
        file.unfinished += len(entries)
        self.waiting += len(entries)
        for one in kept:
            self._bytes += len(one.entry.body)
            self._waiting.append(_Waiting(one.entry, file))
            one.done(None)

    # --- on to the record -----------------------------------------------------------------------------------

    def _forward(self) -> None:
        while self._waiting and self._under_way < _AT_ONCE and self._due_s() <= 0:
            self._next_s = time.monotonic() + JOURNAL_PACE_SECONDS
            self._send(self._batch())

    def _batch(self) -> list[_Waiting]:
        """The first that wait, as far as they may share a delivery."""
        first = self._waiting.popleft()
        batch = [first]
        size = len(first.entry.body)
        while self._waiting and not first.alone and len(batch) < JOURNAL_BATCH:
            one = self._waiting[0]
            size += len(one.entry.body)
            same = (one.entry.project, one.entry.signal) == (first.entry.project, first.entry.signal)
            if not same or one.alone or size > JOURNAL_BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _send(self, batch: list[_Waiting]) -> None:
        entry = batch[0].entry
        self._under_way += 1
        try:
            kept = self._submit(
                Delivery(
                    project=self._find(entry.project),
                    signal=entry.signal,
                    media=entry.media,
                    body=exchanges.joined([one.entry.body for one in batch]),
                    patient=True,
                )
            )
        except (OnrecordError, RuntimeError) as error:
            self._answered(_Answered(batch, error))
            return
        kept.add_done_callback(lambda done: self._events.put(_Answered(batch, done.exception())))

    def _answered(self, answered: _Answered) -> None:
        self._under_way -= 1
        batch, error = answered.batch, answered.error
        if error is None:
            self.failure = ""
            self._finish(batch)
        elif len(batch) > 1 and not isinstance(error, Pushback):
            self._waiting.extendleft(_Waiting(one.entry, one.file, alone=True) for one in reversed(batch))
        else:  # the others first: this one may be at fault
            self._waiting.extend(batch)
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        self._next_s = time.monotonic() + _RETRY_S
        if isinstance(error, Pushback):
            return
        reason = error.message if isinstance(error, OnrecordError) else where(error)
        if not self.failure:
            _log.error("what the journal holds could not be recorded, and is tried again: %s", reason)
        self.failure = reason

    def _finish(self, batch: list[_Waiting]) -> None:
        self.waiting -= len(batch)
        for one in batch:
            self._bytes -= len(one.entry.body)
            self._journals.finished(one.file)

    def _begin_emptying(self, done: "Future[None]") -> None:
        try:
            if self._journals.written:
                self._journals.renew()
        except OSError as error:
            done.set_exception(Unavailable(f"No file of the journal can be made ({type(error).__name__})."))
        else:
            self._emptying.append(_Empty(done, self._journals.marks))

    def _tidy(self) -> None:
        """When nothing waits, begin another file, so that what is on the record does not lie here as well."""
        idle = not self.waiting and time.monotonic() - self._written_s >= JOURNAL_IDLE_SECONDS
        if idle and self._journals.written:
            self._journals.renew()
        for one in [each for each in self._emptying if not each.marks & self._journals.marks]:
            self._emptying.remove(one)
            self._journals.drop_damaged()
            one.done.set_result(None)
