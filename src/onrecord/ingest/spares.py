"""Journal files made ahead, so that whoever writes to one never waits for the disk to find room for it.

A file is filled before it is used: a sync of blocks that are there waits for nothing else on the disk, one that makes a
file longer waits for the file system's own journal, which everybody shares. Filling takes long, so a thread does it.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from onrecord.ingest.journal import JournalFile

_KEPT: Final = 3


class Spares:
    """Keep it to one thread."""

    def __init__(self, create: Callable[[], JournalFile]) -> None:
        """``create`` makes a file; it is called in a thread of its own, or by ``take`` when none is at hand."""
        self._create = create
        self._files: list[JournalFile] = []
        self._coming: Future[JournalFile] | None = None
        self._thread = ThreadPoolExecutor(1, "journal-spares")

    def take(self) -> JournalFile:
        """A file to write to; raises ``OSError`` when there is none and none can be made."""
        self._arrived()
        if not self._files and self._coming is not None:
            self._arrived(wait=True)
        taken = self._files.pop() if self._files else self._create()
        self.more()
        return taken

    def more(self) -> None:
        """Have another one made, if there are too few."""
        if self._coming is None and self.room:
            self._coming = self._thread.submit(self._create)

    @property
    def room(self) -> bool:
        """Whether another file would be of use."""
        self._arrived()
        return len(self._files) + (self._coming is not None) < _KEPT

    def keep(self, file: JournalFile) -> None:
        """Take a file back that may be written to again."""
        self._files.append(file)

    def close(self) -> list[JournalFile]:
        """Make no more; what there is."""
        self._arrived(wait=True)
        self._thread.shutdown()
        files, self._files = self._files, []
        return files

    def _arrived(self, *, wait: bool = False) -> None:
        coming = self._coming
        if coming is None or not (wait or coming.done()):
            return
        self._coming = None
        if coming.exception() is None:  # a disk that gave none is asked again, and its fault said, when one is needed
            self._files.append(coming.result())
