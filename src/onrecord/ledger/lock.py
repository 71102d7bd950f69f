"""The last signed checkpoint of every ledger, kept by compare-and-swap outside the data directory.

Whoever restores an old copy of the data finds here that more was signed, and signs nothing: two histories under one
key never come into being. The file must not be part of a backup that is restored together with the data.
``synchronous=FULL``: when ``swap`` returns, what was swapped survives a power cut. Used by one thread at a time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from onrecord.durable import make_directory, open_database, sync_directory
from onrecord.errors import Corrupt
from onrecord.ledger.checkpoint import Checkpoint

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS checkpoint (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL
) WITHOUT ROWID
"""
_HINT: Final = "Restored from a backup? See 'When a backup was restored' in docs/operations.md."


class Locked(msgspec.Struct, frozen=True):
    """A checkpoint that was signed, with its signed note."""

    checkpoint: Checkpoint
    note: bytes


class Swap(msgspec.Struct, frozen=True):
    """Replace the last signed checkpoint of a ledger, when it still is ``expected``."""

    expected: Checkpoint | None
    new: Checkpoint
    note: bytes


class CheckpointLock:
    """``checkpoints.db``."""

    def __init__(self, path: Path) -> None:
        make_directory(path.parent)
        existed = path.exists()
        self._db = open_database(path, schema=_SCHEMA)
        if not existed:
            sync_directory(path.parent)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def last(self, origin: str) -> Locked | None:
        """The last signed checkpoint of a ledger; ``None`` when none was ever signed."""
        row = self._db.execute("SELECT size, root, note FROM checkpoint WHERE origin = ?", (origin,)).fetchone()
        return Locked(Checkpoint(origin, row[0], row[1]), row[2]) if row else None

    def all(self) -> list[Locked]:
        """The last signed checkpoints of all ledgers, by origin."""
        rows = self._db.execute("SELECT origin, size, root, note FROM checkpoint ORDER BY origin")
        return [Locked(Checkpoint(origin, size, root), note) for origin, size, root, note in rows]

    def swap(self, swaps: Sequence[Swap]) -> None:
        """Replace the last signed checkpoints of several ledgers, all or none, durably.

        Raises:
            Corrupt: a ledger's last checkpoint is not the expected one, or the new one goes back.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for swap in swaps:
                self._swap(swap)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _swap(self, swap: Swap) -> None:
        new = swap.new
        last = self.last(new.origin)
        if (last.checkpoint if last else None) != swap.expected:
            raise Corrupt(f"the last signed checkpoint of {new.origin} is not the one expected", hint=_HINT)
        if last and (new.size < last.checkpoint.size or (new.size == last.checkpoint.size and new != last.checkpoint)):
            raise Corrupt(f"the ledger {new.origin} would go back, or tell another history", hint=_HINT)
        self._db.execute(
            "INSERT INTO checkpoint VALUES (?, ?, ?, ?) ON CONFLICT (origin)"
            " DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note",
            (new.origin, new.size, new.root, swap.note),
        )
