"""Lists of spans and traces, newest received first, paged by the place of a record."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from onrecord.model.record import Place
from onrecord.query.compile import Bound, compile_filter
from onrecord.query.cursor import PlaceCursor, encode
from onrecord.query.newest import Wanted, newest
from onrecord.query.results import Page, SpanRow, TraceRow
from onrecord.query.scope import SCOPED, View
from onrecord.query.spanrows import NEWEST_FIRST, after, before, columns, place_of, read_row, superseded
from onrecord.query.summaries import summaries
from onrecord.query.syntax import EVERYTHING, Filter

_SPANS_PER_TRACE: Final = 8
"""Spans read for each trace wanted; a list goes on reading when its traces are longer."""
_READS: Final = 40
"""Reads for one page. Beyond it the page is short, its cursor goes on."""


def spans(view: View, where: Filter, start: Place | None, limit: int, sizes: dict[int, int]) -> Page[SpanRow]:
    """Spans that fit."""
    found = spans_with(view, (), where, start, limit, sizes)
    return Page(rows=tuple(row for row, _ in found.rows), next=found.next)


def spans_with(  # noqa: PLR0917 - the words of a page, as everywhere in this module
    view: View, also: Sequence[str], where: Filter, start: Place | None, limit: int, sizes: dict[int, int]
) -> Page[tuple[SpanRow, Sequence[Any]]]:
    """Spans that fit, each with the values of further columns: one statement, which looks for the rows once."""
    found: list[tuple[SpanRow, Sequence[Any]]] = []
    width, chosen = len(also), ", ".join((*also, columns(view)))
    for _ in range(_READS):
        read = newest(view, chosen, Wanted(where, limit + 1, start), sizes)
        rows = [(read_row(row[width:], sizes), row[:width]) for row in read]
        gone = superseded(view, (place_of(row) for row, _ in rows))
        found += [(row, more) for row, more in rows if place_of(row) not in gone]
        if len(found) > limit or len(rows) <= limit:
            break
        last = rows[-1][0]
        start = Place(last.shard, last.index)
    page = tuple(found[:limit])
    goes_on = len(found) > limit
    return Page(rows=page, next=encode(PlaceCursor(page[-1][0].shard, page[-1][0].index)) if goes_on else "")


def traces(view: View, where: Filter, start: Place | None, limit: int, sizes: dict[int, int]) -> Page[TraceRow]:
    """Traces of which a span fits, by their newest fitting span."""
    found: dict[str, Place] = {}
    skipped: set[str] = set()
    at, more = start, False
    for _ in range(_READS):
        wanted = (limit + 1 - len(found)) * _SPANS_PER_TRACE
        keys = _keys(view, Wanted(where, wanted, at, (*found, *skipped)), sizes)
        fresh: dict[str, Place] = {}
        for trace_id, place in keys[1]:
            fresh.setdefault(trace_id, place)
        if start is not None and fresh:
            seen = _seen(view, where, start, fresh)
            skipped |= seen
            fresh = {trace_id: place for trace_id, place in fresh.items() if trace_id not in seen}
        found |= fresh
        at = keys[0]
        more = len(found) > limit
        if more or at is None:
            break
    listed = dict(list(found.items())[:limit])
    rows = summaries(view, list(listed), sizes)
    page = tuple(rows[trace_id] for trace_id in listed if trace_id in rows)
    on = list(listed.values())[-1] if more else at
    return Page(rows=page, next=encode(PlaceCursor(on.shard, on.index)) if on else "")


def changed(view: View, where: Filter, since: Place, limit: int, sizes: dict[int, int]) -> Page[TraceRow]:
    """Traces of which a span that fits stands after ``since``, newest first, and the cursor to ask with next."""
    bound = Bound()
    sql = (
        f"SELECT trace_id, shard, idx, revision FROM spans WHERE {SCOPED} AND {after(since, bound)} "
        f"AND {compile_filter(where, bound)} {NEWEST_FIRST} LIMIT {limit * _SPANS_PER_TRACE}"
    )
    found: dict[str, Place] = {}
    for trace_id, place in _current(view, view.select(sql, bound.values)):
        found.setdefault(trace_id, place)
    listed = dict(list(found.items())[:limit])
    rows = summaries(view, list(listed), sizes)
    newest = max([*listed.values(), since])
    page = tuple(rows[trace_id] for trace_id in listed if trace_id in rows)
    return Page(rows=page, next=encode(PlaceCursor(newest.shard, newest.index)))


def newest_place(view: View, sizes: dict[int, int]) -> Place:
    """Where the newest span of the project stands."""
    rows = newest(view, "shard, idx", Wanted(EVERYTHING, 1), sizes)
    return Place(*rows[0]) if rows else Place(0, 0)


def _keys(view: View, wanted: Wanted, sizes: dict[int, int]) -> tuple[Place | None, list[tuple[str, Place]]]:
    """Trace and place of the newest spans that fit; first, where to go on, ``None`` at the end."""
    rows = newest(view, "trace_id, shard, idx, revision", wanted, sizes)
    last = Place(rows[-1][1], rows[-1][2]) if len(rows) == wanted.limit else None
    return last, _current(view, rows)


def _current(view: View, rows: Iterable[Sequence[Any]]) -> list[tuple[str, Place]]:
    """The rows (trace, shard, index, revision) that no later revision has replaced."""
    keyed = [(trace_id, Place(shard, index), revision) for trace_id, shard, index, revision in rows]
    gone = superseded(view, ((place, revision) for _, place, revision in keyed))
    return [(trace_id, place) for trace_id, place, revision in keyed if (place, revision) not in gone]


def _seen(view: View, where: Filter, start: Place, candidates: Iterable[str]) -> set[str]:
    """Those of the traces that stood on an earlier page: a span of them that fits is newer than the cursor."""
    bound = Bound()
    sql = (
        f"SELECT DISTINCT trace_id FROM spans FINAL WHERE {SCOPED} AND NOT {before(start, bound)} "
        f"AND trace_id IN {bound.add(list(candidates), 'Array(String)')} AND {compile_filter(where, bound)}"
    )
    return {row[0] for row in view.select(sql, bound.values)}
