"""Sessions and users: every trace in which one is named, added up; most recently received first."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from onrecord.query.compile import Bound, compile_filter
from onrecord.query.cursor import NameCursor, encode
from onrecord.query.fields import HAPPENED
from onrecord.query.results import Page, SessionRow, UserRow
from onrecord.query.scope import SCOPED, View
from onrecord.query.syntax import EVERYTHING, Filter
from onrecord.query.uses import MARKED, NEEDS_TOPMOST, SUMS, Use, added, read_use, topmost_uses, with_topmost

_NARROW: Final = (
    "trace_id, status, start_us, end_us, received_us, user, session, application, environment, "
    "(start_us, NOT is_root, idx) AS first, (end_us, is_root, idx) AS last, "
    "(model_served != '' OR model_requested != '') AND kind NOT IN ('agent', 'chain') "
    f"AND isNull(cost_reported) AS is_unpriced, {MARKED}"
)
_PREVIEW: Final = 400
_MANY: Final = "Array(String)"


class _Person(msgspec.Struct, frozen=True):
    """What there is of one name."""

    name: str
    user: str
    session_count: int
    application: str
    environment: str
    first_input: str
    last_output: str
    traces: int
    spans: int
    errors: int
    began_us: int
    ended_us: int
    last_us: int
    newest_us: int
    unpriced: int
    use: Use


def sessions(view: View, where: Filter, start: NameCursor | None, limit: int) -> Page[SessionRow]:
    """Sessions of which a span fits."""
    names, following = _names(view, "session", where, start, limit)
    return Page(rows=tuple(_session(one) for one in _people(view, "session", names)), next=following)


def session(view: View, name: str) -> SessionRow | None:
    """One session; ``None`` when nothing of it is there."""
    found = _people(view, "session", [name])
    return _session(found[0]) if found else None


def users(view: View, where: Filter, start: NameCursor | None, limit: int) -> Page[UserRow]:
    """Users of whom a span fits."""
    names, following = _names(view, "user", where, start, limit)
    rows = tuple(
        UserRow(
            user=one.name,
            first_us=one.began_us,
            last_us=one.last_us,
            received_us=one.newest_us,
            sessions=one.session_count,
            traces=one.traces,
            errors=one.errors,
            tokens=one.use.tokens,
            cost_reported=one.use.cost,
            cost_currency=one.use.currency,
            unpriced=one.unpriced,
        )
        for one in _people(view, "user", names)
    )
    return Page(rows=rows, next=following)


def _names(view: View, field: str, where: Filter, start: NameCursor | None, limit: int) -> tuple[list[str], str]:
    """The names of one page, and the cursor of the page that follows."""
    rows = _recent(view, field, where, limit) if start is None and where != EVERYTHING else None
    if rows is None:
        rows = _fitting(view, field, where, start, limit)
    listed = rows[:limit]
    following = encode(NameCursor(listed[-1][1], listed[-1][0])) if len(rows) > limit else ""
    return [name for name, _ in listed], following


def _recent(view: View, field: str, where: Filter, limit: int) -> Sequence[tuple[str, int]] | None:
    """The newest names of all, if each of them fits by the trace that makes it as new: then no other stands above them.

    Two statements that read few rows, where a list of everything that fits would read all; ``None`` when one does not.
    """
    rows = view.select(
        f"SELECT value, max(received_us) AS newest, argMax(trace_id, received_us) FROM trace_names WHERE {SCOPED} "
        f"AND field = '{field}' GROUP BY value ORDER BY newest DESC, value DESC LIMIT {limit + 1}",
        {},
    )
    bound = Bound()
    ids = {trace_id for _, _, trace_id in rows}
    fitting = view.select(
        f"SELECT uniqExact(trace_id) FROM spans FINAL PREWHERE {SCOPED} "
        f"AND trace_id IN {bound.add(list(ids), _MANY)} WHERE {compile_filter(where, bound)}",
        bound.values,
    )
    return [(name, newest_us) for name, newest_us, _ in rows] if fitting[0][0] == len(ids) else None


def _fitting(view: View, field: str, where: Filter, start: NameCursor | None, limit: int) -> Sequence[tuple[str, int]]:
    bound = Bound()
    fitting = ""
    if where != EVERYTHING:
        fitting = (
            f" AND trace_id IN (SELECT trace_id FROM spans FINAL WHERE {SCOPED} AND {compile_filter(where, bound)})"
        )
    rows = view.select(
        f"SELECT value, max(received_us) AS newest FROM trace_names WHERE {SCOPED} AND field = '{field}'{fitting} "
        f"GROUP BY value HAVING {_older(start, bound)} ORDER BY newest DESC, value DESC LIMIT {limit + 1}",
        bound.values,
    )
    return [(name, newest_us) for name, newest_us in rows]


def _older(start: NameCursor | None, bound: Bound) -> str:
    """The condition that a name stands behind the cursor."""
    if start is None:
        return "1"
    return f"(newest, value) < ({bound.add(start.received_us, 'Int64')}, {bound.add(start.name, 'String')})"


def _people(view: View, field: str, names: Sequence[str]) -> list[_Person]:
    """What there is of these names, in their order; a name of which nothing is left is left out."""
    if not names:
        return []
    bound = Bound()
    named = f"FROM trace_names WHERE {SCOPED} AND field = '{field}' AND value IN {bound.add(list(names), _MANY)}"
    pairs = view.select(f"SELECT DISTINCT value, trace_id {named}", bound.values)
    told = ("input_preview", "output_preview") if field == "session" else ()  # nobody shows what a user said first
    entered, answered = map(view.shown, told) if told else ("''", "''")
    rows = view.select(
        "SELECT trace_id, argMinIf(user, start_us, user != ''), groupUniqArrayIf(4)(session, session != ''), "
        "anyIf(application, application != ''), anyIf(environment, environment != ''), "
        f"substringUTF8(argMinIf(entered, first, entered != ''), 1, {_PREVIEW}), "
        f"substringUTF8(argMaxIf(answered, last, answered != ''), 1, {_PREVIEW}), "
        "count(), countIf(status = 'error'), minIf(start_us, start_us > 0), max(end_us), "
        f"max({HAPPENED}), max(received_us), countIf(is_unpriced), {NEEDS_TOPMOST}, {SUMS} "
        f"FROM (SELECT {_NARROW}, {entered} AS entered, {answered} AS answered "
        f"FROM spans FINAL PREWHERE {SCOPED} AND trace_id IN (SELECT trace_id {named})) GROUP BY trace_id",
        bound.values,
    )
    topmost = topmost_uses(view, [row[0] for row in rows if row[14]])
    traces = {row[0]: row for row in rows}
    grouped: dict[str, list[Sequence[Any]]] = {}
    for name, trace_id in pairs:
        if trace_id in traces:
            grouped.setdefault(name, []).append(traces[trace_id])
    return [_person(name, grouped[name], topmost) for name in names if name in grouped]


def _person(name: str, rows: list[Sequence[Any]], topmost: Mapping[str, Use]) -> _Person:
    rows = sorted(rows, key=lambda row: (row[9], row[0]))
    uses = [with_topmost(read_use(row[15:]), topmost.get(row[0])) for row in rows]
    costs = [use.cost for use in uses if use.cost is not None]
    currencies = {use.currency for use in uses if use.currency}
    return _Person(
        name=name,
        user=next((row[1] for row in rows if row[1]), ""),
        session_count=len({session for row in rows for session in row[2]}),
        application=next((row[3] for row in rows if row[3]), ""),
        environment=next((row[4] for row in rows if row[4]), ""),
        first_input=next((row[5] for row in rows if row[5]), ""),
        last_output=next((row[6] for row in reversed(rows) if row[6]), ""),
        traces=len(rows),
        spans=sum(row[7] for row in rows),
        errors=sum(row[8] for row in rows),
        began_us=min((row[9] for row in rows if row[9]), default=0),
        ended_us=max(row[10] for row in rows),
        last_us=max(row[11] for row in rows),
        newest_us=max(row[12] for row in rows),
        unpriced=sum(row[13] for row in rows),
        use=Use(
            tokens=added(use.tokens for use in uses),
            cost=sum(costs) if costs and len(currencies) == 1 else None,
            currency=next(iter(currencies)) if len(currencies) == 1 else "",
        ),
    )


def _session(one: _Person) -> SessionRow:
    return SessionRow(
        session=one.name,
        user=one.user,
        application=one.application,
        environment=one.environment,
        start_us=one.began_us,
        last_us=one.last_us,
        received_us=one.newest_us,
        duration_ms=(one.ended_us - one.began_us) / 1_000 if one.began_us and one.ended_us > one.began_us else None,
        traces=one.traces,
        spans=one.spans,
        errors=one.errors,
        tokens=one.use.tokens,
        cost_reported=one.use.cost,
        cost_currency=one.use.currency,
        first_input=one.first_input,
        last_output=one.last_output,
    )
