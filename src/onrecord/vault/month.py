"""One month file: records, the spool and dead letters in one SQLite file, so that one commit makes all three durable.

Layout: docs/format/vault.md and docs/format/spool.md. ``MonthFile`` is the commit thread's; ``MonthReader`` is a
read-only view that any one thread may hold.
"""

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec
import zstandard

from onrecord.durable import empty_wal, open_database, tidy
from onrecord.errors import Corrupt
from onrecord.vault import producers
from onrecord.vault.producers import ProducerTable

DEDUPE_HALF = 10
_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, dedupe BLOB NOT NULL, partition INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS record_dedupe ON record (dedupe);
CREATE INDEX IF NOT EXISTS record_partition ON record (partition);
CREATE TABLE IF NOT EXISTS response (name BLOB PRIMARY KEY, kept BLOB NOT NULL, span BLOB NOT NULL,
    trace BLOB NOT NULL, session BLOB NOT NULL, since_us INTEGER NOT NULL, mark BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS response_moved ON response (span) WHERE span <> kept;
CREATE TABLE IF NOT EXISTS spool (id INTEGER PRIMARY KEY AUTOINCREMENT, prev BLOB NOT NULL, chain BLOB NOT NULL,
    entries BLOB NOT NULL, rows BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS dead (id INTEGER PRIMARY KEY AUTOINCREMENT, received_us INTEGER NOT NULL,
    project INTEGER NOT NULL, signal TEXT NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL);
INSERT OR IGNORE INTO meta VALUES ('format', '1');
"""
    + producers.SCHEMA
)
_CACHE_KIB = 16_384
_PAGE_BYTES = 8_192
"""Bodies are about 1.2 KB: pages of 4 KB left a fifth of the file unused, pages of 16 KB write more than they save."""
_EVER_US = 2**62
_PREFIX_END = b"\xff" * DEDUPE_HALF


class StoredRecord(msgspec.Struct, frozen=True):
    """A row of ``record``."""

    id: int
    dedupe: bytes
    partition: int
    body: bytes


class Response(msgspec.Struct, frozen=True):
    """A row of ``response``: the span of a response, or that a part of it waits for one (docs/format/vault.md)."""

    name: bytes
    kept: bytes
    """Identity of the records."""
    span: bytes
    """Identity of the span itself; empty while it is not known."""
    trace: bytes
    session: bytes
    since_us: int
    mark: bytes


class StoredLetter(msgspec.Struct, frozen=True):
    """A row of ``dead`` without its body."""

    id: int
    received_us: int
    signal: str
    reason: str
    size: int
    """Bytes of the sealed body."""


class SpoolGroup(msgspec.Struct, frozen=True):
    """A row of ``spool``: what one transaction gave the sequencer and the projector to do."""

    id: int
    prev: bytes
    chain: bytes
    entries_packed: bytes
    rows_packed: bytes

    def entries(self) -> list[tuple[int, int, int, bytes]]:
        """Project number, year, ledger index and bytes of each entry, in ledger order."""
        return _entries.decode(zstandard.decompress(self.entries_packed))

    def rows(self) -> list[tuple[str, bytes]]:
        """Table and line of each row."""
        return _rows.decode(zstandard.decompress(self.rows_packed))

    def check(self, prev: bytes | None) -> None:
        """Raise ``Corrupt`` when a byte of this group is not what was committed, or it does not follow ``prev``."""
        if self.chain != chain_of(self.prev, self.id, self.entries_packed, self.rows_packed):
            raise Corrupt(f"spool group {self.id} is altered")
        if prev is not None and self.prev != prev:
            raise Corrupt(f"spool group {self.id} does not follow the group before it")


_entries = msgspec.msgpack.Decoder(list[tuple[int, int, int, bytes]])
_rows = msgspec.msgpack.Decoder(list[tuple[str, bytes]])


def chain_of(prev: bytes, identifier: int, entries: bytes, rows: bytes) -> bytes:
    """The chained checksum of a spool group (docs/format/spool.md)."""
    head = prev + struct.pack(">QI", identifier, len(entries))
    return sha256(head + entries + rows).digest()[:16]


class MonthReader:
    """A read-only view of one month file."""

    def __init__(self, path: Path, *, connection: sqlite3.Connection | None = None) -> None:
        self.path = path
        self.month = path.stem
        self.year = int(path.stem[:4])
        self._sql = connection or open_database(path, schema="", read_only=True)
        self.producers = ProducerTable(self._sql)

    def close(self) -> None:
        """Close the file."""
        self._sql.close()

    def get(self, identifier: int) -> StoredRecord | None:
        """The record with that rowid."""
        row = self._sql.execute("SELECT id, dedupe, partition, body FROM record WHERE id = ?", (identifier,)).fetchone()
        return StoredRecord(*row) if row else None

    def find(self, identity: bytes) -> list[tuple[int, bytes]]:
        """Rowid and ``dedupe`` of every record of one span, in order of arrival; ``identity`` is the first half."""
        return self._sql.execute(
            "SELECT id, dedupe FROM record WHERE dedupe BETWEEN ? AND ? ORDER BY id", (identity, identity + _PREFIX_END)
        ).fetchall()

    def response(self, name: bytes) -> Response | None:
        """What is known of a response, by its keyed digest."""
        return self._response("name = ?", name)

    def moved(self, span: bytes) -> Response | None:
        """The response under whose identity the records of a span are kept, if under one."""
        return self._response("span = ? AND span <> kept", span)

    def has_moved(self) -> bool:
        """Whether there is any span whose records are kept under the identity of its response."""
        return self._response("span > ? AND span <> kept LIMIT 1", b"") is not None

    def waiting(self, until_us: int = _EVER_US) -> list[bytes]:
        """The responses (keyed digests) of which a part waits for its span, since ``until_us`` or longer."""
        if not self._has_responses:
            return []
        sql = "SELECT name FROM response WHERE span = x'' AND span <> kept AND since_us <= ? ORDER BY since_us, name"
        return [row[0] for row in self._sql.execute(sql, (until_us,))]

    def waits(self, identity: bytes) -> bool:
        """Whether the record of that identity is a part that waits for its span."""
        found = self.response(identity)
        return found is not None and not found.span

    def _response(self, where: str, value: bytes) -> Response | None:
        if not self._has_responses:
            return None
        sql = f"SELECT name, kept, span, trace, session, since_us, mark FROM response WHERE {where}"  # noqa: S608
        row = self._sql.execute(sql, (value,)).fetchone()
        return Response(*row) if row else None

    @cached_property
    def _has_responses(self) -> bool:
        """Whether the file has the table; one that an earlier version made has none until it is written."""
        return self._sql.execute("SELECT 1 FROM sqlite_master WHERE name = 'response'").fetchone() is not None

    def of_partition(self, partition: int, *, newest: int, within: int) -> list[StoredRecord]:
        """The ``newest`` so many records of a partition whose bodies have at most ``within`` bytes, as they arrived."""
        rows = self._sql.execute(
            "SELECT id, dedupe, partition, body FROM record WHERE partition = ? AND length(body) <= ?"
            " ORDER BY id DESC LIMIT ?",
            (partition, within, newest),
        ).fetchall()
        return [StoredRecord(*row) for row in reversed(rows)]

    def ids_of_partitions(self, partitions: Sequence[int]) -> list[int]:
        """Rowids of all records of the partitions, in order."""
        found: list[int] = []
        for partition in partitions:
            found += (row[0] for row in self._sql.execute("SELECT id FROM record WHERE partition = ?", (partition,)))
        return sorted(found)

    def by_partition(self) -> Iterator[StoredRecord]:
        """Every record, partition by partition, in order of arrival within each; damaged ones do not stop it."""
        for row in self._sql.execute(
            "SELECT id, CAST(dedupe AS BLOB), CAST(partition AS INTEGER), CAST(body AS BLOB) FROM record"
            " ORDER BY partition, id"
        ):
            yield StoredRecord(*row)

    def in_order(self, project: int) -> Iterator[StoredRecord]:
        """Every record of a project in ledger order."""
        for row in self._sql.execute(
            "SELECT id, dedupe, partition, body FROM record WHERE id >= ? AND id < ? ORDER BY id",
            (project << 40, project + 1 << 40),
        ):
            yield StoredRecord(*row)

    def projects(self) -> list[int]:
        """Numbers of the projects that have records here."""
        found: list[int] = []
        row = self._sql.execute("SELECT min(id) FROM record").fetchone()
        while row[0] is not None:
            found.append(row[0] >> 40)
            row = self._sql.execute("SELECT min(id) FROM record WHERE id >= ?", (found[-1] + 1 << 40,)).fetchone()
        return found

    def last_index(self, project: int) -> int:
        """The highest ledger index of a project's records here, -1 when there are none."""
        row = self._sql.execute("SELECT max(id) FROM record WHERE id < ?", (project + 1 << 40,)).fetchone()
        return row[0] & (1 << 40) - 1 if row[0] is not None and row[0] >> 40 == project else -1

    def spool(self, after: int = 0, limit: int = -1) -> list[SpoolGroup]:
        """Spool groups with an id above ``after``, in order."""
        rows = self._sql.execute(
            "SELECT id, prev, chain, entries, rows FROM spool WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
        )
        return [SpoolGroup(*row) for row in rows]

    def dead_letters(self, project: int, below: int = 2**62, limit: int = -1) -> list[StoredLetter]:
        """Dead letters of a project with an id below that, newest first, without their bodies."""
        rows = self._sql.execute(
            "SELECT id, received_us, signal, reason, length(body) FROM dead WHERE project = ? AND id < ?"
            " ORDER BY id DESC LIMIT ?",
            (project, below, limit),
        )
        return [StoredLetter(*row) for row in rows]

    def dead_body(self, identifier: int) -> bytes | None:
        """The sealed body of a dead letter."""
        row = self._sql.execute("SELECT body FROM dead WHERE id = ?", (identifier,)).fetchone()
        return row[0] if row else None

    def last_spool_id(self) -> int:
        """The highest spool id that this file ever held."""
        row = self._sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spool'").fetchone()
        return int(row[0]) if row else 0

    def meta(self, name: str) -> bytes | None:
        """A value of ``meta``."""
        row = self._sql.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def project_ids(self) -> dict[int, str]:
        """The id of each project that has records here, by its number."""
        rows = self._sql.execute("SELECT name, value FROM meta WHERE name LIKE 'project/%'")
        return {int(name.removeprefix("project/")): bytes(value).decode() for name, value in rows}

    def hold(self) -> None:
        """Read from one moment on: what is committed later is not seen."""
        self._sql.execute("BEGIN")
        self._sql.execute("SELECT 1 FROM meta").fetchone()

    def check(self) -> list[str]:
        """What SQLite finds wrong with the file's structure."""
        try:
            rows = self._sql.execute("PRAGMA integrity_check(20)").fetchall()
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [row[0] for row in rows if row[0] != "ok"]


class MonthFile(MonthReader):
    """The month file as the commit thread holds it."""

    def __init__(self, path: Path) -> None:
        connection = open_database(path, schema=_SCHEMA, cache_kib=_CACHE_KIB, page_bytes=_PAGE_BYTES)
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.execute("PRAGMA journal_size_limit=33554432")
        super().__init__(path, connection=connection)

    def begin(self) -> None:
        """Start a transaction."""
        self._sql.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make the transaction durable."""
        self._sql.execute("COMMIT")

    def rollback(self) -> None:
        """Forget the transaction."""
        if self._sql.in_transaction:
            self._sql.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is done inside is durable at the end, or, when anything fails, was never there."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def insert(self, records: Sequence[tuple[int, bytes, int, bytes]]) -> None:
        """Add records: rowid, dedupe, partition, sealed body."""
        self._sql.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", records)

    def set_response(self, response: Response) -> None:
        """Say of a response what is known now."""
        row = msgspec.structs.astuple(response)
        self._sql.execute("INSERT OR REPLACE INTO response VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def forget_response(self, name: bytes) -> None:
        """Forget what is known of a response."""
        self._sql.execute("DELETE FROM response WHERE name = ?", (name,))

    def append_spool(self, identifier: int, prev: bytes, entries: bytes, rows: bytes) -> bytes:
        """Add a spool group and return its chain."""
        chain = chain_of(prev, identifier, entries, rows)
        self._sql.execute("INSERT INTO spool VALUES (?, ?, ?, ?, ?)", (identifier, prev, chain, entries, rows))
        return chain

    def trim_spool(self, upto: int) -> None:
        """Remove spool groups up to and including ``upto``."""
        self._sql.execute("DELETE FROM spool WHERE id <= ?", (upto,))

    def set_meta(self, name: str, value: bytes) -> None:
        """Set a value of ``meta``."""
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def tidy(self) -> bool:
        """Give free space back to the file system, as far as nobody reads it now; whether none is left."""
        return tidy(self._sql)

    def erase(self, identifiers: Sequence[int]) -> None:
        """Remove records and leave no byte of them in the file or its write-ahead log."""
        gone = [(identifier,) for identifier in identifiers]
        with self.transaction():
            self._forget_responses_of(gone)
            self._sql.executemany("DELETE FROM record WHERE id = ?", gone)
        empty_wal(self._sql)

    def remove_dead(self, identifier: int) -> None:
        """Remove a dead letter and leave no byte of it in the file or its write-ahead log."""
        with self.transaction():
            self._sql.execute("DELETE FROM dead WHERE id = ?", (identifier,))
        empty_wal(self._sql)

    def _forget_responses_of(self, gone: Sequence[tuple[int]]) -> None:
        responses = self._sql.execute("SELECT name, kept FROM response").fetchall()
        if responses:
            sql = "SELECT substr(dedupe, 1, ?) FROM record WHERE id = ?"
            identities = {row[0] for one in gone for row in self._sql.execute(sql, (DEDUPE_HALF, *one))}
            names = [(name,) for name, kept in responses if kept in identities]
            self._sql.executemany("DELETE FROM response WHERE name = ?", names)

    def insert_dead(self, rows: Sequence[tuple[int, int, str, str, bytes]], keep: int, oldest_us: int) -> int:
        """Add dead letters (received_us, project, signal, reason, sealed body); return how many old ones went."""
        self._sql.executemany(
            "INSERT INTO dead (received_us, project, signal, reason, body) VALUES (?, ?, ?, ?, ?)", rows
        )
        gone = self._sql.execute(
            "DELETE FROM dead WHERE received_us < ? OR id <= (SELECT max(id) FROM dead) - ?", (oldest_us, keep)
        )
        return gone.rowcount
