"""Prompts that were seen: the list of versions, and one with its text, its neighbours and a diff to any of them."""

from typing import Final

from starlette.responses import Response

from onrecord.query.prompts import CALLS, PromptDetail, PromptRow
from onrecord.query.results import PageRequest
from onrecord.web.ink import ink
from onrecord.web.looking import RANGE_WORDS, looking
from onrecord.web.views.traces import environments
from onrecord.web.visit import Visit
from onrecord.web.worddiff import CHARACTERS, word_diff

ROWS: Final = 50
_BETWEEN: Final = "\n\n"
"""What stands between several system messages of one call."""


def prompts(visit: Visit) -> Response:
    """The page ``/prompts``."""
    look = looking(visit.request.query_params, visit.site.clock.now_us())
    after = visit.asked("after")
    page = visit.site.engine.prompts(visit.access, visit.project.id, look.where, PageRequest(limit=ROWS, after=after))
    return visit.render(
        "prompts.html",
        look=look,
        page=page,
        after=after,
        base="/prompts",
        calls=CALLS,
        environments=environments(visit, look),
        range_words=RANGE_WORDS[look.range],
    )


def prompt(visit: Visit) -> Response:
    """The page ``/prompts/{version}``; ``against`` names another version to compare with, the one before by default."""
    engine, access, project = visit.site.engine, visit.access, visit.project.id
    found = engine.prompt(access, project, visit.request.path_params["version"])
    names = [row.version for row in found.versions]
    place = names.index(found.row.version) if found.row.version in names else len(names)
    previous = names[place + 1] if place + 1 < len(names) else ""
    against = visit.asked("against", previous)
    other = engine.prompt(access, project, against) if against and against != found.row.version else None
    text = _text(found)
    changes = word_diff(_text(other), text) if other is not None else ()
    return visit.render(
        "prompt.html",
        found=found,
        row=found.row,
        text=ink(text[:CHARACTERS]),
        cut=max(0, len(text) - CHARACTERS),
        other=other,
        changes=[(change.kind, ink(change.text)) for change in changes],
        comparable=bool(other is not None and text and _text(other)),
        previous=previous,
        dearer=None if other is None else _dearer(found.row, other.row),
        calls=CALLS,
    )


def _dearer(row: PromptRow, other: PromptRow) -> float | None:
    """How much more a call costs than with another version, in percent; ``None`` when either is unknown."""
    if row.cost_per_call is None or not other.cost_per_call or row.cost_currency != other.cost_currency:
        return None
    return 100 * (row.cost_per_call / other.cost_per_call - 1)


def _text(found: PromptDetail) -> str:
    return _BETWEEN.join(found.texts)
