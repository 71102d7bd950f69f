"""Opening everything a month file holds, once, partition by partition: what an audit compares with the ledger.

Memory stays within one partition. Nothing here judges: it says which records opened, with which salt and which slot
digests, and which did not.
"""

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from operator import attrgetter

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.errors import Corrupt
from onrecord.keys.keystore import KeyStore
from onrecord.vault.body import Body, Sealer
from onrecord.vault.month import MonthReader, StoredRecord


class Opened(msgspec.Struct, frozen=True):
    """One stored record, opened or not."""

    id: int
    state: str
    """``open``, ``locked`` (no key store at hand), ``keyless`` (its key is destroyed) or ``altered``."""
    salt: bytes = b""
    digests: tuple[bytes, ...] = ()
    """SHA-256 of each slot, in order."""


def open_month(reader: MonthReader, keys: KeyStore | None) -> Iterator[Opened]:
    """Every record of a month file.

    Raises:
        Corrupt: when SQLite can not read the file through; what came before stands.
    """
    sealer = Sealer()
    try:
        for partition, records in groupby(reader.by_partition(), key=attrgetter("partition")):
            if keys is None:
                yield from (Opened(record.id, "locked") for record in records)
                continue
            try:
                key = keys.partition_key(partition)
            except Corrupt:
                yield from (Opened(record.id, "altered") for record in records)
                continue
            if key is None:
                yield from (Opened(record.id, "keyless") for record in records)
            else:
                yield from _open_partition(sealer, AESGCM(key), reader.year, records)
    except sqlite3.Error as error:
        fault = str(error).partition(" with text")[0]
        raise Corrupt(f"the vault file of {reader.month} is altered: {fault}") from error


def _open_partition(sealer: Sealer, aead: AESGCM, year: int, records: Iterator[StoredRecord]) -> Iterator[Opened]:
    segments: dict[int, list[bytes]] = {}
    messages: dict[int, list[bytes]] = {}
    for record in records:
        try:
            body = sealer.open(aead, record.body, year=year, identifier=record.id, dedupe=record.dedupe)
            own = [sha256(segment).digest() for segment in body.segments]
            segments[record.id] = own
            messages[record.id] = _message_digests(record.id, body, segments, messages)
        except (Corrupt, KeyError, IndexError, TypeError):  # a damaged file gives numbers where bytes stood
            yield Opened(record.id, "altered")
        else:
            yield Opened(record.id, "open", body.salt, (own[0], *messages[record.id]))


def _message_digests(
    identifier: int, body: Body, segments: dict[int, list[bytes]], messages: dict[int, list[bytes]]
) -> list[bytes]:
    earlier = messages[body.base][: body.take] if body.base else []
    if len(earlier) != body.take:
        raise Corrupt("the manifest of a record goes beyond the one it begins with")
    refs = zip(body.refs[::2], body.refs[1::2], strict=True)
    digests = earlier + [segments[record or identifier][ordinal] for record, ordinal in refs]
    if len(digests) != sum(body.shape):
        raise Corrupt("the manifest of a record does not fit its shape")
    return digests
