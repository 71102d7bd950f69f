"""Reading the vault: from a record's place to its content, with the keys that still exist.

One reader may be shared by threads; each call holds its lock. Nothing is cached across calls, so that an erased
person's content is never served from memory.
"""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.errors import Missing
from onrecord.keys.keystore import KeyStore
from onrecord.model.record import Place
from onrecord.vault.body import Body, Sealer, record_id
from onrecord.vault.manifest import Content, content_of
from onrecord.vault.month import MonthReader, StoredRecord


class Located(msgspec.Struct, frozen=True):
    """A stored record and the month file that holds it."""

    month: str
    record: StoredRecord


class VaultReader:
    """All month files of a data directory, for reading."""

    def __init__(self, directory: Path, keys: KeyStore) -> None:
        self._directory = directory
        self._keys = keys
        self._sealer = Sealer()
        self._months: dict[str, MonthReader] = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close every month file."""
        with self._lock:
            for month in self._months.values():
                month.close()
            self._months.clear()

    def months(self, year: int | None = None) -> list[str]:
        """The months that have a file, oldest first."""
        names = sorted(path.stem for path in self._directory.glob("????-??.db"))
        return [name for name in names if year is None or int(name[:4]) == year]

    def locate(self, project: int, place: Place) -> Located:
        """The stored record at a place.

        Raises:
            Missing: when the vault holds nothing there (never content, or erased, or expired).
        """
        identifier = record_id(project, place.index)
        with self._lock:
            for month in reversed(self.months(place.shard)):
                record = self._month(month).get(identifier)
                if record is not None:
                    return Located(month, record)
        raise Missing("the content of this record is not in the vault", hint="It was erased or has expired.")

    def find(self, identity: bytes) -> list[Located]:
        """Every record whose ``dedupe`` begins with ``identity``, in any month, in order of arrival."""
        found: list[Located] = []
        with self._lock:
            for month in self.months():
                reader = self._month(month)
                stored = [reader.get(identifier) for identifier, _ in reader.find(identity)]
                found += [Located(month, record) for record in stored if record is not None]
        return found

    def parts(self, located: Located) -> list[Located]:
        """Every record of the same span, the first one first, in the month of ``located`` and the one after it."""
        identity = located.record.dedupe[:10]
        found: list[Located] = []
        with self._lock:
            months = self.months()
            at = months.index(located.month)
            for month in months[at : at + 2]:
                reader = self._month(month)
                for identifier, _ in reader.find(identity):
                    record = reader.get(identifier)
                    if record is not None:
                        found.append(Located(month, record))
        return found

    def waits(self, located: Located) -> bool:
        """Whether this is the first part of a span that has not come yet, and so has no row."""
        with self._lock:
            return self._month(located.month).waits(located.record.dedupe[:10])

    def open(self, located: Located) -> Content:
        """The content of a record.

        Raises:
            Missing: when its key has been destroyed.
            Corrupt: when it is altered.
        """
        with self._lock:
            reader = self._month(located.month)
            key = self._keys.partition_key(located.record.partition)
            if key is None:
                raise Missing("the key of this record has been destroyed", hint="It was erased or has expired.")
            return open_record(self._sealer, AESGCM(key), reader, located.record)

    def in_order(self, month: str, project: int) -> Iterator[Located]:
        """Every record of a project in one month, in ledger order, on a connection of its own."""
        reader = MonthReader(self._directory / f"{month}.db")
        try:
            for record in reader.in_order(project):
                yield Located(month, record)
        finally:
            reader.close()

    def projects(self) -> list[int]:
        """Numbers of all projects that have records."""
        with self._lock:
            numbers: set[int] = set()
            for month in self.months():
                numbers.update(self._month(month).projects())
        return sorted(numbers)

    def _month(self, month: str) -> MonthReader:
        reader = self._months.get(month)
        if reader is None:
            try:
                reader = MonthReader(self._directory / f"{month}.db")
            except sqlite3.OperationalError as error:
                raise Missing(f"the vault has no file for {month}") from error
            self._months[month] = reader
        return reader


def open_record(sealer: Sealer, aead: AESGCM, reader: MonthReader, record: StoredRecord) -> Content:
    """The content of one record of a month file, given its partition's key.

    Raises:
        Corrupt: when a byte of it, or of a record that it begins with, is altered or gone.
    """
    opened: dict[int, Body] = {}

    def get(identifier: int) -> Body:
        body = opened.get(identifier)
        if body is None:
            stored = record if identifier == record.id else reader.get(identifier)
            if stored is None:
                raise Missing("a record begins with one that is not there")
            body = sealer.open(aead, stored.body, year=reader.year, identifier=stored.id, dedupe=stored.dedupe)
            opened[identifier] = body
        return body

    return content_of(record.id, get)
