"""Time: the one clock, and how instants are written.

Instants that clients send keep their nanoseconds (``_unix_nano``); instants that the server makes are whole
microseconds since the epoch, UTC (``_us``). Durations name their unit.
"""

import re
import time
from datetime import UTC, datetime
from typing import Final, Protocol

_RFC_3339: Final = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:?\d\d)?")
_END_S: Final = 9_000_000_000
"""The year 2255: nanoseconds since the epoch end in 2262 for signed 64-bit numbers."""


class Clock(Protocol):
    """Where the present comes from. Tests pass a fixed one; nothing else reads the time of day."""

    def now_us(self) -> int:
        """Microseconds since the epoch, UTC."""
        ...


class SystemClock:
    """The operating system's clock, made monotone: a step back is waited out, never recorded."""

    def __init__(self) -> None:
        self._last_us = 0

    def now_us(self) -> int:
        """Microseconds since the epoch, UTC, never smaller than the answer before."""
        now_us = time.time_ns() // 1_000  # noqa: TID251 - this is the clock
        self._last_us = max(now_us, self._last_us)
        return self._last_us


class FixedClock:
    """A clock that stands still until it is moved, for tests and for rebuilding."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        """The instant it was set to."""
        return self._now_us

    def advance(self, delta_us: int) -> None:
        """Move forward by ``delta_us`` microseconds."""
        self._now_us += delta_us


def month_of(instant_us: int) -> str:
    """The UTC month of an instant, ``2026-11``: the name of its vault file."""
    return datetime.fromtimestamp(instant_us / 1_000_000, UTC).strftime("%Y-%m")


def iso_of(instant_us: int) -> str:
    """An instant as RFC 3339 in UTC with microseconds."""
    return datetime.fromtimestamp(instant_us / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_of(said: str | float) -> int | None:
    """Nanoseconds since the epoch of RFC 3339 text (UTC when it names no zone) or of seconds; ``None`` when neither.

    Text keeps its digits down to the nanosecond; a number keeps what a double holds, about 200 ns.
    """
    if isinstance(said, int | float):
        return int(said * 1_000_000_000) if 0 <= said < _END_S else None
    match = _RFC_3339.fullmatch(said.strip())
    if match is None:
        return None
    whole, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(whole.replace(" ", "T") + ("+00:00" if zone in (None, "Z", "z") else zone))
    except ValueError:
        return None
    seconds = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    return seconds * 1_000_000_000 + int((fraction or "").ljust(9, "0")[:9]) if 0 <= seconds < _END_S else None
