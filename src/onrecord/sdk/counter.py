"""What a producer has counted, in a file that outlives its process.

The counts lie in a memory map, so that counting costs no system call and a process that is killed leaves them behind:
whoever finds the file knows how many records the process had taken that never reached its spool. The file is locked
while its process lives; the lock goes with the process, however it ends.

Layout, little endian: ``magic 8 | producer 16 | salt 16 | reserved 24 | given u64 | numbered u64 | sampled u64 |
declared u64``. ``given`` counts records taken from the application, ``numbered`` the highest number that is spooled
or declared as dropped, ``sampled`` records left out by the sample rate, ``declared`` those of them that the server was
told of.
"""

import fcntl
import mmap
import os
import struct
from pathlib import Path
from typing import Final

_MAGIC: Final = b"onrecord"
_HEAD: Final = struct.Struct("<8s16s16s24x")
_COUNT: Final = struct.Struct("<Q")
_BYTES: Final = 96
_GIVEN, _NUMBERED, _SAMPLED, _DECLARED = 64, 72, 80, 88


class Counter:
    """The counts of one producer, locked by this process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """``descriptor`` is the open, locked file; it is closed with this object."""
        self._descriptor = descriptor
        self._map = mmap.mmap(descriptor, _BYTES)
        magic, producer, salt = _HEAD.unpack_from(self._map)
        if magic != _MAGIC:
            self.close()
            raise ValueError("this is not the counter of a producer")
        self.path = path
        self.producer: bytes = producer
        self.salt: bytes = salt
        self._given = self._get(_GIVEN)

    @classmethod
    def create(cls, path: Path) -> "Counter":
        """Make the counter of a new producer, with a random id."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        lock(descriptor)
        os.write(descriptor, _HEAD.pack(_MAGIC, os.urandom(16), os.urandom(16)).ljust(_BYTES, b"\0"))
        return cls(path, descriptor)

    @classmethod
    def adopt(cls, path: Path) -> "Counter | None":
        """The counter of a process that has ended; ``None`` while it lives, or when there is nothing whole."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            if not lock(descriptor) or os.fstat(descriptor).st_size != _BYTES or not os.fstat(descriptor).st_nlink:
                os.close(descriptor)
                return None
            return cls(path, descriptor)
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Let go of the file and, unless a forked process holds it too, of its lock."""
        self._map.close()
        os.close(self._descriptor)

    def _get(self, place: int) -> int:
        return int(_COUNT.unpack_from(self._map, place)[0])

    @property
    def given(self) -> int:
        """Records taken from the application."""
        return self._given

    @given.setter
    def given(self, count: int) -> None:
        self._given = count
        _COUNT.pack_into(self._map, _GIVEN, count)

    @property
    def numbered(self) -> int:
        """The highest number that is spooled or declared as dropped."""
        return self._get(_NUMBERED)

    @numbered.setter
    def numbered(self, count: int) -> None:
        _COUNT.pack_into(self._map, _NUMBERED, count)

    @property
    def sampled(self) -> int:
        """Records left out by the sample rate."""
        return self._get(_SAMPLED)

    @sampled.setter
    def sampled(self, count: int) -> None:
        _COUNT.pack_into(self._map, _SAMPLED, count)

    @property
    def declared(self) -> int:
        """Records left out by the sample rate of which the server was told."""
        return self._get(_DECLARED)

    @declared.setter
    def declared(self, count: int) -> None:
        _COUNT.pack_into(self._map, _DECLARED, count)


def lock(descriptor: int) -> bool:
    """Lock an open file for as long as this process holds it; false when another one has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
