"""The chart of a result, as SVG: lines over time when its first column is a time, bars when it is a text. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from onrecord.query.sql.answer import SqlAnswer, as_text

LINES: Final = 8
"""Lines that can be told apart."""
BARS: Final = 40
"""Bars that a page shows."""
_POINTS: Final = 2
_TIMES: Final = ("Date", "DateTime")
_NUMBERS: Final = ("Int", "UInt", "Float", "Decimal")


class SqlLine(msgspec.Struct, frozen=True):
    """One column of figures over time."""

    name: str
    number: int
    peak: float
    path: str
    """In a box of 100 by 100."""


class SqlBar(msgspec.Struct, frozen=True):
    """One row of text and figure."""

    name: str
    value: float
    width: float
    """0 to 100."""


class SqlChart(msgspec.Struct, frozen=True, kw_only=True):
    """What can be drawn of a result; one of the two is empty."""

    title: str
    lines: tuple[SqlLine, ...] = ()
    bars: tuple[SqlBar, ...] = ()
    first: str = ""
    last: str = ""
    peak: float = 0


def chart_of(answer: SqlAnswer) -> SqlChart | None:
    """The chart of a result; nothing when its columns make none."""
    if len(answer.columns) < _POINTS or not answer.rows:
        return None
    head, numbers = answer.columns[0], _figures(answer)
    if not numbers:
        return None
    if _bare(head.type).startswith(_TIMES):
        return _lines(answer, numbers)
    if "String" in head.type and not head.type.startswith(("Array", "Map", "Tuple")) and numbers[0] == 1:
        return _bars(answer)
    return None


def _figures(answer: SqlAnswer) -> list[int]:
    """Positions of the columns of numbers after the first."""
    return [
        number for number, column in enumerate(answer.columns) if number and _bare(column.type).startswith(_NUMBERS)
    ][:LINES]


def _bare(type_: str) -> str:
    for outer in ("LowCardinality(", "Nullable("):
        type_ = type_.removeprefix(outer)
    return type_


def _lines(answer: SqlAnswer, numbers: Sequence[int]) -> SqlChart | None:
    rows = sorted((row for row in answer.rows if row[0]), key=lambda row: str(row[0]))
    if len(rows) < _POINTS:
        return None
    times = [datetime.fromisoformat(str(row[0])).timestamp() for row in rows]
    width = (times[-1] - times[0]) or 1
    places = [(time - times[0]) / width * 100 for time in times]
    drawn = []
    for hue, number in enumerate(numbers, 1):
        points = [row[number] for row in rows]
        peak = max((abs(point) for point in points if point is not None), default=0)
        drawn.append(SqlLine(answer.columns[number].name, hue, peak, _path(places, points, peak)))
    title = f"{', '.join(line.name for line in drawn)} over {answer.columns[0].name}"
    first, last = (str(row[0]).removesuffix("T00:00:00Z") for row in (rows[0], rows[-1]))
    return SqlChart(title=title, lines=tuple(drawn), first=first, last=last)


def _path(places: Sequence[float], points: Sequence[Any], peak: float) -> str:
    """Each line has a scale of its own, as their units differ; what is unknown is a gap."""
    pieces, pen = [], False
    for place, point in zip(places, points, strict=True):
        if point is None:
            pen = False
            continue
        pieces.append(f"{'L' if pen else 'M'}{place:.2f} {100 - max(point, 0) / (peak or 1) * 100:.2f}")
        pen = True
    return "".join(pieces)


def _bars(answer: SqlAnswer) -> SqlChart | None:
    rows = [row for row in answer.rows if row[1] is not None][:BARS]
    peak = max((abs(row[1]) for row in rows), default=0)
    if not rows or min(row[1] for row in rows) < 0:
        return None
    bars = tuple(SqlBar(as_text(row[0]) or "empty", row[1], row[1] / (peak or 1) * 100) for row in rows)
    return SqlChart(title=f"{answer.columns[1].name} by {answer.columns[0].name}", bars=bars, peak=peak)
