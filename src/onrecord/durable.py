"""Writing files so that they are there, whole, after a crash or a power cut.

POSIX promises nothing about a file that was written but not synced, nor about a name that was created, renamed or
removed but whose directory was not synced. Every durable file of onrecord is written by this module, and every
SQLite database is opened by it.
"""

import ctypes
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from onrecord.errors import Unavailable

_MANY: Final = 24
"""Names beyond which one ``syncfs`` costs less than an ``fsync`` for each (measured: docs/adr/0011)."""
_FREED_PAGES: Final = 250
"""Free pages that are given back at once: about 20 ms in which nothing can be committed."""


def sync_directory(path: Path) -> None:
    """Make the names inside ``path`` durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Create ``path`` and its missing parents, each durable in its parent."""
    missing = [path]
    while not missing[-1].exists() and missing[-1] != missing[-1].parent:
        missing.append(missing[-1].parent)
    for directory in reversed(missing[:-1] if missing[-1].exists() else missing):
        directory.mkdir(mode=mode, exist_ok=True)
        sync_directory(directory.parent)


def write_file(path: Path, content: bytes, *, mode: int = 0o600, sync_parent: bool = True) -> None:
    """Replace ``path`` by ``content``: a reader sees the old bytes or the new ones, never a mixture.

    With ``sync_parent=False`` the name is not yet durable; the caller syncs the directory once for many files.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)
    temporary.replace(path)
    if sync_parent:
        sync_directory(path.parent)


def remove_file(path: Path) -> None:
    """Remove ``path`` for good; nothing happens when it is not there."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def open_database(
    path: Path, *, schema: str, read_only: bool = False, cache_kib: int = 2_048, page_bytes: int = 4_096
) -> sqlite3.Connection:
    """Open a SQLite database whose commits are on disk when they return and whose deleted bytes are overwritten.

    WAL with ``synchronous=FULL`` syncs the WAL at every commit; ``secure_delete`` overwrites what is deleted. The
    connection is in autocommit mode: callers write BEGIN and COMMIT. The caller keeps it to one thread or locks it.
    ``page_bytes`` holds for a database that is made now; it is there under its name only when its tables are.
    """
    if not read_only and not path.exists():
        _create_database(path, schema, page_bytes)
    if read_only:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
    else:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA busy_timeout=10000")
    try:
        connection.execute(f"PRAGMA cache_size=-{cache_kib}")
    except UnicodeDecodeError:  # SQLite names the part of the schema that it can not read, and that is no text
        connection.close()
        raise sqlite3.DatabaseError("malformed database schema") from None
    if not read_only:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.executescript(schema)
    return connection


def _create_database(path: Path, schema: str, page_bytes: int) -> None:
    """Make a database under another name, then give it its own: a reader never sees one without tables."""
    temporary = path.with_name(f".{path.name}.tmp")
    for leftover in temporary.parent.glob(f"{temporary.name}*"):
        leftover.unlink()
    connection = sqlite3.connect(temporary, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size={page_bytes}")
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(schema)
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    temporary.chmod(0o600)
    temporary.replace(path)
    sync_directory(path.parent)


def tidy(connection: sqlite3.Connection) -> bool:
    """Give back the space of free pages, some at a time, and of the WAL, as far as nobody reads them now. Never waits.

    Whether nothing is left to give back; else call it again in a while.
    """
    connection.execute("PRAGMA busy_timeout=0")
    try:
        # A script, because ``execute`` takes one step of a statement that answers nothing: it would free one page.
        connection.executescript(f"PRAGMA incremental_vacuum({_FREED_PAGES})")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy and not connection.execute("PRAGMA freelist_count").fetchone()[0]
    except sqlite3.OperationalError:
        return False  # somebody reads: later
    finally:
        connection.execute("PRAGMA busy_timeout=10000")


def empty_wal(connection: sqlite3.Connection) -> None:
    """Move everything from the WAL into the database and cut the WAL to nothing, so that no deleted byte is left in it.

    Raises:
        Unavailable: when a reader keeps the WAL in use for longer than the busy timeout.
    """
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise Unavailable("a reader keeps deleted bytes in a write-ahead log", hint="Try again in a few seconds.")


def place_file(path: Path, content: bytes, *, mode: int = 0o600) -> list[Path]:
    """Replace ``path`` by ``content``, whole for every reader, but durable only after ``sync_all`` of the answer.

    The answer names the file and the directories that hold a new name.
    """
    changed = [path, path.parent]
    parent = path.parent
    while not parent.exists():
        parent = parent.parent
        changed.append(parent)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stage_file(path, content, mode=mode).replace(path)
    return changed


def stage_file(path: Path, content: bytes, *, mode: int = 0o600) -> Path:
    """Write ``content`` beside ``path``; the answer is to be synced (``sync_all``), then renamed to ``path``."""
    temporary = path.with_name(f".{path.name}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)
    return temporary


def sync_all(paths: Iterable[Path], root: Path) -> None:
    """Make files and directories below ``root`` durable: one by one when they are few, at once when they are many.

    Raises:
        OSError: the disk did not keep something; nothing may be promised.
    """
    names = dict.fromkeys(paths)
    if len(names) > _MANY and _sync_filesystem(root):
        return
    for path in names:
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def sync_tree(root: Path) -> None:
    """Make durable whatever lies below ``root``, as after a kill.

    A process that was killed has left names and bytes that everybody sees and no disk has. Who builds on them without
    this promises what a power cut takes back with them.

    Raises:
        OSError: the disk did not keep something; nothing may be promised.
    """
    if not _sync_filesystem(root):
        sync_all([root, *(path for path in root.rglob("*") if path.is_dir() or path.is_file())], root)


def _sync_filesystem(root: Path) -> bool:
    """``syncfs(2)``, which unlike ``sync(2)`` reports errors; false where the C library has none."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return False
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if syncfs(fd) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(root))
    finally:
        os.close(fd)
    return True
