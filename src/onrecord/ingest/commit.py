"""The commit thread: ONE thread, ONE file, ONE transaction, shared by all requests that wait.

Order, and with it the promise of an acknowledgement: keys durable, then content, entry and row in one transaction of
the month file, then the answer. Whatever fails before the transaction leaves nothing behind; whatever the process
does after it, the followers find in the spool. A group that fails is tried again request by request, so that one
request's fault is never another's.
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec

from onrecord.errors import OnrecordError, Pushback, Unavailable, where
from onrecord.ingest.item import Batch
from onrecord.ingest.staging import Staging
from onrecord.limits import GROUP_RECORDS, GROUP_WAIT_MS
from onrecord.receive.port import Ack

_log = logging.getLogger(__name__)
_IDLE_S = 0.5


class Work(msgspec.Struct):
    """One prepared delivery and whoever waits for it."""

    batch: Batch
    done: "Future[Ack]"


class Command(msgspec.Struct):
    """Something that must run between two transactions, alone (an erasure)."""

    run: Callable[[], Any]
    done: "Future[Any]"


class CommitThread(threading.Thread):
    """Takes prepared deliveries from a queue, makes them durable in groups, answers."""

    def __init__(self, staging: Staging, crash_point: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(name="commit", daemon=True)
        self._staging = staging
        self._crash_point = crash_point
        self._queue: queue.SimpleQueue[Work | Command | None] = queue.SimpleQueue()
        self.committed = threading.Event()
        """Set after every transaction; the followers wait on it."""
        self.on_commit: list[Callable[[], None]] = []
        self.on_idle: list[Callable[[], None]] = []
        self.records_total = 0
        self.groups_total = 0
        self.failure = ""

    def put(self, batch: Batch, done: "Future[Ack]") -> None:
        """Queue a prepared delivery; ``done`` completes once it is durable."""
        self._queue.put(Work(batch, done))

    def exclusively(self, run: Callable[[], Any]) -> "Future[Any]":
        """Run something between two transactions."""
        done: Future[Any] = Future()
        self._queue.put(Command(run, done))
        return done

    def stop(self) -> None:
        """Finish what is queued, then end."""
        self._queue.put(None)
        self.join()

    def run(self) -> None:
        """The thread."""
        while True:
            group, command, stopping = self._next_group()
            if group:
                self._commit_group(group)
            if command is not None:
                self._run_command(command)
            if not group and command is None:
                self._rest()
            if stopping:
                self._refuse_rest()
                self._staging.close()
                return

    def _rest(self) -> None:
        """Tidy while nobody waits. What fails here loses nothing: a full disk must not end the thread."""
        try:
            self._staging.trim()
            for rest in self.on_idle:
                rest()
        except Exception as error:  # noqa: BLE001 - tried again when idle
            if not self.failure:
                _log.error("tidying failed: %s", where(error))
            self.failure = self.failure or type(error).__name__

    def _refuse_rest(self) -> None:
        """Answer whoever came after the last group: nothing of theirs was kept."""
        while not self._queue.empty():
            work = self._queue.get()
            if work is not None:
                work.done.set_exception(Pushback("the server is stopping", hint="Send again."))

    def _next_group(self) -> tuple[list[Work], Command | None, bool]:
        group: list[Work] = []
        records = 0
        timeout_s = _IDLE_S
        while records < GROUP_RECORDS:
            try:
                work = self._queue.get(timeout=timeout_s)
            except queue.Empty:
                break
            if work is None:
                return group, None, True
            if isinstance(work, Command):
                return group, work, False
            group.append(work)
            records += len(work.batch.items)
            timeout_s = GROUP_WAIT_MS / 1_000 if self._queue.empty() and len(group) > 1 else 0.0
        return group, None, False

    def _commit_group(self, group: list[Work]) -> None:
        try:
            duplicates = self._commit([work.batch for work in group])
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller hears of it
            if len(group) > 1:
                for work in group:
                    self._commit_group([work])
                return
            if not isinstance(error, OnrecordError) and not self.failure:
                _log.error("a commit failed: %s", where(error))
            self.failure = f"{type(error).__name__}"
            wrapped = error if isinstance(error, OnrecordError) else Unavailable(f"not committed ({self.failure})")
            group[0].done.set_exception(wrapped)
            return
        self.failure = ""
        self.records_total += sum(len(work.batch.items) for work in group) - sum(duplicates)
        self.groups_total += 1
        self._crash_point("commit.before-ack")
        for work, repeated in zip(group, duplicates, strict=True):
            work.done.set_result(work.batch.ack(repeated))
        for wake in self.on_commit:
            wake()

    def _commit(self, batches: list[Batch]) -> list[int]:
        staging = self._staging
        try:
            staging.begin()
            duplicates = [staging.stage(batch) for batch in batches]
            self._crash_point("commit.staged")
            staging.commit_keys()
            self._crash_point("commit.keys-durable")
            staging.commit()
        except BaseException:
            staging.rollback()
            raise
        self._crash_point("commit.durable")
        return duplicates

    def _run_command(self, command: Command) -> None:
        try:
            command.done.set_result(command.run())
        except BaseException as error:  # noqa: BLE001 - the caller waits on the future and raises it
            command.done.set_exception(error)
