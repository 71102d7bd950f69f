"""Lists of spans and traces, newest received first, paged by the place of a record."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from onrecord.limits import NARROWED_SPANS
from onrecord.model.record import Place
from onrecord.query.compile import Bound, compile_filter
from onrecord.query.cursor import PlaceCursor, encode
from onrecord.query.newest import Wanted, newest, newest_traces
from onrecord.query.results import Page, SpanRow, TraceRow
from onrecord.query.scope import SCOPED, View
from onrecord.query.spanrows import after, before, columns, place_of, read_row, superseded
from onrecord.query.summaries import summaries
from onrecord.query.syntax import EVERYTHING, At, Filter, looks_for_text

_CANDIDATES: Final = 8
"""Traces that are looked at, at least: some of them may have stood on an earlier page."""
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
    listed, following = page_of_traces(view, where, start, limit, sizes)
    rows = summaries(view, list(listed), sizes)
    return Page(rows=tuple(rows[trace_id] for trace_id in listed if trace_id in rows), next=following)


def page_of_traces(
    view: View, where: Filter, start: Place | None, limit: int, sizes: dict[int, int]
) -> tuple[dict[str, Place], str]:
    """The traces of one page, each with the place of its newest fitting span, and the cursor of the next page."""
    found: dict[str, Place] = {}
    skipped: set[str] = set()
    at, wanted = start, max(limit + 1, _CANDIDATES)
    for _ in range(_READS):
        fresh = dict(newest_traces(view, Wanted(where, wanted, start, (*found, *skipped)), sizes))
        is_end = len(fresh) < wanted
        at = None if is_end else fresh[next(reversed(fresh))]
        # A trace with a fitting span that is newer than the cursor stood on an earlier page.
        seen = going_on(view, where, start, fresh) if start is not None and fresh else set()
        skipped |= seen
        found |= {trace_id: place for trace_id, place in fresh.items() if trace_id not in seen}
        if is_end or len(found) > limit:
            break
    listed = dict(list(found.items())[:limit])
    on = list(listed.values())[-1] if len(found) > limit else at
    return listed, encode(PlaceCursor(on.shard, on.index)) if on else ""


def changed(view: View, where: Filter, since: Place, limit: int, sizes: dict[int, int]) -> Page[TraceRow]:
    """Traces of which a span that fits stands after ``since``, newest first, and the cursor to ask with next."""
    bound = Bound()
    found = view.select(
        f"SELECT trace_id, max((shard, idx)) AS newest FROM spans FINAL WHERE {SCOPED} AND {after(since, bound)} "
        f"AND {compile_filter(where, bound)} GROUP BY trace_id ORDER BY newest DESC LIMIT {limit}",
        bound.values,
    )
    listed = {trace_id: Place(*place) for trace_id, place in found}
    rows = summaries(view, list(listed), sizes)
    newest = max([*listed.values(), since])
    page = tuple(rows[trace_id] for trace_id in listed if trace_id in rows)
    return Page(rows=page, next=encode(PlaceCursor(newest.shard, newest.index)))


def newest_place(view: View, sizes: dict[int, int]) -> Place:
    """Where the newest span of the project stands."""
    rows = newest(view, "shard, idx", Wanted(EVERYTHING, 1), sizes)
    return Place(*rows[0]) if rows else Place(0, 0)


def narrowed(view: View, where: Filter) -> At | None:
    """The places of the spans that fit, when the filter looks for text and they are few."""
    if not looks_for_text(where):
        return None
    bound = Bound()
    rows = view.select(
        f"SELECT shard, idx, revision FROM spans WHERE {SCOPED} AND {compile_filter(where, bound)} "
        f"LIMIT {NARROWED_SPANS + 1}",
        bound.values,
    )
    if len(rows) > NARROWED_SPANS:
        return None
    found = [(Place(shard, index), revision) for shard, index, revision in rows]
    gone = superseded(view, found)
    return At(tuple({place: None for place, revision in found if (place, revision) not in gone}))


def going_on(view: View, where: Filter, place: Place, candidates: Iterable[str]) -> set[str]:
    """Those of the traces of which a span that fits stands at ``place`` or after it."""
    bound = Bound()
    sql = (
        f"SELECT DISTINCT trace_id FROM spans FINAL PREWHERE {SCOPED} "
        f"AND trace_id IN {bound.add(list(candidates), 'Array(String)')} "
        f"WHERE NOT {before(place, bound)} AND {compile_filter(where, bound)}"
    )
    return {row[0] for row in view.select(sql, bound.values)}
