"""The projector: one thread that follows the spool and inserts its rows into the store, each exactly once.

A *block* is a run of whole spool groups. Its boundary and its token are made durable in the journal before the first
insert, so that a restart inserts the very same block with the very same token, and the store recognises it. The journal
holds one block, the last: ``after`` is the position up to which everything is in the store, ``through`` where the block
ends. Groups that the spool has already trimmed were in the store when that happened.

Rows become visible at once while there are few, and in large blocks under load: over any longer time inserts take at
most a quarter of the thread, and after many rows the next insert waits until there are many again, both for at most
``BLOCK_WAIT_MS`` and unless a full block is there before.

When the store is down the thread tries again for ever, ever more slowly, and says so in ``status``. It never loses a
row and never holds up an acknowledgement: the spool grows until the store is back.
"""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from onrecord.background import step_back
from onrecord.durable import write_file
from onrecord.errors import Corrupt, OnrecordError
from onrecord.limits import BLOCK_BYTES, BLOCK_ROWS, BLOCK_WAIT_MS
from onrecord.store.client import Refused
from onrecord.store.row import DAMAGED
from onrecord.store.writer import Writer

_log = logging.getLogger(__name__)
_SHARE = 0.25
"""The part of its time that the thread may spend inserting, averaged over ``_GRACE_S``."""
_GRACE_S = 5.0
"""Time that an idle projector saves up: a few traces that come after a rest are inserted without a pause in between."""
_PAUSE_PER_ROW_S = 0.001
"""Pause per row that was just inserted: beyond a thousand rows a second blocks grow until they take BLOCK_WAIT_MS."""
_POLL_S = 1.0
"""How often the spool is looked at without being told: only a missed ``wake`` makes this matter."""
_TRIM_POLLS = 10
"""Idle looks after which the engine is asked to give memory back."""
_BACKOFF_S = (0.1, 0.3, 1.0, 3.0, 10.0)
_DOUBT_AFTER = 8
"""Refusals of one block after which single rows are suspected whatever the engine says."""
_DAMAGED_NAMED = 10
"""Rows that could not be made and are named; all of them are counted."""
_READ_GROUPS = 8
"""Groups read at once: a group has at most GROUP_RECORDS rows, and what is read is in memory."""


class Group(Protocol):
    """One group commit, as the projector sees it."""

    @property
    def id(self) -> int:
        """Grows from group to group."""
        ...

    def rows(self) -> Sequence[tuple[str, bytes]]:
        """(table, stamped line) in order of commit."""
        ...


class Rows(Protocol):
    """The spool. Ids grow; a group never changes; a group is kept until the position it was reported at is past it."""

    def read(self, after: int, limit: int) -> Sequence[Group]:
        """At most ``limit`` groups with an id greater than ``after``, in order."""
        ...


class Journal(msgspec.Struct, frozen=True):
    """The block that is being inserted, or was inserted last."""

    after: int = 0
    through: int = 0
    token: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the projector is doing."""

    state: str
    """``following``, ``down`` (the store does not take the rows; trying again) or ``stopped``."""
    position: int
    """Everything up to this group is in the store."""
    rows: int
    blocks: int
    set_aside: int
    """Rows that the store refused, or that could not be made, since the start."""
    damaged: tuple[str, ...] = ()
    """Which rows could not be made, the first ten since the start: ``project/shard/index``."""
    waiting_rows: int
    """Rows that were read from the spool and are not in the store yet."""
    behind_s: float
    """How long the oldest of them has been waiting."""
    fault: str = ""
    """Why the store does not take the rows."""


class _Block:
    """Whole groups that are read and not yet inserted."""

    def __init__(self, after: int) -> None:
        self.through = after
        self.tables: dict[str, list[bytes]] = {}
        self.rows = 0
        self.bytes = 0
        self.since = 0.0

    def add(self, group: Group) -> None:
        if not self.rows:
            self.since = time.monotonic()
        for table, line in group.rows():
            self.tables.setdefault(table, []).append(line)
            self.rows += 1
            self.bytes += len(line)
        self.through = group.id

    @property
    def full(self) -> bool:
        return self.rows >= BLOCK_ROWS or self.bytes >= BLOCK_BYTES


class Projector:
    """Follows the spool. Start it once; ``wake`` it after each commit; ``stop`` it before the store is closed."""

    def __init__(
        self,
        spool: Rows,
        writer: Writer,
        journal: Path,
        *,
        settled: int = 0,
        done: Callable[[int], None] = lambda _: None,
        crash_point: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Read the journal; nothing is inserted before ``start``.

        ``settled`` is the position up to which the spool has been trimmed: groups without rows at its end are in no
        journal, and whoever waits for them must not wait for ever.

        Raises:
            Corrupt: the journal can not be read. Remove it together with the store and rebuild.
        """
        self._spool = spool
        self._writer = writer
        self._path = journal
        self._done = done
        self._crash_point = crash_point
        self._journal = _read_journal(journal)
        self._position = max(self._journal.after, settled)
        self._rows = self._blocks = self._set_aside = 0
        self._fault = ""
        self._damaged: dict[str, None] = {}
        self._block = _Block(self._position)
        self._ahead: deque[Group] = deque()
        self._idle_polls = self._trimmed = 0
        self._next_insert = self._spent_until = 0.0
        self._wake = threading.Event()
        self._moved = threading.Condition()
        self._stopping = False
        self._paused = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)

    @property
    def position(self) -> int:
        """Everything up to this group is in the store, synced."""
        return self._position

    @property
    def status(self) -> Status:
        """A snapshot, for health and metrics."""
        block = self._block
        return Status(
            state="stopped" if not self._thread.is_alive() else "down" if self._fault else "following",
            position=self._position,
            rows=self._rows,
            blocks=self._blocks,
            set_aside=self._set_aside,
            waiting_rows=block.rows,
            behind_s=time.monotonic() - block.since if block.rows else 0.0,
            fault=self._fault,
            damaged=tuple(self._damaged),
        )

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def wake(self) -> None:
        """Say that the spool has grown. Cheap; from any thread."""
        self._wake.set()

    def wait_for(self, position: int, timeout_s: float) -> bool:
        """Wait until everything up to ``position`` is in the store; whether that came true in time."""
        with self._moved:
            return self._moved.wait_for(lambda: self._position >= position, timeout_s)

    def paused(self) -> threading.Lock:
        """A lock: while somebody holds it, no block is being inserted."""
        return self._paused

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the insert that is running and end the thread. What waits stays in the spool."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        step_back()
        failures = refusals = 0
        while not self._stopping:
            try:
                worked = self.step(doubt=refusals >= _DOUBT_AFTER)
                failures, refusals, self._fault = 0, 0, ""
                if not worked:
                    self._rest()
            except OnrecordError as error:
                if failures == 0:
                    _log.warning("the store does not take rows: %s", error.message)
                self._fault = error.message
                self._sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
                failures += 1
                refusals += isinstance(error, Refused)  # a store that was down says nothing about a row
            except Exception as error:  # noqa: BLE001 - a thread that dies silently would be worse
                if failures == 0:
                    _log.error("the projector stumbled over %s", type(error).__name__)
                self._fault = f"the projector stumbled ({type(error).__name__})"
                self._sleep(_BACKOFF_S[-1])
                failures += 1

    def step(self, *, doubt: bool = False) -> bool:
        """Read what is there and insert a block if one is due; whether anything was inserted.

        Raises:
            Unavailable: the store does not answer. The block is kept and tried again by the next step.
            Refused: the store refuses the block as a whole. Likewise.
        """
        if self._journal.through > self._position:
            self._fill(self._journal.through)
            self._insert(self._journal, doubt=doubt)
            return True
        self._fill(None)
        block = self._block
        if not block.rows:
            self._skip(block)
            return False
        if not block.full and time.monotonic() < self._next_insert:
            return False
        journal = Journal(self._position, block.through, secrets.token_hex(12))
        write_file(self._path, msgspec.json.encode(journal))
        self._journal = journal
        self._crash_point("store.journal-written")
        self._insert(journal, doubt=doubt)
        return True

    def _fill(self, through: int | None) -> None:
        """Read groups into the block: up to ``through``, else until it is full."""
        block = self._block
        while not block.full or through is not None:
            if not self._ahead:
                self._ahead.extend(self._spool.read(block.through, _READ_GROUPS))
            if not self._ahead or (through is not None and self._ahead[0].id > through):
                return
            block.add(self._ahead.popleft())

    def _insert(self, journal: Journal, *, doubt: bool) -> None:
        began = time.monotonic()
        refused = 0
        block = self._block
        with self._paused:
            for table in sorted(block.tables):
                lines = block.tables[table]
                refused += self._writer.insert(table, lines, f"{journal.token}-{table}", doubt=doubt)
        self._crash_point("store.inserted")
        ended = time.monotonic()
        self._pause(began, ended, block.rows)
        self._rows += block.rows
        self._blocks += 1
        self._set_aside += refused
        for line in block.tables.get(DAMAGED, ()):
            if len(self._damaged) < _DAMAGED_NAMED:
                self._damaged[_place(line)] = None
        self._move(journal.through)

    def _pause(self, began: float, ended: float, rows: int) -> None:
        """Say when the next insert may begin."""
        latest = ended + BLOCK_WAIT_MS / 1e3
        spent_until = max(self._spent_until, began - _GRACE_S) + (ended - began) / _SHARE
        self._spent_until = min(spent_until, latest)
        self._next_insert = min(max(self._spent_until, ended + rows * _PAUSE_PER_ROW_S), latest)

    def _skip(self, block: _Block) -> None:
        """Groups without rows need no insert."""
        if block.through > self._position:
            self._move(block.through)

    def _move(self, position: int) -> None:
        with self._moved:
            self._position = position
            self._block = _Block(position)
            self._moved.notify_all()
        self._done(position)

    def _rest(self) -> None:
        """Wait for more rows, or until the block that waits is due."""
        if self._block.rows:
            self._sleep(max(0.0, self._next_insert - time.monotonic()))
        else:
            woken = self._wake.wait(_POLL_S)
            self._wake.clear()
            self._idle_polls = 0 if woken else self._idle_polls + 1
            if self._idle_polls == _TRIM_POLLS and self._blocks > self._trimmed:
                self._trimmed = self._blocks
                self._writer.trim()

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))


def _place(line: bytes) -> str:
    row = msgspec.json.decode(line)
    return f"{row['project']}/{row['shard']}/{row['idx']}"


def _read_journal(path: Path) -> Journal:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Journal)
    except FileNotFoundError:
        return Journal()
    except msgspec.DecodeError:
        raise Corrupt(
            "the journal of the store's projector can not be read", hint="Remove it and the store, then rebuild."
        ) from None
