"""What a statement answers, and its rows as JSON values and as CSV."""

import csv
import io
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

ANSWERED: Final = "answered"
REFUSED: Final = "refused"
FAILED: Final = "failed"
TURNED_AWAY: Final = "turned away"
FILES: Final = ("csv", "parquet")
FORMS: Final = ("table", *FILES)
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet run a cell, the full-width forms too. Source: OWASP, CSV injection."""
_BREAKS: Final = ("\t", "\r", "\n")
_UNSEEN: Final = (
    " \t\r\n\x0b\x0c\x00\xa0\ufeff\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


class SqlColumn(msgspec.Struct, frozen=True):
    """One column of a result or of a view."""

    name: str
    type: str
    """ClickHouse's."""
    note: str = ""


class SqlTable(msgspec.Struct, frozen=True, kw_only=True):
    """A view that can be selected from."""

    name: str
    note: str
    columns: tuple[SqlColumn, ...]


class Held:
    """Something that is given back when nobody has it any more."""

    def __init__(self, give_back: Callable[[], object]) -> None:
        weakref.finalize(self, give_back).atexit = False


class SqlAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a statement."""

    outcome: str
    """``answered``, ``refused`` or ``failed``."""
    reason: str = ""
    """Why it was not answered, in words for who wrote it; they may quote it."""
    place: tuple[int, int] | None = None
    """Where in the statement the reason lies, in characters; None when that can not be told."""
    columns: tuple[SqlColumn, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    """JSON values; instants as RFC 3339 in UTC, numbers that are none as null."""
    count: int = 0
    """Rows that are here, or in ``file``."""
    more: bool = False
    """There are more rows than these."""
    took_ms: float = 0
    file: bytes = b""
    """The result as a file, when one was asked for."""
    held: object = None
    """The place of the file among those that are on their way; it is free again when nobody has this any more."""


def as_text(value: Any) -> str:
    """A JSON value as a cell; unknown is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode() if isinstance(value, (list, dict)) else str(value)


def csv_of(columns: Sequence[SqlColumn], rows: Iterable[Sequence[Any]]) -> tuple[bytes, int]:
    """RFC 4180, and how many rows. Text that a spreadsheet would run as a formula stands behind an apostrophe.

    Numbers are as they are. Rows are taken one by one and none is kept.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_harmless(column.name) for column in columns])
    count = 0
    for row in rows:
        writer.writerow([as_text(one) if isinstance(one, (int, float)) else _harmless(as_text(one)) for one in row])
        count += 1
    return out.getvalue().encode(), count


def _harmless(text: str) -> str:
    """Blanks and what no reader sees do not hide a formula: some spreadsheets drop them."""
    return f"'{text}" if text.lstrip(_UNSEEN).startswith(_FORMULA) or text.startswith(_BREAKS) else text
