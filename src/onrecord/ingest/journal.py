"""A journal file: what was taken and is durable, sealed, until it is on the record (docs/format/journal.md).

    magic, wrapped key                    synced before anything is promised
    mark, number, length, sealed group    one per ``append``, each one write and one sync
    ...

Each file has a key of its own, wrapped in its head by the installation's key for journals, which the key store holds.
When everything in a file is on the record its head is overwritten: what lies behind it opens no more. The file is then
used again from its beginning, because a sync of blocks that are there already waits for nothing else on the disk; the
mark, the first bytes of the wrapped key, tells groups of this use from what an earlier one left. Only the last group
can be torn, since one is written at a time and nothing in it was promised; any other that does not open is damage.
"""

import os
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.durable import remove_file, sync_directory
from onrecord.errors import Corrupt
from onrecord.keys.seal import KEY_BYTES, OVERHEAD_BYTES, new_key, seal, unseal

_MAGIC: Final = b"onrecord journal 1\n"
_KEY: Final = b"onrecord/journal/key/v1"
_GROUP: Final = b"onrecord/journal/v1/"
_HEAD_BYTES: Final = len(_MAGIC) + KEY_BYTES + OVERHEAD_BYTES
_MARK_BYTES: Final = 8
_FILL_BYTES: Final = 256 * 1024
_GROUP_HEAD: Final = struct.Struct(f">{_MARK_BYTES}sII")
_NAME: Final = re.compile(r"([a-z]+)\.([0-9]{20})\.journal")


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One delivery of one piece."""

    project: int
    signal: str
    media: str
    body: bytes


class Found(msgspec.Struct, frozen=True):
    """What a file from an earlier run holds."""

    entries: list[Entry]
    damaged: bool
    """A group that was promised does not open."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry]).decode


class JournalFile:
    """A file that is being written. Keep it to one thread."""

    def __init__(self, path: Path, fd: int) -> None:
        """Use ``create``."""
        self.path = path
        self.unfinished = 0
        """Entries in it that are not on the record yet; counted by whoever follows them."""
        self.broken = False
        """A group could not be written and what is left of it not be cut off: nothing more may be appended."""
        self.mark = b""
        """Of this use of the file."""
        self._fd = fd
        self._aead: AESGCM
        self._groups = 0
        self._size = 0

    @classmethod
    def create(cls, path: Path, wrapping: AESGCM, ahead_bytes: int = 0) -> Self:
        """A new file, durable under its name, its blocks there up to a size."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        made = cls(path, fd)
        try:
            for start in range(0, ahead_bytes, _FILL_BYTES):  # in pieces: others use the disk at the same time
                os.pwrite(fd, bytes(_FILL_BYTES), start)
                os.fdatasync(fd)
            made.renew(wrapping)
            sync_directory(path.parent)
        except BaseException:
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        return made

    def renew(self, wrapping: AESGCM) -> None:
        """Begin it again under another key; what it held can not be opened any more."""
        key = new_key()
        wrapped = seal(wrapping, key, _KEY)
        os.pwrite(self._fd, _MAGIC + wrapped, 0)
        os.fdatasync(self._fd)
        self.mark = wrapped[:_MARK_BYTES]
        self._aead = AESGCM(key)
        self._groups = 0
        self._size = _HEAD_BYTES

    @property
    def bytes(self) -> int:
        """What was written in this use, without the head."""
        return self._size - _HEAD_BYTES

    def append(self, entries: Sequence[Entry]) -> None:
        """Make a group durable; when this raises ``OSError``, nothing of it is there."""
        plain = _encode(entries)
        length = len(plain) + OVERHEAD_BYTES
        sealed = seal(self._aead, plain, _associated(self._groups, length))
        data = _GROUP_HEAD.pack(self.mark, self._groups, length) + sealed
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._fd, data[written:] if written else data, self._size + written)
            os.fdatasync(self._fd)
        except OSError:
            self.broken = True
            os.ftruncate(self._fd, self._size)
            self.broken = False
            raise
        self._size += len(data)
        self._groups += 1

    def close(self) -> None:
        """Write no more to it; what it holds stays."""
        os.close(self._fd)


def shred(path: Path) -> None:
    """Overwrite the key of a journal file, then remove it."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, bytes(_HEAD_BYTES))
        os.fsync(fd)
    finally:
        os.close(fd)
    remove_file(path)


def journal_path(directory: Path, owner: str, number: int) -> Path:
    """The file of that number; ``owner`` is the process that writes it."""
    return directory / f"{owner}.{number:020}.journal"


def journal_files(directory: Path, owner: str = "") -> list[Path]:
    """The journal files of a directory, or those of one owner, oldest first."""
    named = ((_NAME.fullmatch(path.name), path) for path in directory.iterdir())
    found = [(match[2], path) for match, path in named if match and owner in ("", match[1])]
    return [path for _, path in sorted(found)]


def read_journal(path: Path, wrapping: AESGCM) -> Found:
    """Everything in a file that was promised; of a file whose head was not whole nothing was."""
    data = memoryview(path.read_bytes())
    if len(data) < _HEAD_BYTES:
        return Found([], damaged=False)
    head = bytes(data[:_HEAD_BYTES])
    if not head.strip(b"\0"):  # shredded, and not yet removed
        return Found([], damaged=False)
    try:
        aead = AESGCM(unseal(wrapping, head.removeprefix(_MAGIC), _KEY))
    except Corrupt:
        return Found([], damaged=True)
    return _groups(bytes(data), head.removeprefix(_MAGIC)[:_MARK_BYTES], aead)


def _groups(data: bytes, mark: bytes, aead: AESGCM) -> Found:
    """Every group that opens. One that is missing is damage when another follows; the last may be torn."""
    entries: list[Entry] = []
    expected = 0
    damaged = False
    at = data.find(mark, _HEAD_BYTES)
    while 0 <= at <= len(data) - _GROUP_HEAD.size:
        _, group, length = _GROUP_HEAD.unpack_from(data, at)
        start = at + _GROUP_HEAD.size
        try:
            entries += _decode(unseal(aead, data[start : start + length], _associated(group, length)))
        except (Corrupt, msgspec.DecodeError):
            at = data.find(mark, start)
        else:
            damaged |= group != expected
            expected = group + 1
            at = data.find(mark, start + length)
    return Found(entries, damaged=damaged)


def _associated(group: int, length: int) -> bytes:
    return _GROUP + f"{group}/{length}".encode()
