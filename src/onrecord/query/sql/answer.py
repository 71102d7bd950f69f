"""What a statement answers, and its rows as JSON values and as CSV."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

ANSWERED: Final = "answered"
REFUSED: Final = "refused"
FAILED: Final = "failed"
FORMS: Final = ("table", "csv", "parquet")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell. Source: OWASP, CSV injection."""


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


class SqlAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a statement."""

    outcome: str
    """``answered``, ``refused`` or ``failed``."""
    reason: str = ""
    """Why it was not answered, in words for who wrote it; they may quote it."""
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


def plain_rows(rows: Iterable[Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
    """Rows of the engine's client as JSON values."""
    return tuple(tuple(map(plain, row)) for row in rows)


def plain(value: Any) -> Any:
    """One value as JSON has it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else str(value)


def as_text(value: Any) -> str:
    """A JSON value as a cell; unknown is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode() if isinstance(value, (list, dict)) else str(value)


def csv_of(columns: Sequence[SqlColumn], rows: Iterable[Sequence[Any]]) -> bytes:
    """RFC 4180. Text that a spreadsheet would run as a formula stands behind an apostrophe; numbers are as they are."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_harmless(column.name) for column in columns])
    writer.writerows([as_text(one) if isinstance(one, (int, float)) else _harmless(as_text(one)) for one in row]
                     for row in rows)  # fmt: skip
    return out.getvalue().encode()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
