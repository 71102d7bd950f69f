"""Search: spans that fit, with the text around what was found."""

from typing import Final

from onrecord.model.record import Place
from onrecord.query.lists import spans, spans_with
from onrecord.query.results import Hit, Page
from onrecord.query.scope import View
from onrecord.query.snippets import needles, snippet
from onrecord.query.syntax import Filter

_TEXT: Final = 65_536
"""Characters of a text that are looked at for a snippet."""
_SIDES: Final = ("input", "output")


def search(view: View, where: Filter, start: Place | None, limit: int, sizes: dict[int, int]) -> Page[Hit]:
    """Spans that fit, newest received first."""
    patterns = needles(where)
    if not patterns:
        plain = spans(view, where, start, limit, sizes)
        return Page(rows=tuple(Hit(span=row) for row in plain.rows), next=plain.next)
    texts = [f"substringUTF8({view.shown(f'{side}_text')}, 1, {_TEXT})" for side in _SIDES]
    found = spans_with(view, texts, where, start, limit, sizes)
    hits = []
    for row, sides in found.rows:
        around = (snippet(side, text, patterns) for side, text in zip(_SIDES, sides, strict=True))
        hits.append(Hit(span=row, snippets=tuple(piece for piece in around if piece is not None)))
    return Page(rows=tuple(hits), next=found.next)
