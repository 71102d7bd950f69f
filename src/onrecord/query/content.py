"""One span with its content. The one place where exact content is given out, and where that is recorded first."""

from typing import Final

import msgspec

from onrecord.errors import Corrupt, Denied, Missing, OnrecordError, Rejected, Unavailable
from onrecord.model.access import Level
from onrecord.model.media import Media
from onrecord.model.message import Message
from onrecord.model.record import Place
from onrecord.query.compile import Bound
from onrecord.query.port import Content, Read, RecordAccess
from onrecord.query.results import SpanDetail, SpanRow
from onrecord.query.scope import SCOPED, View
from onrecord.query.scorerows import scores_of_span
from onrecord.query.spanrows import NEWEST_REVISION, columns, read_row

_PRESENT: Final = "present"
_METADATA_ONLY: Final = "Your role opens metadata only."


class Vault(msgspec.Struct, frozen=True):
    """The vault and the duty that comes with reading it."""

    content: Content
    record_access: RecordAccess


def span_detail(view: View, vault: Vault, ids: tuple[str, str], level: Level, sizes: dict[int, int]) -> SpanDetail:
    """The span of this trace id and span id.

    Raises:
        Missing: there is no such span. Denied: exact content without the right. Rejected: without a purpose.
        Unavailable: the read could not be recorded.
    """
    if level is Level.EXACT:
        may_read_exact(view)
    bound = Bound()
    trace_id, span_id = (bound.add(one, "String") for one in ids)
    rows = view.select(
        f"SELECT {columns(view)}, record_id FROM spans WHERE {SCOPED} AND trace_id = {trace_id} "
        f"AND span_id = {span_id} {NEWEST_REVISION}",
        bound.values,
    )
    if not rows:
        raise Missing("There is no such span.", hint="It may be of another project, or erased.")
    *plain, record_id = rows[-1]  # the earliest, should an id have come twice
    row = read_row(plain, sizes)
    detail = SpanDetail(
        row=row,
        state="withheld",
        level=min(level, view.level),
        reason=_METADATA_ONLY,
        scores=scores_of_span(view, *ids),
        record_id=record_id,
    )
    return detail if detail.level is Level.METADATA else _with_content(view, vault, detail)


def listed(view: View, vault: Vault, row: SpanRow) -> SpanDetail:
    """A span of a list with its content, pseudonymised at most, without its scores: the store is not asked again."""
    level = min(Level.PSEUDONYMISED, view.level)
    detail = SpanDetail(row=row, state="withheld", level=level, reason=_METADATA_ONLY)
    return detail if level is Level.METADATA else _with_content(view, vault, detail)


def media(view: View, vault: Vault, trace_id: str, media_id: str) -> Media:
    """A medium of a trace: exact content, whatever it shows.

    Raises:
        Denied: without the right. Rejected: without a purpose. Missing: it is not kept. Corrupt: it is altered.
        Unavailable: the read could not be recorded.
    """
    may_read_exact(view)
    place = vault.content.media_place(view.project.number, trace_id, media_id)
    record(view, vault, place, "media")
    return vault.content.media(view.project.number, place)


def new_from(messages: tuple[Message, ...]) -> int:
    """Index of the newest turn: everything after the last message of the assistant."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == "assistant":
            return index + 1
    return 0


def may_read_exact(view: View) -> None:
    """Raise ``Denied`` without the right to exact content, ``Rejected`` without a purpose."""
    if view.level < Level.EXACT:
        raise Denied("You may not read exact content.", hint="Ask an owner of the project.")
    if not view.access.purpose.strip():
        raise Rejected("Exact content needs a purpose.", hint="Say why in 'purpose'; it is recorded with the read.")


def _with_content(view: View, vault: Vault, detail: SpanDetail) -> SpanDetail:
    place = Place(detail.row.shard, detail.row.index)
    number = view.project.number
    if detail.level is Level.EXACT:
        record(view, vault, place, "span")
    try:
        read = vault.content.read if detail.level is Level.EXACT else vault.content.masked
        span = read(number, place)
    except Missing as gone:
        return msgspec.structs.replace(detail, state="erased", reason=f"{gone.message.capitalize()}. {gone.hint}")
    except Corrupt as altered:
        return msgspec.structs.replace(detail, state="altered", reason=f"{altered.message.capitalize()}.")
    return msgspec.structs.replace(detail, state=_PRESENT, reason="", content=span, new_from=new_from(span.input))


def record(view: View, vault: Vault, place: Place, kind: str) -> None:
    """Put the read on the record; nothing is shown when that fails."""
    try:
        vault.record_access(view.access, Read(project=view.project, kind=kind, places=(place,)))
    except OnrecordError:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever went wrong, the read is not on the record
        raise Unavailable(
            f"The read could not be recorded ({type(fault).__name__}), so nothing is shown.", hint="Try again."
        ) from None
