"""The traces before and after one in a list, under the list's own filter."""

from typing import Final

import msgspec

from onrecord.model.record import Place
from onrecord.query.compile import Bound, compile_filter
from onrecord.query.lists import going_on, page_of_traces
from onrecord.query.scope import SCOPED, View
from onrecord.query.spanrows import after
from onrecord.query.syntax import Filter

_NEAR: Final = 16_384
"""Places after a trace that are looked at first for the one before it in the list."""
_CANDIDATES: Final = 50
"""Traces of them that are looked at."""


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """Trace ids; empty at an end of the list, or when the trace does not fit the filter."""

    newer: str = ""
    older: str = ""


def neighbours(view: View, where: Filter, trace_id: str, sizes: dict[int, int]) -> Neighbours:
    """What stands directly before and after a trace in ``lists.traces``, which is ordered by newest fitting span."""
    place = _place(view, where, trace_id)
    if place is None:
        return Neighbours()
    return Neighbours(newer=_newer(view, where, place), older=_older(view, where, place, sizes))


def beside(view: View, where: Filter, trace_id: str, sizes: dict[int, int], *, newer: bool) -> str:
    """One of the two."""
    place = _place(view, where, trace_id)
    if place is None:
        return ""
    return _newer(view, where, place) if newer else _older(view, where, place, sizes)


def _place(view: View, where: Filter, trace_id: str) -> Place | None:
    """Where the trace stands in the list: the place of its newest span that fits."""
    bound = Bound()
    rows = view.select(
        f"SELECT max((shard, idx)), count() FROM spans FINAL PREWHERE {SCOPED} "
        f"AND trace_id = {bound.add(trace_id, 'String')} WHERE {compile_filter(where, bound)}",
        bound.values,
    )
    newest, count = rows[0]
    return Place(*newest) if count else None


def _older(view: View, where: Filter, place: Place, sizes: dict[int, int]) -> str:
    found = page_of_traces(view, where, place, 1, sizes)[0]
    return next(iter(found), "")


def _newer(view: View, where: Filter, place: Place) -> str:
    """The trace whose newest fitting span is the first one after ``place`` that is any trace's newest.

    It is looked for among the next places first. A trace that goes on beyond them is none of theirs.
    """
    for top in (Place(place.shard, place.index + _NEAR), None):
        bound = Bound()
        upto = f"NOT {after(top, bound)}" if top is not None else "1"
        rows = view.select(
            f"SELECT trace_id, max((shard, idx)) AS newest FROM spans FINAL WHERE {SCOPED} AND {after(place, bound)} "
            f"AND {upto} AND {compile_filter(where, bound)} GROUP BY trace_id ORDER BY newest LIMIT {_CANDIDATES}",
            bound.values,
        )
        ids = [trace_id for trace_id, _ in rows]
        further = going_on(view, where, Place(top.shard, top.index + 1), ids) if top is not None and ids else set()
        found = next((trace_id for trace_id in ids if trace_id not in further), "")
        if found:
            return found
    return ""
