"""Search: spans that fit, with the text around what was found."""

from typing import Final

from onrecord.model.record import Place
from onrecord.query.compile import Bound
from onrecord.query.lists import spans
from onrecord.query.results import Hit, Page, Snippet
from onrecord.query.scope import SCOPED, View
from onrecord.query.snippets import needles, snippet
from onrecord.query.spanrows import NEWEST_REVISION, at
from onrecord.query.syntax import Filter

_TEXT: Final = 65_536
"""Characters of a text that are looked at for a snippet."""


def search(view: View, where: Filter, start: Place | None, limit: int, sizes: dict[int, int]) -> Page[Hit]:
    """Spans that fit, newest received first."""
    found = spans(view, where, start, limit, sizes)
    patterns = needles(where)
    if not patterns or not found.rows:
        return Page(rows=tuple(Hit(span=row) for row in found.rows), next=found.next)
    bound = Bound()
    places = at((Place(row.shard, row.index) for row in found.rows), bound)
    texts = {
        Place(shard, index): (("input", entered), ("output", answered))
        for shard, index, entered, answered in view.select(
            f"SELECT shard, idx, substringUTF8(input_text, 1, {_TEXT}), substringUTF8(output_text, 1, {_TEXT}) "
            f"FROM spans WHERE {SCOPED} AND {places} {NEWEST_REVISION}",
            bound.values,
        )
    }
    hits = []
    for row in found.rows:
        around: list[Snippet] = []
        for field, text in texts.get(Place(row.shard, row.index), ()):
            piece = snippet(field, text, patterns)
            if piece is not None:
                around.append(piece)
        hits.append(Hit(span=row, snippets=tuple(around)))
    return Page(rows=tuple(hits), next=found.next)
