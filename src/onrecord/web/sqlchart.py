"""The chart of a result, chosen by its columns, as numbers for an SVG. Pure.

A time first makes lines: one for each column of figures, or one for each value of a text beside it. A text first, or a
whole number such as an hour of the day, makes bars, when each row has a name of its own. Anything else makes none: no
chart is better than one that says something else than the rows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from onrecord.query.sql.answer import SqlAnswer, SqlColumn, as_text

LINES: Final = 8
"""Lines that can be told apart."""
BARS: Final = 40
"""Bars that a page shows."""
_POINTS: Final = 2
_BETWEEN: Final = " \u00b7 "

_TIMES: Final = ("Date", "DateTime")
_WHOLE: Final = ("Int", "UInt")
_NUMBERS: Final = (*_WHOLE, "Float", "Decimal")
_NO_NUMBERS: Final = "Interval"


class SqlLine(msgspec.Struct, frozen=True):
    """One column of figures over time."""

    name: str
    number: int
    peak: float
    path: str
    """In a box of 100 by 100."""


class SqlBar(msgspec.Struct, frozen=True):
    """One row of name and figure."""

    name: str
    value: float
    left: float
    """Where it begins, 0 to 100."""
    width: float


class SqlChart(msgspec.Struct, frozen=True, kw_only=True):
    """What can be drawn of a result; one of the two is empty."""

    title: str
    note: str = ""
    """What has to be known to read it; empty when nothing has."""
    lines: tuple[SqlLine, ...] = ()
    bars: tuple[SqlBar, ...] = ()
    first: str = ""
    last: str = ""
    zero: float = 100
    """How far below the top the line of zero lies, 0 to 100; of bars, how far from the left."""


def chart_of(answer: SqlAnswer) -> SqlChart | None:
    """The chart of a result; nothing when its columns make none."""
    kinds = [_kind(column) for column in answer.columns]
    figures = [number for number, kind in enumerate(kinds) if number and kind in ("number", "whole")]
    texts = [number for number, kind in enumerate(kinds) if kind == "text"]
    if len(answer.rows) < _POINTS or not figures or None in kinds[: figures[0]]:
        return None
    if "time" in kinds[1 : figures[0]]:
        return None
    if kinds[0] == "time":
        if len(texts) == 1:
            return _by_text(answer, texts[0], figures[0])
        return None if texts else _lines(answer, figures[:LINES])
    if kinds[0] == "text" or (kinds[0] == "whole" and not texts and len(answer.rows) <= BARS):
        return _bars(answer, figures[0])
    return None


def moment(text: str) -> str:
    """An instant as it is read: no T, no Z, and nothing behind the second that is zero."""
    day, _, time = text.removesuffix("Z").partition("T")
    whole, _, part = time.partition(".")
    part = part.rstrip("0")
    return f"{day} {whole}{'.' + part if part else ''}".rstrip()


def is_time(column: SqlColumn) -> bool:
    """Whether a column holds days or instants."""
    return _kind(column) == "time"


def is_number(column: SqlColumn) -> bool:
    """Whether a column holds figures."""
    return _kind(column) in ("number", "whole")


def _kind(column: SqlColumn) -> str | None:
    bare = column.type
    for outer in ("LowCardinality(", "Nullable("):
        bare = bare.removeprefix(outer)
    if bare.startswith(_TIMES):
        return "time"
    if bare.startswith(_NUMBERS) and not bare.startswith(_NO_NUMBERS):
        return "whole" if bare.startswith(_WHOLE) else "number"
    return "text" if bare.startswith(("String", "Bool", "UUID")) else None


def _lines(answer: SqlAnswer, figures: Sequence[int]) -> SqlChart | None:
    rows = _in_order(answer)
    if len({row[0] for row in rows}) < max(_POINTS, len(rows)):
        return None  # several rows for one time
    names = [answer.columns[number].name for number in figures]
    series = [[row[number] for row in rows] for number in figures]
    title = f"{', '.join(names)} over {answer.columns[0].name}"
    note = "Each line has a scale of its own, from zero." if len(figures) > 1 else ""
    scales = [_scale(points) for points in series]
    return _drawn((title, note), [str(row[0]) for row in rows], names, series, scales)


def _by_text(answer: SqlAnswer, text: int, figure: int) -> SqlChart | None:
    """One line for each value of a text, on one scale; of many, those with the largest sums."""
    rows = _in_order(answer)
    times = sorted({str(row[0]) for row in rows})
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = found.setdefault(_name(row[text]), {})
        if str(row[0]) in line:
            return None
        line[str(row[0])] = row[figure]
    if len(times) < _POINTS:
        return None
    names = sorted(found, key=lambda name: -sum(abs(one or 0) for one in found[name].values()))[:LINES]
    series = [[found[name].get(time) for time in times] for name in names]
    scale = _scale([point for points in series for point in points])
    columns = answer.columns
    note = f"The {LINES} largest of {len(found)}." if len(found) > LINES else ""
    title = f"{columns[figure].name} over {columns[0].name}, by {columns[text].name}"
    return _drawn((title, note), times, names, series, [scale] * len(names))


def _drawn(
    said: tuple[str, str],
    times: Sequence[str],
    names: Sequence[str],
    series: Sequence[Sequence[Any]],
    scales: Sequence[tuple[float, float]],
) -> SqlChart | None:
    try:
        stamps = [datetime.fromisoformat(time).replace(tzinfo=None) for time in times]
    except ValueError:
        return None  # the engine knows a year 0
    whole_s = (stamps[-1] - stamps[0]).total_seconds() or 1
    places = [(stamp - stamps[0]).total_seconds() / whole_s * 100 for stamp in stamps]
    lines = tuple(
        SqlLine(name, hue, max((point for point in points if point is not None), default=0), _path(places, points, *of))
        for hue, (name, points, of) in enumerate(zip(names, series, scales, strict=True), 1)
    )
    (title, note), (low, high) = said, scales[0]
    zero = 100 * high / (high - low) if len(set(scales)) == 1 else 100
    return SqlChart(title=title, note=note, lines=lines, first=moment(times[0]), last=moment(times[-1]), zero=zero)


def _in_order(answer: SqlAnswer) -> list[Sequence[Any]]:
    return sorted((row for row in answer.rows if row[0]), key=lambda row: str(row[0]))


def _scale(points: Iterable[Any]) -> tuple[float, float]:
    """Lowest and highest, zero always between them."""
    known = [point for point in points if point is not None]
    low, high = min(0, *known, 0), max(0, *known, 0)
    return (low, high) if high > low else (0, 1)


def _path(places: Sequence[float], points: Sequence[Any], low: float, high: float) -> str:
    """What is unknown is a gap; a point alone is a dot."""
    pieces, pen = [], False
    for place, point in zip(places, points, strict=True):
        if point is None:
            pen = False
            continue
        pieces.append(f"{'L' if pen else 'M'}{place:.2f} {(high - point) / (high - low) * 100:.2f}")
        if not pen:
            pieces.append("h0")
        pen = True
    return "".join(pieces)


def _bars(answer: SqlAnswer, figure: int) -> SqlChart | None:
    rows = [row for row in answer.rows if row[figure] is not None]
    names = [_BETWEEN.join(map(_name, row[:figure])) for row in rows]
    if not rows or len(set(names)) < len(names):
        return None
    low, high = _scale(row[figure] for row in rows)
    bars = tuple(
        SqlBar(
            name, row[figure], (min(row[figure], 0) - low) / (high - low) * 100, abs(row[figure]) / (high - low) * 100
        )
        for name, row in list(zip(names, rows, strict=True))[:BARS]
    )
    columns = answer.columns
    title = f"{columns[figure].name} by {', '.join(column.name for column in columns[:figure])}"
    note = f"The first {BARS} of {len(rows)}." if len(rows) > BARS else ""
    return SqlChart(title=title, note=note, bars=bars, zero=-low / (high - low) * 100)


def _name(value: Any) -> str:
    return "unknown" if value is None else as_text(value) or "empty"
