"""The data directory: made, and held by one process at a time.

The lock is the kernel's (``flock``), so that it ends with the process, however that ends. Reading a live directory
(`onrecord verify`) needs no lock.
"""

import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from onrecord.durable import make_directory
from onrecord.errors import Rejected

LOCK_FILE: Final = "lock"
SOCKET_FILE: Final = "control.sock"
_logger = logging.getLogger(__name__)


@contextmanager
def control_socket(data: Path) -> Iterator[socket.socket | None]:
    """The socket for the command line; nothing where the path is too long for one. The directory must be held."""
    path = data / SOCKET_FILE
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        try:
            made.bind(str(path))
        except OSError:
            _logger.warning(
                "The data directory's path is too long for a socket: `erase` and `rebuild` can not reach us."
            )
            yield None
            return
        path.chmod(0o600)
        made.listen()
        try:
            yield made
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Make the data directory and hold it.

    Raises:
        Rejected: another process holds it.
    """
    make_directory(data)
    fd = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Rejected(
            f"Another process uses the data directory {data}.", hint="Stop it, or choose another with --data."
        ) from None
    finally:
        os.close(fd)
