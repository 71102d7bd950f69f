"""The thread that turns the spool into ledgers: a pure function of the spool, told to the disk.

Follows a ``Feed``, adds every entry to its ledger and publishes all ledgers of a tick in one group, at least every
``limits.CHECKPOINT_INTERVAL_MS`` while entries arrive. It never skips: on any error it stops, and ``fault`` says why;
entries stay in the spool, acknowledged records are safe, proofs are late. ``start`` again after the repair redoes
the unpublished part idempotently. A full disk is the one error that passes by itself: it tries again until there is
room, with ``fault`` set meanwhile.
"""

import errno
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from onrecord.background import step_back
from onrecord.errors import Corrupt, OnrecordError
from onrecord.ledger.entry import decode_entry
from onrecord.ledger.files import ADD_LIMIT, LedgerWriter
from onrecord.ledger.ledgers import CrashPoint, Ledgers, no_crash
from onrecord.limits import CHECKPOINT_INTERVAL_MS, HEARTBEAT_S
from onrecord.model.time import Clock

_log = logging.getLogger(__name__)
_GROUPS: Final = 64
"""Spool groups that one read asks for."""
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_NO_ROOM_WAIT_S: Final = 2.0
"""How long it waits for room on a full disk before it tries again."""


class Group(Protocol):
    """What one transaction of the commit thread left for its followers."""

    @property
    def id(self) -> int:
        """Position in the spool; grows."""
        ...

    def entries(self) -> Sequence[tuple[int, int, int, bytes]]:
        """Project number, shard, index and bytes of each entry, indexes ascending per ledger."""
        ...


class Feed(Protocol):
    """The spool as a follower sees it. What it returns is durable, and is kept until every follower is past it."""

    def read(self, after: int, limit: int) -> Sequence[Group]:
        """The groups after position ``after``, at most ``limit``, oldest first."""
        ...


class LedgerState(msgspec.Struct, frozen=True):
    """Counters of one ledger, for health and metrics."""

    origin: str
    size: int
    published_us: int


class Sequencer:
    """Follows the spool; owns the ledgers while it runs."""

    def __init__(
        self,
        *,
        feed: Feed,
        ledgers: Ledgers,
        project_of: Callable[[int], str],
        clock: Clock,
        append_heartbeat: Callable[[str], None],
        crash_point: CrashPoint = no_crash,
    ) -> None:
        """``project_of`` names a project by its number; ``append_heartbeat`` asks the commit thread for an entry."""
        self._feed = feed
        self._ledgers = ledgers
        self._project_of = project_of
        self._clock = clock
        self._append_heartbeat = append_heartbeat
        self._crash_point = crash_point
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._followed: list[tuple[str, int]] = []
        self._alive_us: dict[str, int] = {}
        self._published_us: dict[str, int] = {}
        self.position = 0
        """Everything up to this spool position is published; the spool may trim it."""
        self.lag_ms = 0
        """Age of the oldest entry of the last publication at its publication."""
        self.fault: Exception | None = None
        """Why it stopped; ``None`` while it runs or when it was asked to stop."""

    def start(self) -> None:
        """Begin to follow, in a thread of its own."""
        self.fault = None
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="sequencer")
        self._thread.start()

    def wake(self) -> None:
        """Something was committed."""
        self._wake.set()

    def stop(self) -> None:
        """Publish what the spool holds, then end."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def follow(self, project: str, shard: int) -> None:
        """Open a ledger at ``start``, before an entry arrives: what is wrong with it, and its silence, are noticed."""
        self._followed.append((project, shard))

    def states(self) -> list[LedgerState]:
        """Every ledger in use."""
        return [
            LedgerState(writer.origin, writer.published.size, self._published_us.get(writer.origin, 0))
            for writer in self._ledgers.open_writers()
        ]

    def tick(self) -> bool:
        """Sequence and publish what the spool holds now; whether there was anything.

        Raises:
            OnrecordError, OSError: nothing may be skipped; the writers are to be opened again.
        """
        position = self.position
        oldest: bytes | None = None
        taken = 0
        touched: dict[tuple[int, int], LedgerWriter] = {}
        while groups := self._feed.read(position, _GROUPS):
            for group in groups:
                entries = group.entries()
                oldest = oldest or next((entry for _, _, _, entry in entries), None)
                taken += len(entries)
                self._add_all(entries, touched)
            position = groups[-1].id
            # What was signed before a crash must come again whole before anything of it can be published.
            if len(groups) < _GROUPS or (taken >= ADD_LIMIT and not any(map(_owes, touched.values()))):
                break
        if position == self.position:
            return False
        self._publish(touched)
        self.position = position
        self.lag_ms = 0 if oldest is None else self._age_ms(oldest)
        return True

    def _age_ms(self, entry: bytes) -> int:
        return max(0, (self._clock.now_us() - decode_entry(entry).received_us) // 1_000)

    def _add_all(
        self, entries: Sequence[tuple[int, int, int, bytes]], touched: dict[tuple[int, int], LedgerWriter]
    ) -> None:
        for number, shard, index, entry in entries:
            writer = touched.get((number, shard))
            if writer is None:
                writer = touched[number, shard] = self._ledgers.writer(self._project_of(number), shard)
            self._add(writer, index, entry)

    def _add(self, writer: LedgerWriter, index: int, entry: bytes) -> None:
        writer.add(index, entry)
        # A signed checkpoint that was not published is published first, as it was signed; and no group outgrows
        # what an interrupted publication may leave behind.
        grown = writer.size - writer.published.size
        if writer.size == writer.owed or (grown >= ADD_LIMIT and not _owes(writer)):
            self._ledgers.publish([writer], self._crash_point)

    def _publish(self, touched: dict[tuple[int, int], LedgerWriter]) -> None:
        self._ledgers.publish(touched.values(), self._crash_point)
        now_us = self._clock.now_us()
        for (number, _), writer in touched.items():
            self._alive_us[self._project_of(number)] = now_us
            self._published_us[writer.origin] = now_us

    def _run(self) -> None:
        step_back()
        while True:
            try:
                self._follow_feed()
            except Exception as error:  # noqa: BLE001 - a bug must stop the sequencer as loudly as a bad disk
                if self.fault is None or not _is_no_room(error):
                    said = error if isinstance(error, OnrecordError) else type(error).__name__
                    _log.error("the sequencer stopped: %s", said)
                self.fault = error
                self._ledgers.forget()
                if _is_no_room(error) and not self._stopping.wait(_NO_ROOM_WAIT_S):
                    continue
            return

    def _follow_feed(self) -> None:
        for project, shard in self._followed:
            writer = self._ledgers.writer(project, shard)
            self._alive_us[project] = writer.last_received_us() or self._clock.now_us()
        while self.tick():
            pass
        check_owed(self._ledgers)
        self.fault = None
        while not self._stopping.is_set():
            self._wake.wait(CHECKPOINT_INTERVAL_MS / 1_000)
            self._wake.clear()
            while self.tick():
                if self._stopping.is_set():
                    break
                self._stopping.wait(CHECKPOINT_INTERVAL_MS / 1_000)
            self.beat()
        while self.tick():
            pass

    def beat(self) -> None:
        """Ask for a heartbeat of every ledger that was idle for too long; once, until it had time to answer."""
        now_us = self._clock.now_us()
        for project, alive_us in self._alive_us.items():
            if now_us - alive_us >= HEARTBEAT_S * 1_000_000:
                self._alive_us[project] = now_us
                self._append_heartbeat(project)


def check_owed(ledgers: Ledgers) -> None:
    """Refuse to go on while a ledger misses entries that were signed before. Call when the spool was read to its end.

    Raises:
        Corrupt: the data was restored from a backup.
    """
    for writer in ledgers.open_writers():
        if _owes(writer):
            raise Corrupt(
                f"{writer.origin} was signed up to {writer.owed} entries, here are {writer.size}",
                hint="Restored from a backup? See 'When a backup was restored' in docs/operations.md.",
            )


def _is_no_room(error: Exception) -> bool:
    """Whether the disk is full: nothing is damaged, and it passes when somebody makes room."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def _owes(writer: LedgerWriter) -> bool:
    return writer.size < writer.owed
