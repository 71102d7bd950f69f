"""The partitions that the commit thread has open: keys and histories of the conversations that are going on.

Bounded; what is pushed out is read back from the key store and the vault when the conversation goes on.
"""

from collections import OrderedDict
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.keys.keystore import Partition
from onrecord.vault.body import Body, Sealer
from onrecord.vault.history import History
from onrecord.vault.manifest import message_places
from onrecord.vault.month import MonthReader

_OPEN = 4_096
"""Partitions kept open; a conversation with ten messages takes about 4 KB."""
_READ_BACK = 32
"""Records read to know again what a partition holds."""
_READ_BACK_BYTES = 4 * 1024 * 1024
"""Larger bodies are not read for that: mostly they are media."""


class OpenPartition(msgspec.Struct, frozen=True):
    """A partition with its key ready and its history known."""

    id: int
    aead: AESGCM
    history: History


class OpenPartitions:
    """The most recently used partitions by the locator of their conversation."""

    def __init__(self) -> None:
        self._open: OrderedDict[bytes, OpenPartition] = OrderedDict()

    def get(self, locator: bytes) -> OpenPartition | None:
        """The open partition of a conversation."""
        found = self._open.get(locator)
        if found is not None:
            self._open.move_to_end(locator)
        return found

    def add(self, locator: bytes, partition: Partition, history: History) -> OpenPartition:
        """Keep a partition open; the least recently used one goes."""
        opened = OpenPartition(partition.id, AESGCM(partition.key), history)
        self._open[locator] = opened
        if len(self._open) > _OPEN:
            self._open.popitem(last=False)
        return opened

    def clear(self) -> None:
        """Forget every key and history (a failed commit, a new month, an erasure)."""
        self._open.clear()


def read_history(sealer: Sealer, partition: Partition, reader: MonthReader) -> History:
    """What a partition already holds, from its newest records."""
    history = History()
    aead = AESGCM(partition.key)
    bodies: dict[int, Body] = {}
    for record in reader.of_partition(partition.id, newest=_READ_BACK, within=_READ_BACK_BYTES):
        body = sealer.open(aead, record.body, year=reader.year, identifier=record.id, dedupe=record.dedupe)
        bodies[record.id] = body
        for ordinal, segment in enumerate(body.segments[1:], start=1):
            history.place(sha256(segment).digest(), record.id, ordinal)
        try:
            places = message_places(record.id, bodies.__getitem__)
            history.remember(record.id, [sha256(bodies[at].segments[ordinal]).digest() for at, ordinal in places])
        except KeyError:
            continue  # begins with a record that is older than those read back: stored again, never lost
    return history
