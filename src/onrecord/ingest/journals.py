"""The journal files of one process: one that is written to, those that are full, a few to be used again."""

import contextlib
import logging
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.durable import sync_directory
from onrecord.ingest.journal import Entry, JournalFile, journal_files, journal_path, read_journal, shred
from onrecord.ingest.spares import Spares
from onrecord.limits import JOURNAL_FILE_BYTES
from onrecord.model.time import Clock

_DAMAGED: Final = ".damaged"
_log = logging.getLogger(__name__)


class Earlier(msgspec.Struct):
    """A file of a process that has ended."""

    path: Path
    unfinished: int
    damaged: bool

    @property
    def mark(self) -> bytes:
        """What tells it from every use of a file."""
        return self.path.name.encode()


File = JournalFile | Earlier


class Journals:
    """Keep it to one thread."""

    def __init__(self, directory: Path, owner: str, wrapping: AESGCM, clock: Clock) -> None:
        """``owner`` is the name of this process in the names of its files."""
        self._directory = directory
        self._owner = owner
        self._wrapping = wrapping
        self._clock = clock
        self._number = 0
        self._file: JournalFile | None = None
        self._full: list[File] = []
        """Files that nothing is written to any more and that hold what is not on the record."""
        self._spares = Spares(self._create)
        self.damaged = 0
        """Files of which something that was promised does not open; they are kept."""

    @property
    def written(self) -> bool:
        """Whether there is anything in the file that is written to."""
        return self._file is not None and self._file.bytes > 0

    @property
    def marks(self) -> frozenset[bytes]:
        """The uses of files that hold what is not on the record, but for the file that is written to."""
        return frozenset(file.mark for file in self._full)

    def prepare(self) -> None:
        """Have a file at hand before anything is to be written; raises ``OSError``."""
        if self._file is None:
            self.renew()

    def writable(self) -> JournalFile:
        """The file to write to; raises ``OSError`` when there is none and none can be made."""
        file = self._file
        if file is None or file.broken or file.bytes > JOURNAL_FILE_BYTES:
            file = self.renew()
        return file

    def renew(self) -> JournalFile:
        """Begin another file. The one before is used again, or goes, when all of it is on the record."""
        before = self._file
        self._file = self._spares.take()
        if before is not None:
            self._full.append(before)
            if not before.unfinished:
                self._let_go(before)
        return self._file

    def finished(self, file: File) -> None:
        """An entry of a file is on the record."""
        file.unfinished -= 1
        if not file.unfinished and file is not self._file:
            self._let_go(file)

    def take_up(self, owner: str = "") -> list[tuple[Entry, Earlier]]:
        """What processes that have ended have left; that of one ``owner``, or of all."""
        found: list[tuple[Entry, Earlier]] = []
        for path in journal_files(self._directory, owner):
            read = read_journal(path, self._wrapping)
            earlier = Earlier(path, len(read.entries), read.damaged)
            self._full.append(earlier)
            found += [(entry, earlier) for entry in read.entries]
            if not read.entries:
                self._let_go(earlier)
        return found

    def drop_damaged(self) -> None:
        """Whoever wants nothing of a person to be left wants no evidence of a damage either."""
        for path in self._directory.glob(f"*{_DAMAGED}"):
            shred(path)
            _log.warning("%s has been removed, because the journal was to be emptied", path.name)
        self.damaged = 0

    def close(self) -> None:
        """Leave only files that hold what is not on the record."""
        written = [file for file in self._full if isinstance(file, JournalFile)]
        for file in (*written, *self._spares.close(), *([self._file] if self._file is not None else [])):
            file.close()
            if not file.unfinished:
                shred(file.path)

    def _create(self) -> JournalFile:
        self._number = max(self._number, self._clock.now_us())
        while True:
            self._number += 1
            path = journal_path(self._directory, self._owner, self._number)
            with contextlib.suppress(FileExistsError):  # of an earlier run, when the clock has been turned back
                return JournalFile.create(path, self._wrapping, JOURNAL_FILE_BYTES)

    def _let_go(self, file: File) -> None:
        """All that opens of a file is on the record. A disk that is at fault keeps it for the next start."""
        self._full.remove(file)
        try:
            self._clear(file)
        except OSError as error:
            _log.error("%s can not be cleared (%s): the next start tries again", file.path.name, type(error).__name__)

    def _clear(self, file: File) -> None:
        if isinstance(file, JournalFile):
            if not file.broken and self._spares.room:
                file.renew(self._wrapping)
                self._spares.keep(file)
                return
            file.close()
        elif file.damaged:
            self.damaged += 1
            kept = file.path.rename(file.path.with_suffix(_DAMAGED))
            sync_directory(self._directory)
            _log.error("%s is damaged: what opens of it is on the record, the file is kept", kept.name)
            return
        shred(file.path)
