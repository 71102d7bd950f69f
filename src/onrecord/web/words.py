"""How the interface writes numbers, instants and names: one way each, everywhere.

Pure. What is not known is written "unknown", never 0. Instants are shown in the reader's zone; the UTC instant stands
in the element's title. Sources of the forms: docs/interface.md, "Feeling".
"""

import math
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNKNOWN = "unknown"

_DAY_US = 86_400_000_000
_DIME = 0.1
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CHF": "CHF "}


def zone_of(name: str) -> tzinfo:
    """The reader's time zone by its IANA name; UTC when the name is unknown or not a name at all."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def instant(us: int, zone: tzinfo = UTC) -> datetime:
    """An instant in ``us`` microseconds since the epoch as a datetime of ``zone``; clamped to what a calendar holds."""
    return datetime.fromtimestamp(min(max(us, 0), 253_402_214_400_000_000) / 1_000_000, zone)


def clock_text(us: int, zone: tzinfo, now_us: int) -> str:
    """A short instant: the time within the last day, otherwise the day and the time; the year when it is another."""
    if not us:
        return UNKNOWN
    then, now = instant(us, zone), instant(now_us, zone)
    if then.date() == now.date():
        return then.strftime("%H:%M:%S")
    if then.year == now.year:
        return then.strftime("%b %d %H:%M")
    return then.strftime("%Y-%m-%d %H:%M")


def long_text(us: int, zone: tzinfo) -> str:
    """A full instant with its zone, ``2026-11-23 23:46:12 CET``."""
    return instant(us, zone).strftime("%Y-%m-%d %H:%M:%S %Z") if us else UNKNOWN


def utc_text(us: int) -> str:
    """A full instant in UTC to the millisecond, for titles."""
    return instant(us).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC" if us else UNKNOWN


def duration_text(us: float | None) -> str:
    """A duration in microseconds: ``<1 ms``, ``340 ms``, ``1.2 s``, ``2 m 05 s``, ``3 h 10 m``."""
    if us is None:
        return UNKNOWN
    ms = us / 1_000
    if ms < 1:
        return "<1 ms" if us else "0 ms"
    if ms < 999.5:  # noqa: PLR2004 - rounds to 1.0 s
        return f"{ms:.0f} ms"
    seconds = ms / 1_000
    if seconds < 59.95:  # noqa: PLR2004 - rounds to one minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} m {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} m"


def count_text(number: float | None) -> str:
    """A count with thousands separated: ``1,234``."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def bytes_text(number: int | None) -> str:
    """A size in bytes: ``812 B``, ``12 kB``, ``5.2 MB``, ``79.3 GB``."""
    if number is None:
        return UNKNOWN
    if number < 1_000:  # noqa: PLR2004 - SI
        return f"{number} B"
    if number < 1_000_000:  # noqa: PLR2004 - SI
        return f"{number / 1_000:.0f} kB"
    if number < 1_000_000_000:  # noqa: PLR2004 - SI
        return f"{number / 1_000_000:.1f} MB"
    return f"{number / 1_000_000_000:.1f} GB"


def money_text(amount: float | None, currency: str = "USD") -> str:
    """An amount with its currency and two significant digits below ten cents: ``$1.24``, ``$0.0031``, ``$0.00``."""
    if amount is None or not math.isfinite(amount):
        return UNKNOWN
    sign = _SIGNS.get(currency, f"{currency} ")
    if 0 < abs(amount) < _DIME:
        places = min(2 - math.floor(math.log10(abs(amount))) - 1, 9)
        return f"{sign}{amount:.{places}f}"
    return f"{sign}{amount:,.2f}"


def short_id(text: str) -> str:
    """The first eight characters of an id; of a pseudonym such as ``usr_k7m2q9xd4x1n`` its prefix and eight more."""
    head, mark, tail = text.partition("_")
    return f"{head}_{tail[:8]}" if mark and len(head) <= 3 else text[:8]  # noqa: PLR2004 - usr, ses, ten, id


def unqualified(name: str) -> str:
    """``OverloadedError`` of ``anthropic.OverloadedError``; anything that is no dotted name is left as it is."""
    return name.rpartition(".")[2] if all(part.isidentifier() for part in name.split(".")) else name


def plural(number: int, noun: str) -> str:
    """``1 span``, ``2 spans``, ``1,000 spans``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
