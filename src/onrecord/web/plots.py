"""Charts as the dashboard draws them: titles in sentences, addresses of the rows behind each figure, lines as SVG.

Pure. The same plot is drawn by the browser (uPlot, from ``Plot.data``) and, for readers without script, as SVG here;
both lead to the same addresses. A figure that is not known is a gap, never a nought.
"""

from collections.abc import Callable, Mapping, Sequence
from math import floor
from typing import Any, Final

import msgspec

from onrecord.query.charts import CONDITIONS, DIMENSIONS, Charts, Line, Measured
from onrecord.web.looking import condition_of

HEIGHT: Final = 100
"""Units of height of the drawn lines."""
BY_WORDS: Final[Mapping[str, str]] = {
    "model": "model", "application": "application", "user": "user", "prompt": "prompt version", "tag": "tag",
    "environment": "environment",
}  # fmt: skip
UNIT_WORDS: Final[Mapping[str, str]] = {"call": "calls", "trace": "traces"}
_INTERVALS: Final = {1: "second", 60: "minute", 3_600: "hour", 86_400: "day", 604_800: "week"}


class Measure(msgspec.Struct, frozen=True):
    """One figure: how it is read, what it is called, in which form it is written."""

    read: Callable[[Measured], float | None]
    condition: str
    """A key of ``charts.CONDITIONS``."""
    form: str
    """``count``, ``ms`` or ``money``."""


MEASURES: Final[Mapping[str, Measure]] = {
    "traffic": Measure(lambda one: one.traffic, "traffic", "count"),
    "errors": Measure(lambda one: one.errors, "errors", "count"),
    "p50": Measure(lambda one: one.latency_p50_ms, "latency", "ms"),
    "p95": Measure(lambda one: one.latency_p95_ms, "latency", "ms"),
    "p99": Measure(lambda one: one.latency_p99_ms, "latency", "ms"),
    "first50": Measure(lambda one: one.first_token_p50_ms, "first_token", "ms"),
    "first95": Measure(lambda one: one.first_token_p95_ms, "first_token", "ms"),
    "tokens": Measure(lambda one: one.tokens if one.traffic else 0, "tokens", "count"),
    "cost": Measure(lambda one: one.cost if one.traffic else 0, "cost", "money"),
    "unpriced": Measure(lambda one: one.unpriced, "unpriced", "count"),
}


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a plot."""

    name: str
    number: int
    """Which of the hues; 0 is *other*."""
    rows: str
    """What finds its rows, in the search language; the figure itself follows when it ends in ``>=``."""
    own: str
    """What narrows them to this line."""
    whole: float | None
    points: tuple[float | None, ...]
    quiet: tuple[bool, ...] = ()
    """Stretches in which nothing came."""
    path: str = ""
    """The line as an SVG path, 0 to 100 in width; known neighbours are joined, a single point is a dot."""


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """One chart."""

    key: str
    title: str
    form: str
    currency: str = ""
    note: str = ""
    peak: float = 0
    traces: tuple[Trace, ...]


def every(length_s: int) -> str:
    """``hour``, ``3 hours``, ``10 minutes``: the length of a stretch in words."""
    unit = max((one for one in _INTERVALS if length_s % one == 0), default=1)
    count = length_s // unit
    return _INTERVALS[unit] if count == 1 else f"{count} {_INTERVALS[unit]}s"


def name_of(line: Line, by: str) -> str:
    """What a line is called."""
    return "other" if line.other else line.value or f"no {BY_WORDS[by]}"


def own_condition(charts: Charts, line: Line) -> str:
    """What finds the rows of a line, in the search language; empty for everything."""
    field = DIMENSIONS[charts.by].field
    if line is charts.whole:
        return ""
    if line.other:
        named = [one.value for one in charts.lines if not one.other]
        parts = [f"-{condition_of(field, value)}" if value else f"{field}:*" for value in named]
        return " ".join(parts)
    return condition_of(field, line.value) if line.value else f"-{field}:*"


def condition(charts: Charts, line: Line, measure: str, figure: float | None = None) -> str:
    """What finds the rows behind a figure of a line; of a percentile those at least as slow."""
    rows = CONDITIONS[charts.unit][MEASURES[measure].condition]
    return joined(rows, own_condition(charts, line), figure)


def joined(rows: str, own: str, figure: float | None) -> str:
    """Both conditions of a figure as one; without the figure a percentile finds all that it was taken of."""
    if rows.endswith(">="):
        rows = rows.rpartition(" ")[0] if figure is None else f"{rows}{floor(figure * 1_000) / 1_000:.3f}ms"
    return f"{rows} {own}".strip()


def plots(charts: Charts) -> tuple[Plot, ...]:
    """Every chart of the dashboard, in the order in which they are read."""
    long, by = every(charts.interval_s), BY_WORDS[charts.by]
    units = UNIT_WORDS[charts.unit]
    failed = "Failed calls" if charts.unit == "call" else "Errors"
    slow = "Latency of calls" if charts.unit == "call" else "Latency of traces"
    unpriced = charts.whole.whole.unpriced
    said = f"{unpriced:,} {'call' if unpriced == 1 else 'calls'} of unknown price not included" if unpriced else ""
    silent = "" if charts.whole.whole.first_token_p50_ms is not None else "unknown: no step says when its answer began"
    return (
        _by_value(charts, "traffic", f"{units.capitalize()} per {long}, by {by}"),
        _by_value(charts, "errors", f"{failed} per {long}, by {by}"),
        _percentiles(charts, "latency", f"{slow} in each {long}: p50, p95 and p99", ("p50", "p95", "p99")),
        _by_value(charts, "p95", f"{slow} in each {long}, p95, by {by}"),
        _by_value(charts, "tokens", f"Tokens per {long}, by {by}"),
        _by_value(charts, "cost", f"Cost per {long}, by {by}", said),
        _by_value(charts, "first95", f"Time to first token in each {long}, p95, by {by}", silent),
    )


def _by_value(charts: Charts, measure: str, title: str, note: str = "") -> Plot:
    drawn = [
        _trace(charts, line, measure, name_of(line, charts.by), 0 if line.other else number)
        for number, line in enumerate(charts.lines, 1)
    ]
    return _plot(measure, title, drawn, MEASURES[measure].form, charts.whole.whole.currency, note)


def _percentiles(charts: Charts, key: str, title: str, measures: Sequence[str]) -> Plot:
    drawn = [_trace(charts, charts.whole, measure, measure, number) for number, measure in enumerate(measures, 1)]
    return _plot(key, title, drawn, "ms")


def _trace(charts: Charts, line: Line, measure: str, name: str, number: int) -> Trace:
    read = MEASURES[measure].read
    whole = read(line.whole)
    return Trace(
        name=name,
        number=number,
        rows=CONDITIONS[charts.unit][MEASURES[measure].condition],
        own=own_condition(charts, line),
        whole=whole,
        points=tuple(None if whole is None else read(point) for point in line.points),
        quiet=tuple(not point.traffic for point in line.points),
    )


def _plot(  # noqa: PLR0917 - the words of a chart, once
    key: str, title: str, drawn: Sequence[Trace], form: str, currency: str = "", note: str = ""
) -> Plot:
    peak = max((point for one in drawn for point in one.points if point is not None), default=0.0)
    traces = tuple(msgspec.structs.replace(one, path=path(one.points, peak)) for one in drawn)
    return Plot(key=key, title=title, form=form, currency=currency or "USD", note=note, peak=peak, traces=traces)


def path(points: Sequence[float | None], peak: float) -> str:
    """Points as an SVG path in a box of 100 by ``HEIGHT``; each stands in the middle of its stretch."""
    width = 100 / max(len(points), 1)
    drawn: list[str] = []
    pen = False
    for number, point in enumerate(points):
        if point is None:
            pen = False
            continue
        x, y = (number + 0.5) * width, HEIGHT - (point / peak * HEIGHT if peak else 0)
        following = points[number + 1] if number + 1 < len(points) else None
        drawn.append(f"{'L' if pen else 'M'}{x:.2f} {y:.2f}" + ("" if pen or following is not None else "h0"))
        pen = True
    return "".join(drawn)


def data_of(charts: Charts, plots_: Sequence[Plot]) -> dict[str, Any]:
    """What the browser draws from, as JSON."""
    return {
        "starts": [start // 1_000_000 for start in charts.starts],
        "interval": charts.interval_s,
        "plots": {
            plot.key: {
                "form": plot.form,
                "currency": plot.currency,
                "lines": [
                    {"name": one.name, "number": one.number, "rows": one.rows, "own": one.own, "points": one.points}
                    for one in plot.traces
                ],
            }
            for plot in plots_
        },
    }
