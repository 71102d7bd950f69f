"""One span with its content. The one place where exact content is given out, and where that is recorded first."""

from collections.abc import Sequence
from typing import Final

import msgspec

from onrecord.errors import Corrupt, Denied, Missing, OnrecordError, Rejected, Unavailable
from onrecord.limits import EXPORT_SPANS
from onrecord.model.access import Level
from onrecord.model.media import Media
from onrecord.model.message import Message
from onrecord.model.record import Place
from onrecord.query.compile import Bound
from onrecord.query.port import Content, Read, RecordAccess
from onrecord.query.results import ScoreRow, SpanDetail, SpanRow, TraceTree
from onrecord.query.scope import SCOPED, View
from onrecord.query.scorerows import scores_of_span, scores_without_trace
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
    may_read(view, level)
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
    detail = withheld(row, min(level, view.level), scores_of_span(view, *ids), record_id)
    if detail.level is Level.EXACT:
        put_on_record(view, vault, "span", (Place(row.shard, row.index),))
    return opened(view, vault, detail)


def withheld(row: SpanRow, level: Level, scores: tuple[ScoreRow, ...], record_id: str) -> SpanDetail:
    """A span whose content is not opened yet."""
    return SpanDetail(
        row=row,
        state="withheld",
        level=level,
        reason=_METADATA_ONLY,
        scores=scores,
        record_id=record_id,
    )


def listed(view: View, vault: Vault, row: SpanRow) -> SpanDetail:
    """A span of a list with its content, pseudonymised at most, without its scores: the store is not asked again."""
    level = min(Level.PSEUDONYMISED, view.level)
    detail = SpanDetail(row=row, state="withheld", level=level, reason=_METADATA_ONLY)
    return opened(view, vault, detail)


def of_tree(view: View, vault: Vault, tree: TraceTree, span_ids: Sequence[str]) -> tuple[SpanDetail, ...]:
    """Spans of a tree that was answered just now, as ``span_detail`` gives them: only some judgements are asked for."""
    level = min(Level.PSEUDONYMISED, view.level)
    alone = scores_without_trace(view, span_ids)
    details = []
    for span_id in span_ids:
        rows = [node.span for node in tree.nodes if node.span.span_id == span_id]
        if not rows:
            raise Missing("There is no such span.", hint="It may be of another project, or erased.")
        about = (score for score in tree.scores if score.span_id in ("", span_id))
        row = min(rows, key=lambda row: (row.shard, row.index))  # the earliest, should an id have come twice
        details.append(opened(view, vault, withheld(row, level, (*about, *alone.get(span_id, ())), "")))
    return tuple(details)


class TraceContent(msgspec.Struct, frozen=True, kw_only=True):
    """A whole trace: its tree, and the content of its first steps in reading order."""

    tree: TraceTree
    steps: tuple[SpanDetail, ...]
    """At most ``limits.EXPORT_SPANS``; what comes after stands in the tree alone."""
    level: Level


def trace_content(view: View, vault: Vault, tree: TraceTree, level: Level) -> TraceContent:
    """The content of a trace in one read; an exact one is one record that names every step.

    Raises:
        Denied: exact content without the right. Rejected: without a purpose.
        Unavailable: the read could not be recorded.
    """
    may_read(view, level)
    rows = [node.span for node in tree.nodes[:EXPORT_SPANS]]
    level = min(level, view.level)
    if level is Level.EXACT:
        put_on_record(view, vault, "export", [Place(row.shard, row.index) for row in rows])
    bare = (SpanDetail(row=row, state="withheld", level=level, reason=_METADATA_ONLY) for row in rows)
    return TraceContent(tree=tree, steps=tuple(opened(view, vault, one) for one in bare), level=level)


def media(view: View, vault: Vault, trace_id: str, media_id: str) -> Media:
    """A medium of a trace: exact content, whatever it shows.

    Raises:
        Denied: without the right. Rejected: without a purpose. Missing: it is not kept. Corrupt: it is altered.
        Unavailable: the read could not be recorded.
    """
    may_read(view, Level.EXACT)
    place = vault.content.media_place(view.project.number, trace_id, media_id)
    put_on_record(view, vault, "media", (place,))
    return vault.content.media(view.project.number, place)


def new_from(messages: tuple[Message, ...]) -> int:
    """Index of the newest turn: everything after the last message of the assistant."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == "assistant":
            return index + 1
    return 0


def may_read(view: View, level: Level) -> None:
    """Whether this reader may ask for content at ``level``: raises ``Denied`` without the right, else ``Rejected``."""
    if level is not Level.EXACT:
        return
    if view.level < Level.EXACT:
        raise Denied("You may not read exact content.", hint="Ask an owner of the project.")
    if not view.access.purpose.strip():
        raise Rejected("Exact content needs a purpose.", hint="Say why in 'purpose'; it is recorded with the read.")


def opened(view: View, vault: Vault, detail: SpanDetail) -> SpanDetail:
    """The span with its content. Exact content is given out only once ``put_on_record`` has returned."""
    if detail.level is Level.METADATA:
        return detail
    place = Place(detail.row.shard, detail.row.index)
    number = view.project.number
    try:
        read = vault.content.read if detail.level is Level.EXACT else vault.content.masked
        span = read(number, place)
    except Missing as gone:
        return msgspec.structs.replace(detail, state="erased", reason=f"{gone.message.capitalize()}. {gone.hint}")
    except Corrupt as altered:
        return msgspec.structs.replace(detail, state="altered", reason=f"{altered.message.capitalize()}.")
    return msgspec.structs.replace(detail, state=_PRESENT, reason="", content=span, new_from=new_from(span.input))


def put_on_record(view: View, vault: Vault, kind: str, places: Sequence[Place]) -> None:
    """Put the read on the record; raises ``Unavailable`` when that fails: then nothing may be shown."""
    try:
        vault.record_access(view.access, Read(project=view.project, kind=kind, places=tuple(places)))
    except OnrecordError:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever went wrong, the read is not on the record
        raise Unavailable(
            f"The read could not be recorded ({type(fault).__name__}), so nothing is shown.", hint="Try again."
        ) from None
