"""The newest rows that fit, read where they most likely are.

The engine begins to read every part of the table, however few rows are wanted of them. So the newest places are looked
at alone first, and everything only when they do not hold enough. What is found is the same either way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from onrecord.model.record import Place
from onrecord.query.compile import Bound, compile_filter, field_of
from onrecord.query.scope import SCOPED, View
from onrecord.query.spanrows import NEWEST_FIRST, after, before
from onrecord.query.syntax import And, At, Compare, Exists, Filter, In, Or, Text, looks_for_text

_RECENT: Final = 16_384
"""Places behind the newest, or behind the cursor, that are looked at first: few parts of the table hold them."""
_WIDER: Final = 16
"""The second look is at so many times more of them, before everything is looked at."""
_INDEXED: Final = ("id", "score")


class Wanted(msgspec.Struct, frozen=True):
    """Which rows of ``spans``, and how many."""

    where: Filter
    limit: int
    start: Place | None = None
    """Rows before this place; ``None`` begins with the newest."""
    without: Sequence[str] = ()
    """Traces of which none is wanted."""


def newest(view: View, chosen: str, wanted: Wanted, sizes: Mapping[int, int]) -> Sequence[Sequence[Any]]:
    """The columns ``chosen`` of the rows, newest first, whatever their revision.

    ``sizes``, the signed sizes of the ledgers by shard, only say where to look first: rows beyond them are found too.
    """
    ending = f"{NEWEST_FIRST} LIMIT {wanted.limit}"
    return _nearby(view, wanted, _floors(wanted, sizes), f"SELECT {chosen} FROM spans", ending)


def newest_traces(view: View, wanted: Wanted, sizes: Mapping[int, int]) -> list[tuple[str, Place]]:
    """The traces of which a row fits in its newest revision, by the place of the newest such row, newest first.

    One statement, where the newest places hold enough of them.
    """
    # Unlike rows, traces are not found before everything that fits is read: common words are looked for nearby first.
    floors = _nearest(wanted, sizes, (_RECENT,)) if looks_for_text(wanted.where) else _floors(wanted, sizes)
    chosen = "SELECT trace_id, max((shard, idx)) AS newest FROM spans FINAL"
    ending = f"GROUP BY trace_id ORDER BY newest DESC LIMIT {wanted.limit}"
    return [(trace_id, Place(*place)) for trace_id, place in _nearby(view, wanted, floors, chosen, ending)]


def _nearby(view: View, wanted: Wanted, floors: Sequence[Place], chosen: str, ending: str) -> Sequence[Sequence[Any]]:
    """What fits, looked for behind one floor after the other until there is enough of it, at last everywhere."""
    rows: Sequence[Sequence[Any]] = ()
    for floor in (*floors, None):
        bound = Bound()
        tests = f"{_stretch(wanted, floor, bound)} AND {compile_filter(wanted.where, bound)}"
        rows = view.select(f"{chosen} WHERE {SCOPED} AND {tests} {ending}", bound.values)
        if len(rows) == wanted.limit:
            break
    return rows


def _stretch(wanted: Wanted, floor: Place | None, bound: Bound) -> str:
    """The condition that a row stands before the start and behind the floor, and in no trace that is not wanted."""
    tests = [before(wanted.start, bound)]
    if floor is not None:
        tests.append(after(floor, bound))
    if wanted.without:
        tests.append(f"trace_id NOT IN {bound.add(list(wanted.without), 'Array(String)')}")
    return " AND ".join(tests)


def _floors(wanted: Wanted, sizes: Mapping[int, int]) -> list[Place]:
    """Behind which places to look first, one after the other; none where an index leads to what is wanted."""
    return [] if _is_indexed(wanted.where) else _nearest(wanted, sizes, (_RECENT, _RECENT * _WIDER))


def _nearest(wanted: Wanted, sizes: Mapping[int, int], widths: Sequence[int]) -> list[Place]:
    """The places so far behind the newest one, or behind the start; none where nothing is before it."""
    shard = wanted.start.shard if wanted.start is not None else max(sizes, default=0)
    newest_index = wanted.start.index if wanted.start is not None else sizes.get(shard, 0)
    return [Place(shard, newest_index - width) for width in widths if newest_index > width]


def _is_indexed(where: Filter) -> bool:
    """Whether the filter asks for words, places or ids: what is rare, and found without reading rows."""
    if isinstance(where, And | Or):
        return any(map(_is_indexed, where.parts))
    if isinstance(where, Compare | In | Exists):
        return field_of(where.field).kind in _INDEXED
    return isinstance(where, At) or (isinstance(where, Text) and where.kind != "substring")
