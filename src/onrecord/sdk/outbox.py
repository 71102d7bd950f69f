"""The outbox of one producer: a directory (0700) with its counter and one sealed file (0600) per batch.

A batch is there whole or not at all: it is written under another name, then renamed. It is removed when the server has
acknowledged it and for no other reason. Its name says which numbers it holds, its bytes say nothing without the key.

File: ``magic 4 | producer 16 | salt 16 | sealed``. Name: ``<last number>-<count>-<random>.<signal>``, in hex.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onrecord.sdk.counter import Counter
from onrecord.sdk.sealing import Seal

COUNTER: Final = "counter"
_MAGIC: Final = b"ORS1"
_HEAD_BYTES: Final = len(_MAGIC) + 32


@dataclass(frozen=True, order=True)
class Batch:
    """What the name of a batch says."""

    last: int
    count: int
    token: str
    signal: str
    """``traces`` or ``logs``: where it is sent to."""

    @property
    def first(self) -> int:
        """The number of its first record."""
        return self.last - self.count + 1

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.last:016x}-{self.count:x}-{self.token}.{self.signal}"

    @classmethod
    def named(cls, name: str) -> "Batch | None":
        """The batch of a file name, ``None`` when it is none."""
        stem, _, signal = name.partition(".")
        words = stem.split("-")
        try:
            last, count, token = words
            return cls(int(last, 16), int(count, 16), token, signal)
        except ValueError:
            return None


class Outbox:
    """The outbox of a producer that this process is, or has taken over."""

    def __init__(self, directory: Path, counter: Counter, secret: bytes) -> None:
        self.directory = directory
        self.counter = counter
        self.producer = counter.producer.hex()
        self.numbered = counter.numbered
        """The highest number given out; the counter has the highest that is spooled or declared."""
        self._seal = Seal(secret, counter.salt)

    @classmethod
    def create(cls, place: Path, secret: bytes) -> "Outbox":
        """Make the outbox of a new producer; nobody sees it before it is whole and locked."""
        temporary = place / f".{os.urandom(8).hex()}"
        temporary.mkdir(mode=0o700, parents=True)
        counter = Counter.create(temporary / COUNTER)
        directory = place / counter.producer.hex()
        temporary.rename(directory)
        return cls(directory, counter, secret)

    @classmethod
    def adopt(cls, directory: Path, secret: bytes) -> "Outbox | None":
        """The outbox of a process that has ended; ``None`` while it lives."""
        counter = Counter.adopt(directory / COUNTER)
        return None if counter is None else cls(directory, counter, secret)

    def put(self, batch: Batch, body: bytes, *, durable: bool) -> int:
        """Keep a batch; the bytes that its file takes.

        With ``durable`` it also survives a power cut: what is likely to be sent at once need not.

        Raises:
            OSError: the disk does not take it; nothing of it is left.
        """
        sealed = self._seal.close(body, self._bound(batch))
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # whoever tidies may have taken it
        temporary = self.directory / f".{batch.name}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_MAGIC + self.counter.producer + self.counter.salt + sealed)
                file.flush()
                if durable:
                    os.fsync(descriptor)
            temporary.rename(self.directory / batch.name)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        if durable:
            _sync(self.directory)
        return _HEAD_BYTES + len(sealed)

    def batches(self) -> list[Batch]:
        """What waits here, oldest first; of a living producer only what its counter knows of."""
        known = self.counter.numbered
        return sorted(batch for batch in self._found() if batch.last <= known)

    def settle(self, number: int) -> None:
        """Everything up to this number is spooled, or was declared, or is a gap that a higher number shows.

        One thread gives numbers; the other, which declares what it found refused, never names a higher one.
        """
        self.numbered = max(self.numbered, number)
        self.counter.numbered = max(self.counter.numbered, number)

    def recover(self) -> int:
        """Take up the numbers where an ended process left them; how many of its records never got here."""
        self.settle(max((batch.last for batch in self._found()), default=0))
        return max(0, self.counter.given - self.numbered)

    def _found(self) -> Iterator[Batch]:
        for path in self.directory.iterdir():
            batch = Batch.named(path.name) if path.name[0] != "." else None
            if batch is not None:
                yield batch

    def body(self, batch: Batch) -> bytes | None:
        """The body of a batch, ``None`` when it does not open."""
        data = (self.directory / batch.name).read_bytes()
        return self._seal.open(data[_HEAD_BYTES:], self._bound(batch)) if data.startswith(_MAGIC) else None

    def size(self, batch: Batch) -> int:
        """Bytes of the file of a batch, 0 when it is gone."""
        try:
            return (self.directory / batch.name).stat().st_size
        except OSError:
            return 0

    def remove(self, batch: Batch) -> None:
        """The server has it."""
        (self.directory / batch.name).unlink(missing_ok=True)

    def set_aside(self, batch: Batch, place: Path, keep: int) -> None:
        """Move what the server will never take to ``place``, where the newest ``keep`` stay."""
        place.mkdir(mode=0o700, exist_ok=True)
        (self.directory / batch.name).replace(place / f"{self.producer}-{batch.name}")
        kept = sorted(place.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in kept[:-keep]:
            path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let go; a later process takes it over."""
        self.counter.close()

    def dissolve(self) -> None:
        """Remove it: nothing waits and nothing is left to declare."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.counter.close()

    def _bound(self, batch: Batch) -> str:
        return f"{self.producer}/{batch.name}"


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
