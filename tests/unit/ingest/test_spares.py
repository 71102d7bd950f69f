"""Journal files made ahead: one is at hand when it is needed, and a disk that gives none says so then."""

import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.ingest.journal import Entry, JournalFile, journal_path, read_journal
from onrecord.ingest.spares import Spares

KEY = AESGCM(b"k" * 32)


class Disk:
    """Makes files, and knows which thread asked."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.made = 0
        self.here = 0
        self.full = False

    def create(self) -> JournalFile:
        if self.full:
            raise OSError(28, "No space left on device")
        self.made += 1
        self.here += threading.current_thread() is threading.main_thread()
        return JournalFile.create(journal_path(self.directory, "server", self.made), KEY, 1000)


def end(spares: Spares) -> None:
    for file in spares.close():
        file.close()


def test_after_the_first_no_file_is_made_by_whoever_needs_it(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    spares = Spares(disk.create)
    for _ in range(6):
        spares.take().close()
    assert disk.here == 1
    end(spares)


def test_a_disk_that_is_full_is_said_when_a_file_is_needed_and_asked_again(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    spares = Spares(disk.create)
    disk.full = True
    with pytest.raises(OSError, match="No space"):
        spares.take()
    disk.full = False
    spares.take().close()
    disk.full = True
    spares.take().close()  # made while there was room
    with pytest.raises(OSError, match="No space"):
        spares.take()
    disk.full = False
    spares.take().close()
    end(spares)


def test_only_a_few_are_kept(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    spares = Spares(disk.create)
    taken = [spares.take() for _ in range(6)]
    kept = 0
    for file in taken:
        if spares.room:
            spares.keep(file)
            kept += 1
        else:
            file.close()
    closed = spares.close()
    assert 0 < kept <= len(closed) <= 3
    for file in closed:
        file.close()


def test_a_file_made_ahead_does_not_grow_and_holds_nothing(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "server", 1)
    file = JournalFile.create(path, KEY, 300_000)
    size = path.stat().st_size
    assert size >= 300_000
    assert (read_journal(path, KEY).entries, read_journal(path, KEY).damaged) == ([], False)
    for number in range(50):
        file.append([Entry(2, "gateway", "msgpack", b"%d" % number * 100)])
    assert path.stat().st_size == size
    assert len(read_journal(path, KEY).entries) == 50
    file.close()


def test_a_file_whose_making_was_cut_short_holds_nothing(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "server", 1)
    path.write_bytes(bytes(4096))
    assert (read_journal(path, KEY).entries, read_journal(path, KEY).damaged) == ([], False)
