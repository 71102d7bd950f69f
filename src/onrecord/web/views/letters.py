"""Dead letters: one opened, for a purpose, and one tried again. The list stands on the health page."""

from starlette.responses import Response

from onrecord.model.access import Level
from onrecord.web.ink import ink
from onrecord.web.views.status import shown
from onrecord.web.visit import Visit

_SHOWN = 20_000
"""Characters on a page; the API gives all of it."""


def opened(visit: Visit) -> Response:
    """The page of one letter, posted with its purpose: the read is recorded before it is shown."""
    purpose = visit.form.get("purpose", "").strip()[:500]
    access = visit.caller.access(visit.project.id, level=Level.EXACT, purpose=purpose)
    letter = visit.site.letters.open(access, visit.project.id, visit.request.path_params["letter"])
    return visit.render(
        "letter.html",
        letter=letter,
        text=ink(letter.text[:_SHOWN]),
        cut=max(0, len(letter.text) - _SHOWN),
        is_owner=visit.is_owner,
    )


def retry(visit: Visit) -> Response:
    """Try one again, and say on the health page what became of it."""
    done = visit.site.letters.retry(visit.caller, visit.project.id, visit.request.path_params["letter"])
    if done.kept:
        return shown(visit, "The letter is a record now.")
    return shown(visit, f"It still can not be kept. {done.reason}", well=False)
