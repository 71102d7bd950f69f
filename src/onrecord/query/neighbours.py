"""The traces before and after one in a list, under the list's own filter."""

import msgspec

from onrecord.model.record import Place
from onrecord.query.compile import Bound, compile_filter
from onrecord.query.lists import traces
from onrecord.query.scope import SCOPED, View
from onrecord.query.spanrows import after
from onrecord.query.syntax import Filter


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """Trace ids; empty at an end of the list, or when the trace does not fit the filter."""

    newer: str = ""
    older: str = ""


def neighbours(view: View, where: Filter, trace_id: str, sizes: dict[int, int]) -> Neighbours:
    """What stands directly before and after a trace in ``lists.traces``, which is ordered by newest fitting span."""
    place = _place(view, where, trace_id)
    if place is None:
        return Neighbours()
    older = traces(view, where, place, 1, sizes).rows
    return Neighbours(newer=_newer(view, where, place), older=older[0].trace_id if older else "")


def _place(view: View, where: Filter, trace_id: str) -> Place | None:
    """Where the trace stands in the list: the place of its newest span that fits."""
    bound = Bound()
    rows = view.select(
        f"SELECT max((shard, idx)), count() FROM spans FINAL WHERE {SCOPED} "
        f"AND trace_id = {bound.add(trace_id, 'String')} AND {compile_filter(where, bound)}",
        bound.values,
    )
    newest, count = rows[0]
    return Place(*newest) if count else None


def _newer(view: View, where: Filter, place: Place) -> str:
    bound = Bound()
    rows = view.select(
        f"SELECT trace_id, max((shard, idx)) AS newest FROM spans FINAL WHERE {SCOPED} AND {after(place, bound)} "
        f"AND {compile_filter(where, bound)} GROUP BY trace_id ORDER BY newest LIMIT 1",
        bound.values,
    )
    return str(rows[0][0]) if rows else ""
