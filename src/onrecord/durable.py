"""Writing files so that they are there, whole, after a crash or a power cut.

POSIX promises nothing about a file that was written but not synced, nor about a name that was created, renamed or
removed but whose directory was not synced. Every durable file of onrecord outside SQLite is written by this module.
"""

import os
from pathlib import Path


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
