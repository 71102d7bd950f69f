"""Charts: traffic, errors, latency, tokens, cost, time to first token over time, in lines by the values of one field.

The eight values with the most traffic have a line each, everything else is *other*. Percentiles can not be added up, so
the store answers each line, each stretch and the whole at once. Figures come from rows (docs/adr/0024), and each one
has a condition of the search language (``CONDITIONS``) that finds the rows behind it (docs/adr/0100).
"""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any, Final

import msgspec

from onrecord.errors import Denied, Rejected
from onrecord.model.access import Level
from onrecord.query.compile import Bound, compile_filter
from onrecord.query.fields import HAPPENED
from onrecord.query.filters import everything_of
from onrecord.query.language import parse
from onrecord.query.scope import SCOPED, View, reads_text
from onrecord.query.syntax import Filter
from onrecord.query.uses import CALL, TOTAL

LINES: Final = 8
"""Values that have a line of their own."""
STRETCHES: Final = 72
"""Stretches of time of one chart, at most."""
_STEPS_S: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000)
_US: Final = 1_000_000
ASKED: Final = "model:* -kind:agent,chain"
"""The steps that asked a model, in the search language."""
_ASKED: Final = "(model_served != '' OR model_requested != '') AND kind NOT IN ('agent', 'chain')"


class Dimension(msgspec.Struct, frozen=True):
    """What lines can be drawn by."""

    field: str
    """A field of the search language."""
    unit: str
    """What traffic is counted in: ``call`` (steps that asked a model, and nothing else is looked at) or ``trace``."""
    column: str
    """What must be read for it, beside ``_COLUMNS``."""
    value: str
    """SQL of the value of a row; an array where a row has several."""


DIMENSIONS: Final[Mapping[str, Dimension]] = {
    "model": Dimension("model", "call", "", "if(model_served != '', model_served, model_requested)"),
    "application": Dimension("application", "trace", ", application", "application"),
    "user": Dimension("user", "trace", "", "named"),
    "prompt": Dimension("prompt_version", "call", ", prompt_version", "prompt_version"),
    "tag": Dimension("tag", "trace", ", tags", "CAST(if(empty(tags), [''], tags), 'Array(String)')"),
    "environment": Dimension("environment", "trace", ", environment", "environment"),
}
_LATENCY: Final = {"call": "duration_us", "trace": "if(is_root, duration_us, NULL)"}
_TRAFFIC: Final = {"call": "count()", "trace": "uniqExact(cityHash64(trace_id))"}
"""Hashed to 64 bits, which halves the time and in a billion traces mistakes less than one."""
_SEVERAL: Final = ("tag", "user")
"""Fields of which one row may have several values: it counts for each line, and once for everything."""
_BY_LINE: Final = "(line, start), (line)"
_TOGETHER: Final = "(start), ()"
_EVERY: Final = f"{_BY_LINE}, {_TOGETHER}"
_COLUMNS: Final = (
    f"trace_id, {HAPPENED} AS happened_us, status, kind, is_root, duration_us, time_to_first_token_ms, "
    "usage_aggregate, tokens_input, tokens_output, tokens_total, cost_reported, cost_currency, model_served, "
    "model_requested"
)


class Measured(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one line, one stretch or everything amounts to. ``None`` is unknown."""

    traffic: int = 0
    """Calls or traces, as ``Charts.unit`` says."""
    errors: int = 0
    """Failed calls, or failed steps of the traces."""
    latency_p50_ms: float | None = None
    """Of calls, or of the topmost steps of the traces."""
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None
    first_token_p50_ms: float | None = None
    first_token_p95_ms: float | None = None
    calls: int = 0
    """Steps that asked a model."""
    tokens: int | None = None
    cost: float | None = None
    """Of the calls whose price is known; ``None`` also when they are in several currencies."""
    currency: str = ""
    unpriced: int = 0
    """Calls whose price is unknown: they are not in ``cost``."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One value over time."""

    value: str = ""
    """Empty: the rows that have no value, or *other*."""
    other: bool = False
    """All values that have no line of their own."""
    whole: Measured
    points: tuple[Measured, ...] = ()
    """One for each of ``Charts.starts``."""


class Charts(msgspec.Struct, frozen=True, kw_only=True):
    """Lines over stretches of the time at which steps happened (docs/adr/0127)."""

    by: str
    unit: str
    """``call`` or ``trace``."""
    interval_s: int
    starts: tuple[int, ...] = ()
    """Microseconds since the epoch; each stretch is ``interval_s`` long."""
    values: int = 0
    """How many values there are, those of *other* included."""
    whole: Line
    lines: tuple[Line, ...] = ()
    """Most traffic first, *other* last."""


CONDITIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "call": {
        "traffic": ASKED, "errors": f"{ASKED} status:error", "latency": f"{ASKED} latency>=",
        "first_token": f"{ASKED} time_to_first_token>=", "tokens": ASKED, "cost": f"{ASKED} cost:*",
        "unpriced": f"{ASKED} -cost:*",
    },
    "trace": {
        "traffic": "", "errors": "status:error", "latency": "root:true latency>=",
        "first_token": "time_to_first_token>=", "tokens": "-kind:agent,chain", "cost": "-kind:agent,chain cost:*",
        "unpriced": f"{ASKED} -cost:*",
    },
}  # fmt: skip
"""By unit and measure, what finds the rows behind a figure; a condition that ends in ``>=`` goes on with the figure."""


def charts(view: View, by: str, where: Filter, since_us: int, until_us: int) -> Charts:
    """Lines by a key of ``DIMENSIONS`` between two instants; ``since_us`` 0 begins with the first row.

    Raises:
        Rejected: nothing can be drawn by that. Denied: its values are text that the reader may not see.
    """
    dimension = DIMENSIONS.get(by)
    if dimension is None:
        raise Rejected("The parameter 'by' is not understood.", hint=f"It is one of {', '.join(DIMENSIONS)}.")
    if view.level < Level.PSEUDONYMISED and reads_text(dimension.field):
        raise Denied("You may not see the values of this field.")
    if dimension.unit == "call":
        where = everything_of([parse(ASKED), where])
    ranked = _ranked(view, dimension, where)
    nothing = Line(whole=Measured())
    if not ranked:
        return Charts(by=by, unit=dimension.unit, interval_s=0, whole=nothing)
    since_us = since_us or min(first for _, _, first, _ in ranked)
    interval_s = interval_for(until_us - since_us)
    step_us = interval_s * _US
    starts = tuple(range(since_us - since_us % step_us, max(until_us, since_us + 1), step_us))
    top = [value for value, *_ in ranked[:LINES]]
    found = _measured(view, dimension, where, top, step_us)

    def line(number: int | None, value: str = "") -> Line:
        points = tuple(found.get((number, start), Measured()) for start in starts)
        return Line(value=value, other=number == 0, whole=found.get((number, None), Measured()), points=points)

    lines = [line(number, value) for number, value in enumerate(top, 1)]
    if len(ranked) > LINES:
        lines.append(line(0))
    return Charts(
        by=by,
        unit=dimension.unit,
        interval_s=interval_s,
        starts=starts,
        values=ranked[0][3],
        whole=line(None),
        lines=tuple(lines),
    )


def interval_for(span_us: int) -> int:
    """The length of one stretch, in seconds, so that a chart has about ``STRETCHES`` at most."""
    seconds = max(span_us, 0) / _US
    fits = (step for step in _STEPS_S if seconds / step <= STRETCHES)
    return next(fits, 0) or _STEPS_S[-1] * (1 + int(seconds // (_STEPS_S[-1] * STRETCHES)))


def _ranked(view: View, dimension: Dimension, where: Filter) -> Sequence[Sequence[Any]]:
    """The values with the most traffic: value, traffic, when it first happened, and how many values there are."""
    bound = Bound()
    many = dimension.field == "tag"
    value = f"arrayJoin({dimension.value})" if many else dimension.value
    return view.select(
        f"SELECT toString({value}) AS one, {_TRAFFIC[dimension.unit]} AS traffic, min(happened_us), count() OVER () "
        f"FROM {_rows(dimension, where, bound)} GROUP BY one ORDER BY traffic DESC, one LIMIT {LINES + 1}",
        bound.values,
    )


def _measured(
    view: View, dimension: Dimension, where: Filter, top: Sequence[str], step_us: int
) -> dict[tuple[int | None, int | None], Measured]:
    """What there is by number of the line (0: other, ``None``: everything) and start (``None``: of all time)."""
    bound = Bound()
    known = bound.add(list(top), "Array(String)")
    line = f"indexOf({known}, toString({dimension.value}))"
    if dimension.field == "tag":
        hits = f"arrayFilter(x -> x > 0, arrayMap(x -> indexOf({known}, x), {dimension.value}))"
        line = f"arrayJoin(if(empty({hits}), [toUInt64(0)], {hits}))"
    rows = _rows(dimension, where, bound)
    if dimension.field not in _SEVERAL:
        return _grouped(view, dimension.unit, f"{line} AS line, {_start(step_us)} FROM {rows}", bound, _EVERY)
    found = _grouped(view, dimension.unit, f"{line} AS line, {_start(step_us)} FROM {rows}", bound, _BY_LINE)
    bound = Bound()
    plain = _rows(DIMENSIONS["application"], where, bound)
    return found | _grouped(view, dimension.unit, f"{_start(step_us)} FROM {plain}", bound, _TOGETHER)


def _start(step_us: int) -> str:
    return f"intDiv(happened_us, {step_us}) * {step_us} AS start"


def _grouped(
    view: View, unit: str, rows: str, bound: Bound, sets: str
) -> dict[tuple[int | None, int | None], Measured]:
    duration = _LATENCY[unit]
    wanted = (
        _TRAFFIC[unit],
        "countIf(status = 'error')",
        f"quantiles(0.5, 0.95, 0.99)({duration} / 1000)",
        "quantiles(0.5, 0.95)(time_to_first_token_ms)",
        f"countIf({_ASKED})",
        f"sumIf({TOTAL}, {CALL})",
        f"sumIf(cost_reported, {CALL})",
        "groupUniqArrayIf(2)(cost_currency, isNotNull(cost_reported))",
        f"countIf({_ASKED} AND isNull(cost_reported))",
    )
    line = "1, 0" if sets == _TOGETHER else "grouping(line), line"
    answered = view.select(
        f"SELECT {line}, grouping(start), start, {', '.join(wanted)} FROM (SELECT *, {rows}) "
        f"GROUP BY GROUPING SETS ({sets})",
        bound.values,
    )
    return {
        (None if any_line else number, None if any_time else start): _read(measures)
        for any_line, number, any_time, start, *measures in answered
    }


def _rows(dimension: Dimension, where: Filter, bound: Bound) -> str:
    """The rows that fit, with the user of their trace where lines are by user."""
    plain = f"(SELECT {_COLUMNS}{dimension.column} FROM spans FINAL WHERE {SCOPED} AND {compile_filter(where, bound)})"
    if dimension.field != "user":
        return plain
    names = (
        f"SELECT trace_id, value AS named FROM trace_names WHERE {SCOPED} AND field = 'user' GROUP BY trace_id, named"
    )
    return f"{plain} AS fitting LEFT JOIN ({names}) AS names USING (trace_id)"


def _read(row: Sequence[Any]) -> Measured:
    traffic, errors, latencies, first_tokens, calls, tokens, cost, currencies, unpriced = row
    p50, p95, p99 = map(_known, latencies)
    first_p50, first_p95 = map(_known, first_tokens)
    single = len(currencies) == 1
    return Measured(
        traffic=traffic,
        errors=errors,
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        latency_p99_ms=p99,
        first_token_p50_ms=first_p50,
        first_token_p95_ms=first_p95,
        calls=calls,
        tokens=tokens,
        cost=cost if single else None,
        currency=currencies[0] if single else "",
        unpriced=unpriced,
    )


def _known(quantile: float) -> float | None:
    """A percentile; of nothing the store makes a number that is none."""
    return None if isnan(quantile) else quantile
