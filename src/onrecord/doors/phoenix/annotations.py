"""Annotations and notes: kept as scores (``/v1/span_annotations`` and its sisters), read below ``/v1/projects``.

An annotation names its span only. The trace, without which nobody could erase it with its person, is looked up; an
annotation that comes before its span waits, sealed, until the span is there (``waiting``).
"""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.doors.phoenix.answer import number, reading, route, said, writer
from onrecord.doors.phoenix.waiting import Waiting
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.model.annotation import IDENTIFIER, NOTE, Annotation
from onrecord.model.ids import new_id
from onrecord.model.time import iso_of
from onrecord.query.results import ScoreRow
from onrecord.receive.phoenix import decode_annotations

_TARGETS: Final = {"span": "span_id", "trace": "trace_id", "session": "session_id", "document": "span_id"}
_KINDS: Final = {"evaluator": "LLM", "code": "CODE", "validator": "CODE"}
"""``annotator_kind`` by the source of a score; everybody else is a person."""
_PAGE: Final = 1_000
_IDS: Final = 500
"""Targets of one question; Phoenix's clients ask for a hundred at a time."""


def routes(desk: Desk) -> list[Route]:
    """Where annotations and notes are kept and read."""
    waiting = Waiting(desk)

    def keep(target: str, noun: str) -> Route:
        async def handler(_: Desk, request: Request) -> Response:
            return await _keep(desk, waiting, request, target, is_note=noun == "notes")

        return route(desk, f"/v1/{target}_{noun}", "POST", handler)

    def read(target: str) -> Route:
        async def handler(_: Desk, request: Request) -> dict[str, Any]:
            return await run_in_threadpool(_read, desk, request, target)

        return route(desk, f"/v1/projects/{{project}}/{target}_annotations", "GET", handler)

    kept = [keep(target, "annotations") for target in _TARGETS]
    noted = [keep(target, "notes") for target in ("span", "trace", "session")]
    return [*kept, *noted, *(read(target) for target in ("span", "trace", "session"))]


async def _keep(desk: Desk, waiting: Waiting, request: Request, target: str, *, is_note: bool) -> Response:
    project = writer(desk, request)
    async with desk.bodies.plain(request, "phoenix.annotations") as plain:
        annotations = decode_annotations(plain, _TARGETS[target])
    if is_note:
        annotations = [_note(annotations)]
    elif target == "document" and any(one.document_position is None for one in annotations):
        raise Rejected("A document annotation has no document_position.", status=422)
    if request.query_params.get("sync", "").lower() == "true":
        missing = await waiting.keep_now(project, annotations)
        if missing:
            raise Missing(
                "The spans are not on the record.", hint=f"{missing} of them were not found; nothing was kept."
            )
    else:
        await waiting.keep(project, annotations)
    ids = [{"id": one.score_id} for one in annotations]
    return said({"data": ids[0] if is_note else ids})


def _note(sent: Sequence[Annotation]) -> Annotation:
    """A note as an annotation that stands for itself: none replaces another unless its identifier says so."""
    if len(sent) != 1 or not sent[0].note.strip():
        raise Rejected("A note is one object with a text.", status=422)
    return replace(sent[0], name=NOTE, annotator_kind="HUMAN", identifier=sent[0].identifier or new_id())


def _read(desk: Desk, request: Request, target: str) -> dict[str, Any]:
    who = reading(desk, request)
    asked = request.query_params
    ids = asked.getlist(f"{target}_ids")
    if not ids or len(ids) > _IDS:
        raise Rejected(f"The parameter '{target}_ids' names 1 to {_IDS} of them.", status=422)
    limit = number(request, "limit", 100, _PAGE)
    start = asked.get("cursor", "0")
    if not start.isdecimal():
        raise Rejected("The cursor is not one of ours.", status=422)
    offset = int(start)
    rows = desk.engine.scores(who.access, who.project.id, target, ids, offset=offset, limit=limit + 1)
    only, but = set(asked.getlist("include_annotation_names")), set(asked.getlist("exclude_annotation_names"))
    shown = [row for row in rows[:limit] if (not only or row.name in only) and row.name not in but]
    return {
        "data": [_annotation(row, target) for row in shown],
        "next_cursor": str(offset + limit) if len(rows) > limit else None,
    }


def _annotation(row: ScoreRow, target: str) -> dict[str, Any]:
    """A score as Phoenix's clients read an annotation; the same whoever judged, and through whichever door."""
    judged = {"label": row.label or None, "score": row.value, "explanation": row.comment or None}
    about = {"span": row.span_id, "trace": row.trace_id, "session": row.session}[target]
    when = iso_of(row.time_us)
    return {
        "id": row.id or f"{row.shard}.{row.index}",
        "name": row.name,
        "annotator_kind": _KINDS.get(row.source, "HUMAN"),
        f"{target}_id": about,
        "result": {name: value for name, value in judged.items() if value is not None},
        "metadata": {name: value for name, value in row.metadata.items() if name != IDENTIFIER},
        "identifier": row.metadata.get(IDENTIFIER, ""),
        "created_at": when,
        "updated_at": when,
        "source": "API",
        "user_id": None,
    }
