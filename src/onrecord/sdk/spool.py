"""The spool: the outboxes of all processes that send with one key to one server, bounded together.

Each process writes into an outbox of its own. Those of processes that have ended are taken over under their lock, so
that what a crash left behind is sent by whoever lives. Rule of the bound: what waits is never removed to make room;
when there is none, the *newest* records are dropped, which their numbers and a declaration tell the server.
"""

import contextlib
import logging
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from onrecord.limits import CLIENT_ASIDE_FILES
from onrecord.sdk.outbox import Batch, Outbox
from onrecord.sdk.sealing import place_of
from onrecord.sdk.settings import ClientSettings

_log = logging.getLogger(__name__)
_REFUSED: Final = "refused"
_MEMORY: Final = "/dev/shm"  # noqa: S108 - made by mkdtemp, 0700
"""Where Linux keeps files in memory."""
_BLOCK: Final = 4_096
"""What a small file takes on disk."""
_COUNT_S: Final = 10.0
"""How often the bytes of other processes are counted anew."""


class Spool:
    """The spool as one process sees it. Its methods may be called by any thread."""

    def __init__(self, settings: ClientSettings) -> None:
        """Nothing is written before the first record."""
        self._settings = settings
        self._lock = threading.Lock()
        self._own: Outbox | None = None
        self.adopted: list[Outbox] = []
        self._bytes = 0
        self._counted_at = 0.0
        directory = _made(settings.spool)
        self._secret = settings.api_key.encode() or _local_secret(directory)
        self.place = directory / place_of(self._secret, settings.endpoint)
        self.place.mkdir(mode=0o700, exist_ok=True)

    @property
    def own(self) -> Outbox:
        """The outbox of this process."""
        with self._lock:
            if self._own is None:
                try:
                    self._own = Outbox.create(self.place, self._secret)
                except OSError:  # the disk is full: nothing can wait there, but everything can still be sent
                    self._own = Outbox.create(_elsewhere(), self._secret)
            return self._own

    @property
    def producer(self) -> str:
        """The id of this process as a producer; empty before its first record."""
        return self._own.producer if self._own is not None else ""

    def outboxes(self) -> list[Outbox]:
        """Whatever this process has to send, what others left behind first."""
        with self._lock:
            return [*self.adopted, *([self._own] if self._own is not None else [])]

    def put(self, outbox: Outbox, batch: Batch, body: bytes, *, durable: bool) -> bool:
        """Keep a batch; false when the spool or the disk is full. Declarations (no count) always have room."""
        if batch.count and not self._has_room(len(body)):
            return False
        try:
            size = outbox.put(batch, body, durable=durable)
        except OSError as error:
            _log.warning("the spool can not be written (%s)", type(error).__name__)
            return False
        with self._lock:
            self._bytes += max(size, _BLOCK)
        return True

    def remove(self, outbox: Outbox, batch: Batch) -> None:
        """The server has it."""
        size = outbox.size(batch)
        with contextlib.suppress(OSError):
            outbox.remove(batch)
            with self._lock:
                self._bytes = max(0, self._bytes - max(size, _BLOCK))

    def set_aside(self, outbox: Outbox, batch: Batch) -> None:
        """The server will never take it."""
        with contextlib.suppress(OSError):
            outbox.set_aside(batch, outbox.directory.parent / _REFUSED, CLIENT_ASIDE_FILES)

    def adopt(self) -> list[Outbox]:
        """Take over the outboxes of processes that have ended; those that are new."""
        taken: list[Outbox] = []
        with contextlib.suppress(OSError):
            known = {box.producer for box in self.outboxes()}
            for path in sorted(self.place.iterdir()):
                if path.name[0] == "." or path.name == _REFUSED or path.name in known:
                    continue
                outbox = Outbox.adopt(path, self._secret)
                if outbox is not None:
                    taken.append(outbox)
        with self._lock:
            self.adopted += taken
        return taken

    def dissolve(self, outbox: Outbox) -> None:
        """An adopted outbox is empty and everything was declared: it goes."""
        with self._lock:
            self.adopted.remove(outbox)
        outbox.dissolve()

    def close(self) -> None:
        """Let go of everything; an own outbox with nothing in it goes."""
        with self._lock:
            adopted, self.adopted, own, self._own = self.adopted, [], self._own, None
        for outbox in adopted:
            outbox.release()
        if own is not None:
            finished = own.counter.given == own.counter.numbered and own.counter.sampled == own.counter.declared
            if finished and not own.batches():
                own.dissolve()
            else:
                own.release()

    def abandon(self) -> None:
        """In a forked child: these are the parent's. Takes no lock, which the fork may have found taken."""
        for outbox in [*self.adopted, *([self._own] if self._own is not None else [])]:
            outbox.release()

    def _has_room(self, size: int) -> bool:
        now = time.monotonic()
        with self._lock:
            if now - self._counted_at > _COUNT_S or not self._counted_at:
                self._counted_at = now
                self._bytes = _bytes_below(self.place)
            return self._bytes + max(size, _BLOCK) <= self._settings.spool_bytes


def _made(wanted: Path) -> Path:
    """The directory of the spool; a temporary one, said aloud, when it can not be made."""
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK | os.X_OK):
            return wanted
    except OSError:
        pass
    return _elsewhere()


def _elsewhere() -> Path:
    """A temporary directory, in memory when no disk takes one (containers often have a file system to read only)."""
    _log.warning("the spool directory can not be written; records survive a server that is away, but no restart")
    try:
        return Path(tempfile.mkdtemp(prefix="onrecord-"))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="onrecord-", dir=_MEMORY))


def _local_secret(directory: Path) -> bytes:
    """Without an ingest key: a secret beside the spool. It keeps what is sealed from backups of single files only."""
    path = directory / "secret"
    if not path.exists():
        temporary = directory / f".secret-{os.urandom(8).hex()}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(32))
        with contextlib.suppress(FileExistsError):  # another process was first: its secret holds
            path.hardlink_to(temporary)
        temporary.unlink()
    return path.read_bytes()


def _bytes_below(place: Path) -> int:
    total = 0
    for directory, _, names in os.walk(place):
        for name in names:
            with contextlib.suppress(OSError):
                total += max(_BLOCK, (Path(directory) / name).stat().st_size)
    return total
