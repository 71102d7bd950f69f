"""Exports: steps with their content, page after page. Exact content is put on the record once for each page."""

from typing import Final

import msgspec

from onrecord.limits import EXPORT_BYTES, EXPORT_ROWS
from onrecord.model.access import Level
from onrecord.model.record import Place
from onrecord.query.content import Vault, may_read, opened, put_on_record, withheld
from onrecord.query.cursor import PlaceCursor, encode
from onrecord.query.lists import spans_with
from onrecord.query.results import Page, SpanDetail
from onrecord.query.scope import View
from onrecord.query.scorerows import scores_of_spans
from onrecord.query.syntax import Filter

_SCORES: Final = 50_000
"""Judgements on one page; a step that is judged more often than this is not one that people judged."""
_encoder: Final = msgspec.msgpack.Encoder()


def export(  # noqa: PLR0917 - the words of a page, as in lists
    view: View, vault: Vault, where: Filter, start: Place | None, limit: int, level: Level, sizes: dict[int, int]
) -> Page[SpanDetail]:
    """Steps that fit, newest received first, each with its content at ``level`` or at the reader's own when lower.

    A page may be shorter than ``limit``: it ends with the step whose content passes ``limits.EXPORT_BYTES``.

    Raises:
        Denied, Rejected: of ``content.may_read``. Unavailable: the read could not be recorded.
    """
    may_read(view, level)
    found = spans_with(view, ("record_id",), where, start, min(limit, EXPORT_ROWS), sizes)
    ids = [(row.trace_id, row.span_id) for row, _ in found.rows]
    judged = scores_of_spans(view, ids, _SCORES) if ids else ()
    details: list[SpanDetail] = []
    room = EXPORT_BYTES
    for (row, (record_id, *_)), scores in zip(found.rows, judged, strict=True):
        details.append(opened(view, vault, withheld(row, min(level, view.level), scores, record_id)))
        room -= len(_encoder.encode(details[-1].content))
        if room < 0:
            break
    following = found.next
    if len(details) < len(found.rows):
        last = details[-1].row
        following = encode(PlaceCursor(last.shard, last.index))
    if details and details[0].level is Level.EXACT:
        put_on_record(view, vault, "export", tuple(Place(one.row.shard, one.row.index) for one in details))
    return Page(rows=tuple(details), next=following)
