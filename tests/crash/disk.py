"""What a disk may hold after a power cut: a model of files, names and syncs. Pure.

The strictest reading of POSIX: data is on disk when its file was synced, a name (created, renamed, removed) when its
directory was. Everything else is independently there, gone, or torn at 512-byte sectors. A sync covers what was done
before it began and counts from its end on.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

_SECTOR: Final = 512
DIRECTORY: Final = -1
"""The inode of every directory."""


class Write(msgspec.Struct, frozen=True):
    """Bytes written to a file."""

    inode: int
    offset: int
    data: bytes


class Cut(msgspec.Struct, frozen=True):
    """A file set to a size."""

    inode: int
    size: int


class Name(msgspec.Struct, frozen=True):
    """A name that was given to a file or directory, or (``inode`` None) taken away; ``old`` goes in the same step."""

    path: str
    inode: int | None
    old: str = ""


class Sync(msgspec.Struct, frozen=True):
    """A sync of a file (``inode``), of a directory (``path``), or of everything (neither), begun at ``began``."""

    began: int
    inode: int | None = None
    path: str = ""


class Ack(msgspec.Struct, frozen=True):
    """The process said that this was acknowledged."""

    number: int


Operation = Write | Cut | Name | Sync | Ack


def acknowledged(operations: Sequence[Operation], cut: int) -> set[int]:
    """What was acknowledged before the cut."""
    return {one.number for one in operations[:cut] if isinstance(one, Ack)}


def after_cut(
    operations: Sequence[Operation], cut: int, rng: random.Random, *, only: int | None = None
) -> tuple[dict[str, bytes], set[str]]:
    """Files and directories that the disk holds when the power goes before operation ``cut``.

    With ``only``, of all that was not synced exactly that operation has reached the disk.
    """
    files, folders, everything = _synced(operations[:cut])
    names: dict[str, int] = {}
    contents: dict[int, bytearray] = {}
    keep = 0.0 if only is not None else rng.choice((0.0, 0.5, 0.9, 1.0))
    for at, one in enumerate(operations[:cut]):
        if isinstance(one, Name):
            if at < max(folders.get(_parent(one.path), 0), everything) or at == only or rng.random() < keep:
                _rename(names, one)
        elif isinstance(one, Write | Cut):
            content = contents.setdefault(one.inode, bytearray())
            if at < max(files.get(one.inode, 0), everything) or at == only:
                _apply(content, one)
            else:
                for piece in _kept(one, keep, rng):
                    _apply(content, piece)
    reached = {path: inode for path, inode in names.items() if _is_reached(path, names)}
    there = {path: bytes(contents.get(inode, b"")) for path, inode in reached.items() if inode != DIRECTORY}
    return there, {path for path, inode in reached.items() if inode == DIRECTORY}


def materialise(there: dict[str, bytes], folders: set[str], old: str, new: Path) -> None:
    """Write that disk below ``new``, where the process had it below ``old``."""
    for path in sorted(folders):
        (new / Path(path).relative_to(old)).mkdir(parents=True, exist_ok=True)
    for path, content in there.items():
        place = new / Path(path).relative_to(old)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o600)


def without_syncs(operations: Sequence[Operation], part: str) -> list[Operation]:
    """The same, as if nobody ever synced files with ``part`` in their path: what the test must find fault with."""
    unsynced = {one.inode for one in operations if isinstance(one, Name) and part in one.path}
    far = len(operations)
    return [
        Sync(0, inode=far) if isinstance(one, Sync) and one.inode in unsynced - {None} else one for one in operations
    ]


def _synced(operations: Sequence[Operation]) -> tuple[dict[int, int], dict[str, int], int]:
    """Up to which operation each file, each directory and everything is on disk."""
    files: dict[int, int] = {}
    folders: dict[str, int] = {}
    everything = 0
    for one in operations:
        if isinstance(one, Sync):
            if one.inode is not None:
                files[one.inode] = max(files.get(one.inode, 0), one.began)
            elif one.path:
                folders[one.path] = max(folders.get(one.path, 0), one.began)
            else:
                everything = max(everything, one.began)
    return files, folders, everything


def _kept(one: Write | Cut, keep: float, rng: random.Random) -> Iterator[Write | Cut]:
    fate = rng.random()
    if isinstance(one, Cut) or fate < keep * 0.8:
        if fate < keep:
            yield one
    elif fate < keep:  # torn
        for start in range(0, len(one.data), _SECTOR):
            if rng.random() < 0.5:
                yield Write(one.inode, one.offset + start, one.data[start : start + _SECTOR])


def _apply(content: bytearray, one: Write | Cut) -> None:
    end = one.size if isinstance(one, Cut) else one.offset + len(one.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if isinstance(one, Cut):
        del content[end:]
    else:
        content[one.offset : end] = one.data


def _rename(names: dict[str, int], one: Name) -> None:
    if one.old:
        names.pop(one.old, None)
    if one.inode is None:
        names.pop(one.path, None)
    else:
        names[one.path] = one.inode


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _is_reached(path: str, names: dict[str, int]) -> bool:
    parent = _parent(path)
    while len(parent) >= len(_root(names)):
        if names.get(parent) != DIRECTORY:
            return False
        parent = _parent(parent)
    return True


def _root(names: dict[str, int]) -> str:
    return min(names, key=len)
