"""Attempts that were turned away before they were read: on the record too, but not one entry each.

The console is off, two statements are running, or somebody asks faster than anybody reads. Turning away costs nothing,
so it can be asked for without end, while an entry is for ever. The first attempt of somebody for one reason is recorded
at once, with its text; what follows within a minute is counted, and the count is recorded when the minute is over,
whether or not anybody asks again, or when the server stops. A crash loses the counts of one minute.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from onrecord.limits import SQL_ATTEMPT_SECONDS, SQL_ATTEMPTS
from onrecord.model.access import Access
from onrecord.query.sql.port import Asked, RecordStatement

_logger = logging.getLogger(__name__)
_THREAD: Final = "sql-attempts"


class _Counted(msgspec.Struct):
    """What one person was turned away for in this minute."""

    since_s: float
    access: Access
    asked: Asked
    """The last attempt that has no entry of its own."""
    more: int = 0


class Attempts:
    """Records what is turned away. Safe to use from several threads."""

    def __init__(
        self,
        record: RecordStatement,
        *,
        window_s: float = SQL_ATTEMPT_SECONDS,
        most: int = SQL_ATTEMPTS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._record = record
        self._window_s = window_s
        self._most = most
        self._seconds = seconds
        self._counted: OrderedDict[tuple[str, str, str], _Counted] = OrderedDict()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def turned_away(self, access: Access, asked: Asked) -> None:
        """One more attempt; its entry is durable when this returns, or it is counted.

        Raises:
            Whatever the recording raises, when this is an attempt with an entry of its own.
        """
        name = (access.actor, asked.project.id, asked.reason)
        with self._lock:
            over = self._over()
            known = self._counted.get(name)
            if known is not None:
                known.more += 1
                known.access, known.asked = access, asked
                self._remind()
            else:
                self._counted[name] = _Counted(self._seconds(), access, asked)
                while len(self._counted) > self._most:
                    over.append(self._counted.popitem(last=False)[1])
        for one in over:
            self._recorded(one)
        if known is None:
            self._first(name, access, asked)

    def _first(self, name: tuple[str, str, str], access: Access, asked: Asked) -> None:
        try:
            self._record(access, asked)
        except BaseException:
            with self._lock:
                self._counted.setdefault(name, _Counted(self._seconds(), access, asked)).more += 1
                self._remind()
            raise

    def flush(self, *, everything: bool = True) -> None:
        """Record the counts: all of them, or of the minutes that are over."""
        with self._lock:
            self._timer = None
            over = list(self._counted.values()) if everything else self._over()
            if everything:
                self._counted.clear()
            if any(one.more for one in self._counted.values()):
                self._remind()
        for one in over:
            self._recorded(one)

    def close(self) -> None:
        """Record every count and wait for nothing more."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self.flush()

    def _over(self) -> list[_Counted]:
        """Take out those whose minute is over; the oldest stand first."""
        until_s = self._seconds() - self._window_s
        over = []
        while self._counted and next(iter(self._counted.values())).since_s <= until_s:
            over.append(self._counted.popitem(last=False)[1])
        return over

    def _remind(self) -> None:
        """Come back when the minute is over."""
        if self._timer is None:
            self._timer = threading.Timer(self._window_s, self.flush, kwargs={"everything": False})
            self._timer.daemon = True
            self._timer.name = _THREAD
            self._timer.start()

    def _recorded(self, one: _Counted) -> None:
        """The answer was given long ago; what can not be recorded now is counted on and tried again."""
        if not one.more:
            return
        try:
            self._record(one.access, msgspec.structs.replace(one.asked, attempts=one.more))
        except Exception as fault:  # noqa: BLE001 - whatever went wrong, it is not on the record
            _logger.warning("%d statements turned away are not on the record yet: %s", one.more, type(fault).__name__)
            name = (one.access.actor, one.asked.project.id, one.asked.reason)
            with self._lock:
                known = self._counted.setdefault(name, _Counted(self._seconds(), one.access, one.asked))
                known.more += one.more
