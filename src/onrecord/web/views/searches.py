"""Searches that a person saved, each under a name. They are sealed in the library: a search says whom one looks for.

A search that names a user is erased with that user; so it may name one, not several.
"""

from typing import Final

import msgspec
from starlette.responses import JSONResponse, Response

from onrecord.control.library import Document, Origin
from onrecord.errors import Rejected
from onrecord.query.syntax import values_of
from onrecord.web.looking import looking
from onrecord.web.render import HEADERS
from onrecord.web.visit import Visit

KIND: Final = "search"
SAVED: Final = 50
"""Searches that one person keeps; a longer list is one that nobody reads."""
_NAME_CHARACTERS: Final = 80
_KEPT: Final = ("q", "env", "range", "cols")
"""What a search remembers. A zoomed stretch of time is not one: it would be empty tomorrow."""


class Saved(msgspec.Struct, frozen=True):
    """One saved search."""

    name: str
    parameters: dict[str, str]


def saved(visit: Visit) -> tuple[Saved, ...]:
    """The reader's own, by name."""
    found = visit.site.library.every(visit.project, KIND, parent=visit.caller.actor, limit=SAVED)
    return tuple(sorted((Saved(one.name, dict(one.value)) for one in found), key=lambda one: one.name.lower()))


def save(visit: Visit) -> Response:
    """``POST /searches``: keep what is looked at under a name; the same name again replaces it.

    Raises:
        Rejected: without a name, when the search is not understood or names several users, or beyond ``SAVED``.
    """
    name = " ".join(visit.form.get("name", "").split())[:_NAME_CHARACTERS]
    kept = {key: value for key in _KEPT if (value := visit.form.get(key, "").strip())}
    if not name:
        raise Rejected("A saved search needs a name.", hint="Go back and give it one.")
    look = looking(kept, visit.site.clock.now_us())  # what is not understood is not kept
    users = values_of(look.where, "user")
    if len(users) > 1:
        raise Rejected("A saved search names one user at most.", hint="It is erased with them. Save one for each.")
    library, actor = visit.site.library, visit.caller.actor
    known = library.get(visit.project, KIND, _id(visit, name))
    if known is None and library.count(visit.project, KIND, parent=actor) >= SAVED:
        raise Rejected(f"You have {SAVED} saved searches.", hint="Remove one first.")
    search = Document(kind=KIND, id=_id(visit, name), name=name, parent=actor, value=kept)
    library.put(visit.project, search, Origin(user_id="".join(users)))
    return visit.go("/traces", **kept)


def remove(visit: Visit) -> Response:
    """``POST /searches/remove``: forget one of one's own."""
    visit.site.library.remove(visit.project, KIND, _id(visit, visit.form.get("name", "")))
    return visit.go("/traces")


def complete(visit: Visit) -> Response:
    """``/complete?line=``: what the end of the search line could become, as JSON."""
    look = looking({**visit.request.query_params, "q": ""}, visit.site.clock.now_us())
    line = visit.asked("line")[-500:]
    skipped = len(visit.asked("line")) - len(line)
    found = visit.site.engine.complete(visit.access, visit.project.id, line, look.where)
    rows = [{"text": one.text, "start": one.start + skipped, "note": one.note, "count": one.count} for one in found]
    return JSONResponse({"rows": rows}, headers=HEADERS)


def _id(visit: Visit, name: str) -> str:
    """Nobody reaches another person's searches: the id begins with who asks."""
    return f"{visit.caller.actor}:{name}"
