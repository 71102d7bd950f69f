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
from onrecord.query.syntax import And, Compare, Exists, Filter, In, Not, Or

_RECENT: Final = 16_384
"""Places behind the newest, or behind the cursor, that are looked at first: few parts of the table hold them."""
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
    rows: Sequence[Sequence[Any]] = ()
    for floor in (*_floors(wanted, sizes), None):
        bound = Bound()
        tests = [before(wanted.start, bound)]
        if floor is not None:
            tests.append(after(floor, bound))
        if wanted.without:
            tests.append(f"trace_id NOT IN {bound.add(list(wanted.without), 'Array(String)')}")
        rows = view.select(
            f"SELECT {chosen} FROM spans WHERE {SCOPED} AND {' AND '.join(tests)} "
            f"AND {compile_filter(wanted.where, bound)} {NEWEST_FIRST} LIMIT {wanted.limit}",
            bound.values,
        )
        if len(rows) == wanted.limit:
            break
    return rows


def _floors(wanted: Wanted, sizes: Mapping[int, int]) -> list[Place]:
    """Behind which place to look first; none when nothing is before it, or when an index leads to what is wanted."""
    shard = wanted.start.shard if wanted.start is not None else max(sizes, default=0)
    newest_index = wanted.start.index if wanted.start is not None else sizes.get(shard, 0)
    index = newest_index - _RECENT
    return [Place(shard, index)] if index > 0 and not _is_indexed(wanted.where) else []


def _is_indexed(where: Filter) -> bool:
    """Whether the filter asks for words, or for ids of whatever kind: what is rare, and found without reading rows."""
    if isinstance(where, And | Or):
        return any(map(_is_indexed, where.parts))
    if isinstance(where, Not):
        return False
    return not isinstance(where, Compare | In | Exists) or field_of(where.field).kind in _INDEXED
