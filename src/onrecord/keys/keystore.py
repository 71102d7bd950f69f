"""The key store: bucket, partition and project keys, and which partitions belong to which data subject.

Layout and order: docs/format/keys.md. One thread writes (the commit thread): it stages rows between ``begin`` and
``commit`` and seals records only with keys whose row is committed. Any thread reads keys; what is destroyed answers
``None`` and never comes back. A key store that the KEK does not fit refuses to open.
"""

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.durable import empty_wal, open_database, tidy
from onrecord.errors import Corrupt, Rejected
from onrecord.keys.seal import new_key, seal, unseal

SESSION, TRACE, INSTALLATION = range(3)

_PARTITION = b"partition"
_CHECK = b"onrecord key store, format 1    "
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, wrapped BLOB);
CREATE TABLE IF NOT EXISTS project_key (project INTEGER, name TEXT, wrapped BLOB NOT NULL,
    PRIMARY KEY (project, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS partition (id INTEGER PRIMARY KEY AUTOINCREMENT, project INTEGER NOT NULL,
    kind INTEGER NOT NULL, locator BLOB NOT NULL UNIQUE, bucket INTEGER NOT NULL, wrapped BLOB NOT NULL,
    erasing INTEGER);
CREATE INDEX IF NOT EXISTS partition_erasing ON partition (erasing) WHERE erasing IS NOT NULL;
CREATE TABLE IF NOT EXISTS trace (locator BLOB, partition INTEGER, PRIMARY KEY (locator, partition)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trace_partition ON trace (partition);
CREATE TABLE IF NOT EXISTS subject (id INTEGER PRIMARY KEY AUTOINCREMENT, project INTEGER NOT NULL,
    locator BLOB NOT NULL UNIQUE, tag BLOB NOT NULL, erasing INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tie (subject INTEGER, partition INTEGER, PRIMARY KEY (subject, partition)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tie_partition ON tie (partition);
"""


class Partition(msgspec.Struct, frozen=True):
    """One conversation in one month, and the key that opens it."""

    id: int
    locator: bytes
    key: bytes


class Subject(msgspec.Struct, frozen=True):
    """A data subject; ``tag`` is the only name of it that leaves the key store."""

    id: int
    tag: bytes


class KeyStore:
    """``keys.db`` under one KEK."""

    def __init__(self, path: Path, kek: bytes, *, read_only: bool = False) -> None:
        """Open or make the key store.

        Raises:
            Rejected: when the KEK is not the one that this store was made with.
        """
        self._kek = AESGCM(kek)
        self._lock = threading.Lock()
        self._writing = threading.RLock()
        self._staging = False
        self._buckets: dict[int, AESGCM] = {}
        self._write: sqlite3.Connection | None = None
        if not read_only:
            self._write = open_database(path, schema=_SCHEMA)
        self._read = open_database(path, schema="", read_only=True)
        self._check_kek()

    def close(self) -> None:
        """Close both connections."""
        self._read.close()
        if self._write is not None:
            self._write.close()

    # --- reading, from any thread ---------------------------------------------------------------------------

    def partition_key(self, partition: int) -> bytes | None:
        """The key of a partition, or None when it, or its bucket, has been destroyed."""
        with self._lock:
            row = self._read.execute(
                "SELECT p.wrapped, p.bucket, b.name, b.wrapped FROM partition p JOIN bucket b ON b.id = p.bucket"
                " WHERE p.id = ?",
                (partition,),
            ).fetchone()
        if row is None or not row[0] or row[3] is None:
            return None
        wrapped, bucket, name, wrapped_bucket = row
        return unseal(self._bucket_aead(bucket, name, wrapped_bucket), wrapped, _PARTITION)

    def key_under(self, locator: bytes) -> bytes | None:
        """The key of the partition under a locator, for reading; None when there is none, or it is destroyed."""
        with self._lock:
            row = self._read.execute("SELECT id FROM partition WHERE locator = ?", (locator,)).fetchone()
        return None if row is None else self.partition_key(row[0])

    def project_key(self, project: int, name: str) -> bytes:
        """The project's key of that name (``pseudonym``, ``locator``, ``library``), made and durable on first use."""
        associated = f"project_key/{project}/{name}".encode()
        with self._lock:
            row = self._read.execute(
                "SELECT wrapped FROM project_key WHERE project = ? AND name = ?", (project, name)
            ).fetchone()
            if row is not None:
                return unseal(self._kek, row[0], associated)
        with self._writing:
            sealed = seal(self._kek, new_key(), associated)
            self._writer().execute("INSERT OR IGNORE INTO project_key VALUES (?, ?, ?)", (project, name, sealed))
        return self.project_key(project, name)

    def find_subject(self, locator: bytes) -> Subject | None:
        """The subject under that locator."""
        with self._lock:
            row = self._read.execute("SELECT id, tag FROM subject WHERE locator = ?", (locator,)).fetchone()
        return Subject(*row) if row else None

    # --- writing, from the commit thread --------------------------------------------------------------------

    def begin(self) -> None:
        """Start staging; other writers wait until ``commit`` or ``rollback``."""
        self._writing.acquire()
        try:
            self._writer().execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            self._writing.release()
            raise
        self._staging = True

    def commit(self) -> None:
        """Make everything staged durable; when that fails, ``rollback`` is still to be called."""
        self._writer().execute("COMMIT")
        self._end()

    def rollback(self) -> None:
        """Forget everything staged, if anything is."""
        if not self._staging:
            return
        try:
            if self._writer().in_transaction:  # a full disk makes SQLite roll back by itself
                self._writer().execute("ROLLBACK")
        finally:
            self._end()

    def _end(self) -> None:
        self._staging = False
        self._writing.release()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self.begin()
        try:
            yield self._writer()
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def tidy(self) -> bool:
        """Give free space back to the file system, as far as nobody reads it now; whether none is left."""
        with self._writing, self._lock:
            return tidy(self._writer())

    def find_partition(self, locator: bytes) -> Partition | None:
        """The partition under that locator, staged ones included."""
        row = (
            self._writer()
            .execute(
                "SELECT p.id, p.wrapped, p.bucket, b.name, b.wrapped FROM partition p JOIN bucket b ON b.id = p.bucket"
                " WHERE p.locator = ?",
                (locator,),
            )
            .fetchone()
        )
        if row is None or not row[1] or row[4] is None:
            return None
        key = unseal(self._bucket_aead(row[2], row[3], row[4]), row[1], _PARTITION)
        return Partition(row[0], locator, key)

    def create_partition(self, project: int, kind: int, locator: bytes, bucket_name: str) -> Partition:
        """Stage a new partition with a fresh key. The caller has begun."""
        bucket = self._bucket(bucket_name)
        key = new_key()
        sealed = seal(self._buckets[bucket], key, _PARTITION)
        cursor = self._writer().execute(
            "INSERT INTO partition (project, kind, locator, bucket, wrapped) VALUES (?, ?, ?, ?, ?)",
            (project, kind, locator, bucket, sealed),
        )
        return Partition(int(cursor.lastrowid or 0), locator, key)

    def find_subject_staged(self, locator: bytes) -> Subject | None:
        """The subject under that locator, staged ones included."""
        row = self._writer().execute("SELECT id, tag FROM subject WHERE locator = ?", (locator,)).fetchone()
        return Subject(*row) if row else None

    def create_subject(self, project: int, locator: bytes) -> Subject:
        """Stage a new subject with a fresh random tag. The caller has begun."""
        tag = secrets.token_bytes(16)
        cursor = self._writer().execute(
            "INSERT INTO subject (project, locator, tag) VALUES (?, ?, ?)", (project, locator, tag)
        )
        return Subject(int(cursor.lastrowid or 0), tag)

    def link_trace(self, trace: bytes, partition: int) -> None:
        """Stage that spans of the trace lie in the partition."""
        self._writer().execute("INSERT OR IGNORE INTO trace VALUES (?, ?)", (trace, partition))

    def partitions_of_trace(self, trace: bytes) -> list[int]:
        """Every partition in which spans of the trace lie, staged ones included."""
        return [row[0] for row in self._writer().execute("SELECT partition FROM trace WHERE locator = ?", (trace,))]

    def traces_of_subject(self, subject: int) -> list[bytes]:
        """Locators of every trace of which spans lie in a partition that is tied to the subject."""
        rows = self._writer().execute(
            "SELECT DISTINCT trace.locator FROM tie JOIN trace ON trace.partition = tie.partition "
            "WHERE tie.subject = ?",
            (subject,),
        )
        return [row[0] for row in rows]

    def subjects_of(self, partition: int) -> list[int]:
        """The subjects tied to a partition, staged ones included."""
        return [row[0] for row in self._writer().execute("SELECT subject FROM tie WHERE partition = ?", (partition,))]

    def tie(self, subject: int, partition: int) -> None:
        """Stage that content of the subject lies in the partition."""
        self._writer().execute("INSERT OR IGNORE INTO tie VALUES (?, ?)", (subject, partition))

    # --- erasing, from the commit thread; each step survives a crash after it ---------------------------------

    def retire(self, subject: int) -> None:
        """Mark a subject and every partition that erasing it destroys (docs/format/keys.md, *A person*).

        What is marked is found by no locator any more: whatever comes from now on about the same person, session or
        trace goes into new partitions and is not part of this erasure.
        """
        with self._transaction() as writer:
            writer.execute(
                "UPDATE partition SET erasing = ?1, locator = randomblob(16) WHERE id IN ("
                "WITH tied AS (SELECT partition AS id FROM tie WHERE subject = ?1) "
                "SELECT id FROM tied UNION SELECT own.id FROM trace JOIN tied ON trace.partition = tied.id "
                "JOIN trace AS other ON other.locator = trace.locator "
                "JOIN partition AS own ON own.id = other.partition AND own.kind = ?2)",
                (subject, TRACE),
            )
            marked = "SELECT id FROM partition WHERE erasing = ?"
            writer.execute(f"DELETE FROM trace WHERE partition IN ({marked})", (subject,))  # noqa: S608 - constants
            writer.execute("UPDATE subject SET erasing = 1, locator = randomblob(16) WHERE id = ?", (subject,))

    def erasing(self) -> list[tuple[int, int, bytes]]:
        """Subjects whose erasure has begun and not ended: id, project number, tag."""
        rows = self._writer().execute("SELECT id, project, tag FROM subject WHERE erasing ORDER BY id")
        return [(row[0], row[1], row[2]) for row in rows]

    def partitions_erasing(self, subject: int) -> list[int]:
        """The partitions that the erasure of a subject destroys."""
        rows = self._writer().execute("SELECT id FROM partition WHERE erasing = ? ORDER BY id", (subject,))
        return [row[0] for row in rows]

    def destroy_keys(self, subject: int) -> None:
        """Destroy the keys of a retired subject's partitions: from here on nothing of them opens."""
        with self._transaction() as writer:
            writer.execute("UPDATE partition SET wrapped = x'' WHERE erasing = ?", (subject,))
        self._clean()

    def forget(self, subject: int) -> None:
        """Remove every trace of a retired subject, once its content and rows are gone."""
        marked = "SELECT id FROM partition WHERE erasing = ?"
        with self._transaction() as writer:
            writer.execute(f"DELETE FROM tie WHERE partition IN ({marked})", (subject,))  # noqa: S608 - constants
            writer.execute("DELETE FROM tie WHERE subject = ?", (subject,))
            writer.execute("DELETE FROM partition WHERE erasing = ?", (subject,))
            writer.execute("DELETE FROM subject WHERE id = ?", (subject,))
        self._clean()

    def _clean(self) -> None:
        with self._lock:
            empty_wal(self._writer())

    # --- inside ---------------------------------------------------------------------------------------------

    def _writer(self) -> sqlite3.Connection:
        if self._write is None:
            raise Rejected("the key store is open for reading only")
        return self._write

    def _bucket(self, name: str) -> int:
        row = self._writer().execute("SELECT id, wrapped FROM bucket WHERE name = ?", (name,)).fetchone()
        if row is not None:
            if row[1] is None:
                raise Corrupt(f"the bucket {name} has expired and can not take new content")
            self._bucket_aead(row[0], name, row[1])
            return int(row[0])
        key = new_key()
        sealed = seal(self._kek, key, f"bucket/{name}".encode())
        cursor = self._writer().execute("INSERT INTO bucket (name, wrapped) VALUES (?, ?)", (name, sealed))
        bucket = int(cursor.lastrowid or 0)
        self._buckets[bucket] = AESGCM(key)
        return bucket

    def _bucket_aead(self, bucket: int, name: str, wrapped: bytes) -> AESGCM:
        aead = self._buckets.get(bucket)
        if aead is None:
            aead = AESGCM(unseal(self._kek, wrapped, f"bucket/{name}".encode()))
            self._buckets[bucket] = aead
        return aead

    def _check_kek(self) -> None:
        row = self._read.execute("SELECT value FROM meta WHERE name = 'check'").fetchone()
        if row is None and self._write is None:
            raise Corrupt("the key store does not say which key-encryption key fits it")
        if row is None:
            sealed = seal(self._kek, _CHECK, b"check")
            self._writer().execute("INSERT INTO meta VALUES ('format', '1'), ('check', ?)", (sealed,))
            return
        try:
            unseal(self._kek, row[0], b"check")
        except Corrupt as error:
            raise Rejected(
                "the key-encryption key does not fit this data directory",
                hint="Give the key that was made with it (--keys, ONRECORD_KEK), or restore it with its recovery code.",
            ) from error
