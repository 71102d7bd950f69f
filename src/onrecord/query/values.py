"""What a person types as a value, read by the field's kind: numbers with units, instants, flags, words of closed lists.

Pure. A value that does not fit is a ``ValueError`` whose sentence says what would fit and never holds the value.
"""

import math
import re
from datetime import UTC, datetime
from typing import Final

_NUMBER: Final = re.compile(r"(-?\d+(?:\.\d+)?)([a-zA-Z]*)")
_SCALES: Final = {
    "duration": {"": 1.0, "us": 0.001, "ms": 1.0, "s": 1_000.0, "m": 60_000.0, "min": 60_000.0, "h": 3_600_000.0},
    "number": {"": 1.0, "k": 1e3, "M": 1e6},
    "instant": {"s": 1e6, "m": 60e6, "min": 60e6, "h": 3_600e6, "d": 86_400e6, "w": 7 * 86_400e6},
}
_EXPECTED: Final = {
    "duration": "a duration such as 340ms, 2s or 1.5m",
    "number": "a number such as 0.5, 200 or 10k",
    "instant": "an instant such as 2026-11-23, 2026-11-23T08:00:00Z or -24h",
}
_TRUE: Final = ("true", "yes", "1")
_FALSE: Final = ("false", "no", "0")
_LARGEST: Final = 1e17
_MICROSECOND_DIGITS: Final = 16


def read_value(kind: str, text: str, choices: tuple[str, ...] = ()) -> str | int | float:
    """``text`` as a value of a field of this kind; ``choices`` is the closed list of a field that has one.

    A duration is milliseconds. An instant is microseconds since the epoch; a negative one is that long before now.
    """
    if kind == "flag":
        return _flag(text)
    if kind == "instant":
        return _instant(text)
    if kind in _SCALES:
        return _scaled(kind, text)
    if not text:
        raise ValueError("a value is missing")
    if choices and text not in choices:
        raise ValueError("the value is one of " + ", ".join(choices))
    return text


def _flag(text: str) -> int:
    word = text.lower()
    if word not in _TRUE and word not in _FALSE:
        raise ValueError("the value is true or false")
    return int(word in _TRUE)


def _scaled(kind: str, text: str) -> float:
    match = _NUMBER.fullmatch(text)
    scale = _SCALES[kind].get(match[2]) if match else None
    if match is None or scale is None:
        raise ValueError(f"the value is {_EXPECTED[kind]}")
    value = float(match[1]) * scale
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise ValueError("the value is too large")
    return value


def _instant(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) == _MICROSECOND_DIGITS:
        return int(text)
    if text.startswith("-"):
        return int(_scaled("instant", text))
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        seconds = (instant - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        raise ValueError(f"the value is {_EXPECTED['instant']}") from None
    return max(0, round(seconds * 1_000_000))
