"""Dead letters as somebody comes back to them: listed, opened, tried again, removed.

They lie in the month files, sealed (docs/format/spool.md). Reading opens a file for itself; writing is the commit
thread's. A letter is removed only after its record is durable: a crash between the two leaves both, and trying it
again then finds the record and removes the letter.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import msgspec
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.errors import Corrupt, Missing, Rejected
from onrecord.ingest.again import prepared_again
from onrecord.ingest.commit import CommitThread
from onrecord.ingest.item import LETTER_DOMAIN, Batch, Letter
from onrecord.ingest.partitions import DEAD_LETTERS
from onrecord.ingest.project import ProjectRuntimes
from onrecord.keys.keystore import KeyStore
from onrecord.keys.seal import unseal
from onrecord.limits import DEAD_LETTER_DAYS
from onrecord.model.project import Project
from onrecord.model.time import Clock
from onrecord.receive.port import Ack
from onrecord.vault.month import MonthFile, MonthReader, StoredLetter

_ID: Final = re.compile(r"(\d{4}-\d{2})\.([1-9]\d{0,17})")
_FIRST_DOMAIN: Final = b"onrecord/dead/v1"
_DAY_US: Final = 86_400_000_000
_RETRY_S: Final = 30
_decode = msgspec.msgpack.Decoder(Letter).decode


class Kept(msgspec.Struct, frozen=True):
    """A dead letter where it lies."""

    month: str
    row: StoredLetter

    @property
    def id(self) -> str:
        """Its id, such as ``2026-11.17``."""
        return f"{self.month}.{self.row.id}"


class LetterBox:
    """Every dead letter of a data directory. Safe for threads."""

    def __init__(
        self, vault: Path, keys: KeyStore, runtimes: ProjectRuntimes, commits: CommitThread, clock: Clock
    ) -> None:
        self._vault = vault
        self._keys = keys
        self._runtimes = runtimes
        self._commits = commits
        self._clock = clock

    def newest(self, project: int, after: str, limit: int) -> list[Kept]:
        """Dead letters of a project that are not too old, newest first, behind the one with the id ``after``.

        Raises:
            Rejected: ``after`` is no id of a letter.
        """
        oldest_us = self._clock.now_us() - DEAD_LETTER_DAYS * _DAY_US
        from_month, below = _parsed(after) if after else ("9999-12", 2**62)
        found: list[Kept] = []
        for path in sorted(self._vault.glob("????-??.db"), reverse=True):
            if path.stem > from_month or len(found) >= limit:
                continue
            with _reading(path) as reader:
                bound = below if path.stem == from_month else 2**62
                letters = reader.dead_letters(project, bound, limit - len(found))
            kept = [Kept(path.stem, letter) for letter in letters if letter.received_us >= oldest_us]
            found += kept
            if letters and len(kept) < len(letters):
                break
        return found

    def open(self, project: int, id_: str) -> tuple[Kept, Letter]:
        """A letter with its content.

        Raises:
            Missing: it is not there any more. Corrupt: it is altered.
        """
        month, number = _parsed(id_)
        path = self._vault / f"{month}.db"
        if not path.exists():
            raise _gone()
        with _reading(path) as reader:
            rows = reader.dead_letters(project, number + 1, 1)
            body = reader.dead_body(number)
        if body is None or not rows or rows[0].id != number:
            raise _gone()
        locators = self._runtimes.numbered(project).locators
        key = self._keys.key_under(locators.month(locators.actor(DEAD_LETTERS), month))
        if key is None:
            raise Missing("The key of this letter has been destroyed.", hint="Its time has ended.")
        return Kept(month, rows[0]), _opened(AESGCM(key), body)

    def retry(self, project: Project, id_: str) -> Ack:
        """Read a letter again; when it can be kept now, it is on the record and the letter is gone when this returns.

        Raises:
            Missing: it is not there. Rejected: it still can not be kept, and why; it stays.
        """
        kept, letter = self.open(project.number, id_)
        if not letter.stage:
            raise Rejected("It was set aside by an earlier version, which kept too little of it to try it again.")
        item = prepared_again(letter, kept.row.signal, self._runtimes.of(project))
        done: Future[Ack] = Future()
        self._commits.put(Batch(items=[item]), done)
        ack = done.result(_RETRY_S)
        self._commits.exclusively(lambda: _remove(self._vault / f"{kept.month}.db", kept.row.id)).result(_RETRY_S)
        return ack


def _parsed(id_: str) -> tuple[str, int]:
    found = _ID.fullmatch(id_)
    if found is None:
        raise Rejected("This is no id of a dead letter.", hint="The list shows them.")
    return found[1], int(found[2])


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[MonthReader]:
    try:
        reader = MonthReader(path)
    except sqlite3.OperationalError:
        raise _gone() from None
    with contextlib.closing(reader):
        yield reader


def _opened(aead: AESGCM, body: bytes) -> Letter:
    try:
        return _decode(zstandard.decompress(unseal(aead, body, LETTER_DOMAIN)))
    except Corrupt:
        return Letter(stage="", raw=zstandard.decompress(unseal(aead, body, _FIRST_DOMAIN)))
    except (zstandard.ZstdError, msgspec.DecodeError):
        raise Corrupt("a dead letter opened and is none") from None


def _remove(path: Path, number: int) -> None:
    """In the commit thread, between two transactions."""
    with contextlib.closing(MonthFile(path)) as file:
        file.remove_dead(number)


def _gone() -> Missing:
    return Missing("There is no such dead letter.", hint="It was kept as a record, or its seven days have ended.")
