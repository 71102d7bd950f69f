"""Ledgers made for tests: real keys, real files, real compare-and-swap."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from onrecord.ledger.entry import span_entry
from onrecord.ledger.ledgers import CrashPoint, Ledgers, no_crash
from onrecord.ledger.lock import CheckpointLock
from onrecord.ledger.shard import opening_entry
from onrecord.ledger.signer import create_signer
from onrecord.model.span import Span

START_US = 1_795_476_693_000_000
PROJECT = "0123456789abcdef"
SHARD = 2026


def record_id(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:22]


def make_entries(count: int, start: int = 0) -> list[bytes]:
    """Entries [start, start + count) of a ledger whose first entry opens it."""
    span = Span(trace_id="a" * 32, span_id="b" * 16, kind="llm", provider="openai", model_served="gpt-4o")
    entries = []
    for number in range(start, start + count):
        at = START_US + number
        commitment = hashlib.sha256(number.to_bytes(8, "big")).digest()
        if number == 0:
            entries.append(opening_entry(id=record_id(0), received_us=at))
        else:
            entries.append(span_entry(span, id=record_id(number), received_us=at, commitment=commitment))
    return entries


class Node:
    """A data directory with a key directory beside it."""

    def __init__(self, base: Path, projects: Sequence[str] = (PROJECT,)) -> None:
        self.root = base / "data" / "ledger"
        self.keys = base / "keys"
        for project in projects:
            create_signer(self.keys / "signing", project)
        self.lock = CheckpointLock(self.keys / "checkpoints.db")
        self.ledgers = self.open()

    def open(self) -> Ledgers:
        signing = self.keys / "signing"
        self.ledgers = Ledgers(root=self.root, host="log.example", node="n1", signing=signing, lock=self.lock)
        return self.ledgers

    def append(self, entries: Sequence[bytes], *, project: str = PROJECT, crash_point: CrashPoint = no_crash) -> None:
        writer = self.ledgers.writer(project, SHARD)
        for entry in entries:
            writer.add(writer.size, entry)
        self.ledgers.publish([writer], crash_point)

    def directory(self, project: str = PROJECT, shard: int = SHARD) -> Path:
        return self.ledgers.origin(project, shard).directory(self.root)


class Spooled(msgspec.Struct):
    """A spool group in memory."""

    id: int
    content: list[tuple[int, int, int, bytes]]

    def entries(self) -> list[tuple[int, int, int, bytes]]:
        return self.content


class Spool:
    """A spool in memory, grouped as it was committed."""

    def __init__(self) -> None:
        self.groups: list[Spooled] = []

    def commit(self, content: list[tuple[int, int, int, bytes]]) -> None:
        self.groups.append(Spooled(len(self.groups) + 1, content))

    def read(self, after: int, limit: int) -> list[Spooled]:
        return [group for group in self.groups if group.id > after][:limit]
