"""Figures: measures over groups and time, the most frequent values of a field, and how much there is."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onrecord.errors import Denied, Rejected
from onrecord.model.access import Level
from onrecord.query.compile import Bound, compile_filter, field_of
from onrecord.query.cursor import PlaceCursor, encode
from onrecord.query.fields import HAPPENED, Field
from onrecord.query.results import Bucket, Facet, Facets, Overview, StatusCounts
from onrecord.query.scope import SCOPED, View, reads_text
from onrecord.query.syntax import Filter
from onrecord.query.uses import CALL, TOTAL

_US: Final = 1_000_000
_MS: Final = 1_000
MEASURES: Final[Mapping[str, str]] = {
    "count": "count()",
    "traces": "uniqExact(trace_id)",
    "errors": "countIf(status = 'error')",
    "tokens": f"sumIf({TOTAL}, {CALL})",
    "tokens_input": f"sumIf(tokens_input, {CALL})",
    "tokens_output": f"sumIf(tokens_output, {CALL})",
    "cost": f"if(uniqExactIf(cost_currency, isNotNull(cost_reported)) > 1, NULL, sumIf(cost_reported, {CALL}))",
    "latency_p50_ms": f"quantileOrNull(0.5)(duration_us) / {_MS}",
    "latency_p95_ms": f"quantileOrNull(0.95)(duration_us) / {_MS}",
    "latency_p99_ms": f"quantileOrNull(0.99)(duration_us) / {_MS}",
    "users": "uniqExactIf(user, user != '')",
    "sessions": "uniqExactIf(session, session != '')",
}
"""What can be measured. Tokens and cost are those of calls, so that nothing is counted twice."""
GROUPS: Final = 3
"""Fields that a figure can be grouped by at once."""
BUCKETS: Final = 10_000
"""Rows of one answer; the largest groups first, the newest stretches first."""
_FACET_VALUES: Final = 200
_INTERVAL_LIMIT_S: Final = 366 * 86_400
_GROUPED_KINDS: Final = ("text", "id", "flag", "list", "open")


def aggregate(
    view: View, measures: Sequence[str], group_by: Sequence[str], interval_s: int | None, where: Filter
) -> tuple[Bucket, ...]:
    """Measures by group and stretch of the time at which steps happened; oldest stretch first, then largest group.

    Raises:
        Rejected: a measure or field is not known, or there are too many of them.
        Denied: a group is text that the reader may not see.
    """
    if not measures or any(name not in MEASURES for name in measures):
        raise Rejected("The parameter 'measure' is not understood.", hint=f"It is one of {', '.join(MEASURES)}.")
    if len(group_by) > GROUPS:
        raise Rejected(f"The parameter 'group_by' names more than {GROUPS} fields.")
    if interval_s is not None and not 1 <= interval_s <= _INTERVAL_LIMIT_S:
        raise Rejected("The parameter 'interval' is between one second and a year.")
    bound = Bound()
    groups = [_group(view, field_of(name), bound) for name in group_by]
    width = (interval_s or 0) * _US
    time = f"intDiv({HAPPENED}, {width}) * {width}" if interval_s else "toInt64(0)"
    keys = [f"{time} AS bucket", *(f"{sql} AS g{number}" for number, sql in enumerate(groups))]
    names = ["bucket", *(f"g{number}" for number in range(len(groups)))]
    wanted = [f"{MEASURES[name]} AS m{number}" for number, name in enumerate(measures)]
    rows = view.select(
        f"SELECT {', '.join((*keys, *wanted))} FROM spans FINAL WHERE {SCOPED} AND {compile_filter(where, bound)} "
        f"GROUP BY {', '.join(names)} ORDER BY bucket DESC, m0 DESC, {', '.join(names)} LIMIT {BUCKETS}",
        bound.values,
    )
    made = [_bucket(row, len(groups), measures, timed=interval_s is not None) for row in rows]
    return tuple(sorted(made, key=lambda bucket: bucket.time_us or 0))


def facets(view: View, fields: Sequence[str], where: Filter, limit: int) -> tuple[Facets, ...]:
    """The most frequent values of each field.

    Raises:
        Rejected: a field is not known or has no values to count. Denied: it is text that the reader may not see.
    """
    if not 1 <= limit <= _FACET_VALUES:
        raise Rejected(f"The parameter 'limit' is between 1 and {_FACET_VALUES}.")
    found = []
    for name in fields:
        bound = Bound()
        value = _group(view, field_of(name), bound)
        rows = view.select(
            f"SELECT {value} AS value, count() AS frequency FROM spans FINAL WHERE {SCOPED} "
            f"AND {compile_filter(where, bound)} GROUP BY value HAVING value != '' "
            f"ORDER BY frequency DESC, value LIMIT {limit}",
            bound.values,
        )
        found.append(Facets(field=name, values=tuple(Facet(value=str(one), count=count) for one, count in rows)))
    return tuple(found)


def counts(view: View, where: Filter, ledger_size: int) -> StatusCounts:
    """How much there is."""
    bound = Bound()
    rows = view.select(
        "SELECT uniqExact(trace_id), count(), countIf(status = 'error'), countIf(running), max(received_us) "
        f"FROM spans FINAL WHERE {SCOPED} AND {compile_filter(where, bound)}",
        bound.values,
    )
    traces, spans, errors, running, newest_us = rows[0]
    return StatusCounts(
        traces=traces,
        spans=spans,
        errors=errors,
        running=running,
        newest_us=newest_us or None,
        ledger_size=ledger_size,
    )


def first_us(view: View, where: Filter) -> int | None:
    """When the first of the spans that fit happened; ``None`` when none fits."""
    bound = Bound()
    rows = view.select(
        f"SELECT min({HAPPENED}), count() FROM spans FINAL WHERE {SCOPED} AND {compile_filter(where, bound)}",
        bound.values,
    )
    return int(rows[0][0]) if rows[0][1] else None


def overview(view: View, where: Filter, interval_s: int, ledger_size: int) -> Overview:
    """``counts``, and ``aggregate`` by stretch of time, of which each span is read once."""
    bound, width = Bound(), interval_s * _US
    rows = view.select(
        f"SELECT grouping(bucket), intDiv({HAPPENED}, {width}) * {width} AS bucket, uniqExact(trace_id), "
        "countIf(status = 'error'), count(), countIf(running), max(received_us), max((shard, idx)) "
        f"FROM spans FINAL WHERE {SCOPED} AND {compile_filter(where, bound)} "
        f"GROUP BY bucket WITH ROLLUP ORDER BY grouping(bucket) DESC, bucket DESC LIMIT {BUCKETS + 1}",
        bound.values,
    )
    buckets = [
        Bucket(time_us=time_us, values={"traces": float(traces), "errors": float(errors)})
        for is_all, time_us, traces, errors, *_ in rows
        if not is_all
    ]
    nothing: tuple[Any, ...] = (1, 0, 0, 0, 0, 0, 0, None)
    _, _, traces, errors, spans, running, newest_us, place = rows[0] if rows else nothing
    return Overview(
        counts=StatusCounts(
            traces=traces,
            spans=spans,
            errors=errors,
            running=running,
            newest_us=newest_us or None,
            ledger_size=ledger_size,
        ),
        buckets=tuple(reversed(buckets)),
        tail=encode(PlaceCursor(*place)) if spans else "",
    )


def _group(view: View, field: Field, bound: Bound) -> str:
    if field.kind not in _GROUPED_KINDS:
        raise Rejected("A field of numbers or times has no groups.", hint="Group by a field of text.")
    if view.level < Level.PSEUDONYMISED and reads_text(field.name):
        raise Denied("You may not see the values of this field.")
    if field.kind == "open":
        return f"{field.columns[0]}[{bound.add(field.key, 'String')}]"
    if field.kind == "list":
        return f"arrayJoin({field.columns[0]})"
    if field.kind == "flag":
        return f"if({field.columns[0]}, 'true', 'false')"
    if len(field.columns) > 1:
        first, second = field.columns
        return f"if({first} != '', {first}, {second})"
    return field.columns[0]


def _bucket(row: Sequence[Any], groups: int, measures: Sequence[str], *, timed: bool) -> Bucket:
    values = row[1 + groups :]
    return Bucket(
        time_us=row[0] if timed else None,
        group=tuple(map(str, row[1 : 1 + groups])),
        values={name: None if value is None else float(value) for name, value in zip(measures, values, strict=True)},
    )
