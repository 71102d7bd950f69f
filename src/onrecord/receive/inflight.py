"""Memory that requests hold between their first byte and their acknowledgement.

Every body is counted from the moment its length is known until its records are durable. When the sum reaches its
bound, a request is refused before a byte of it is read: overload costs the sender a retry, never the server its
memory. Safe for threads: a body grows while a worker decompresses it.
"""

import threading
from types import TracebackType
from typing import Self

from onrecord import limits
from onrecord.errors import Pushback


class Inflight:
    """The account."""

    def __init__(self, max_bytes: int = limits.INFLIGHT_BYTES, max_requests: int = limits.INFLIGHT_REQUESTS) -> None:
        self._max_bytes = max_bytes
        self._max_requests = max_requests
        self._lock = threading.Lock()
        self.bytes = 0
        self.requests = 0

    def enter(self, expected_bytes: int) -> "Reservation":
        """Hold ``expected_bytes`` for one request.

        Raises:
            Pushback: the bound is reached; nothing is held.
        """
        with self._lock:
            if self.requests >= self._max_requests or self.bytes + expected_bytes > self._max_bytes:
                raise _busy()
            self.requests += 1
            self.bytes += expected_bytes
        return Reservation(self, expected_bytes)

    def change(self, delta_bytes: int) -> None:
        """Hold more, or less.

        Raises:
            Pushback: the bound is reached; what was held stays held.
        """
        with self._lock:
            if delta_bytes > 0 and self.bytes + delta_bytes > self._max_bytes:
                raise _busy()
            self.bytes += delta_bytes

    def leave(self, held_bytes: int) -> None:
        """Give back everything that one request holds."""
        with self._lock:
            self.requests -= 1
            self.bytes -= held_bytes


class Reservation:
    """What one request holds; a context manager that gives it back."""

    def __init__(self, account: Inflight, held_bytes: int) -> None:
        self._account = account
        self.held_bytes = held_bytes

    def change(self, delta_bytes: int) -> None:
        """Hold more, or less; raises ``Pushback`` at the bound."""
        self._account.change(delta_bytes)
        self.held_bytes += delta_bytes

    def grow(self, delta_bytes: int) -> bool:
        """Hold more; whether there was room."""
        try:
            self.change(delta_bytes)
        except Pushback:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._account.leave(self.held_bytes)
        self.held_bytes = 0


def _busy() -> Pushback:
    return Pushback("The server holds as many unfinished requests as it may.", hint="Send the same batch again.")
