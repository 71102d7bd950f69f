"""The table of producers in a month file: by whom records are numbered, and which numbers are missing.

The newest month file has every producer: a new one begins with what the one before it knew (docs/format/vault.md). A
producer stands under its locator; its own id is in the sealed records only. Older files may lack the table.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from onrecord.limits import PRODUCER_DAYS, PRODUCERS_CARRIED
from onrecord.model.numbering import Numbering

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS producer (project INTEGER NOT NULL, producer BLOB NOT NULL, seen_us INTEGER NOT NULL,
    top INTEGER NOT NULL, gaps INTEGER NOT NULL, missing INTEGER NOT NULL, oldest_us INTEGER, due_us INTEGER,
    dropped INTEGER NOT NULL, sampled INTEGER NOT NULL, numbering BLOB NOT NULL,
    PRIMARY KEY (project, producer)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS producer_due ON producer (due_us) WHERE due_us IS NOT NULL;
CREATE INDEX IF NOT EXISTS producer_gaps ON producer (project, oldest_us) WHERE gaps > 0;
"""
_CARRIED: Final = "producers"
"""Name in ``meta``: set when this file has what the file before it knew."""
_DAY_US: Final = 86_400_000_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Numbering).decode


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Producers of a project, or of all, in numbers."""

    producers: int = 0
    gaps: int = 0
    missing: int = 0
    """Numbers in those gaps."""
    oldest_us: int | None = None
    """Since when the oldest gap is there."""
    dropped: int = 0
    sampled: int = 0
    declaring: int = 0
    """Producers that declared drops."""


class ProducerTable:
    """The table as one connection sees it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection
        self._there: bool | None = None

    @property
    def there(self) -> bool:
        """Whether the file has the table."""
        if not self._there:
            found = self._sql.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'producer'")
            self._there = found.fetchone() is not None
        return self._there

    def get(self, project: int, producer: bytes) -> Numbering | None:
        """What is known of one producer."""
        row = self._sql.execute(
            "SELECT numbering FROM producer WHERE project = ? AND producer = ?", (project, producer)
        ).fetchone()
        return None if row is None else _decode(row[0])

    def put(self, changed: Mapping[tuple[int, bytes], Numbering], now_us: int) -> None:
        """Write what changed; inside a transaction."""
        self._sql.executemany(
            "INSERT OR REPLACE INTO producer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    project,
                    producer,
                    now_us,
                    one.top,
                    one.gap_count,
                    one.missing,
                    min((gap.since_us for gap in one.gaps), default=None),
                    min((gap.since_us for gap in one.gaps if not gap.recorded), default=None),
                    one.dropped,
                    one.sampled,
                    _encode(one),
                )
                for (project, producer), one in changed.items()
            ],
        )

    def due(self, until_us: int, limit: int = 1_000) -> list[tuple[int, bytes, Numbering]]:
        """Producers with a gap that is there since ``until_us`` or longer and not recorded."""
        rows = self._sql.execute(
            "SELECT project, producer, numbering FROM producer WHERE due_us <= ? ORDER BY due_us LIMIT ?",
            (until_us, limit),
        )
        return [(project, producer, _decode(numbering)) for project, producer, numbering in rows]

    def incomplete(self, project: int, limit: int) -> Iterator[tuple[bytes, int, Numbering]]:
        """Locator, time last seen and numbering of a project's producers with gaps, the oldest gap first."""
        if self.there:
            for producer, seen_us, numbering in self._sql.execute(
                "SELECT producer, seen_us, numbering FROM producer WHERE project = ? AND gaps > 0"
                " ORDER BY oldest_us LIMIT ?",
                (project, limit),
            ):
                yield producer, seen_us, _decode(numbering)

    def totals(self, project: int | None = None) -> Totals:
        """Sums over the producers of a project, or of all."""
        if not self.there:
            return Totals()
        row = self._sql.execute(
            "SELECT count(*), total(gaps), total(missing), min(oldest_us), total(dropped), total(sampled),"
            " total(dropped > 0) FROM producer WHERE ?1 IS NULL OR project = ?1",
            (project,),
        ).fetchone()
        count, gaps, missing, oldest_us, dropped, sampled, declaring = row
        return Totals(
            producers=count,
            gaps=int(gaps),
            missing=int(missing),
            oldest_us=oldest_us,
            dropped=int(dropped),
            sampled=int(sampled),
            declaring=int(declaring),
        )

    def projects(self) -> list[int]:
        """Numbers of the projects that have producers."""
        if not self.there:
            return []
        return [row[0] for row in self._sql.execute("SELECT DISTINCT project FROM producer ORDER BY project")]

    def carry(self, before: Path | None, now_us: int) -> None:
        """Take over what the month file ``before`` knew, once; what has been silent for long is left behind."""
        if self._sql.execute("SELECT 1 FROM meta WHERE name = ?", (_CARRIED,)).fetchone():
            return
        found = before is not None and self._attach(before)
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            if found:
                self._sql.execute(
                    "INSERT OR IGNORE INTO producer SELECT * FROM earlier.producer WHERE seen_us > ?"
                    " ORDER BY seen_us DESC LIMIT ?",
                    (now_us - PRODUCER_DAYS * _DAY_US, PRODUCERS_CARRIED),
                )
            self._sql.execute("INSERT INTO meta VALUES (?, x'')", (_CARRIED,))
            self._sql.execute("COMMIT")
        finally:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
            if before is not None:
                self._sql.execute("DETACH earlier")

    def _attach(self, before: Path) -> bool:
        """Whether the file before this one has the table; it is attached either way."""
        self._sql.execute("ATTACH ? AS earlier", (str(before),))
        found = self._sql.execute("SELECT 1 FROM earlier.sqlite_master WHERE type = 'table' AND name = 'producer'")
        return found.fetchone() is not None
