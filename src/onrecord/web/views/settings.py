"""Settings: API keys of the project, and the lines that point an application at this server."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from onrecord.control.roles import Scope
from onrecord.errors import Rejected
from onrecord.model.project import ContentMode
from onrecord.web.visit import Visit


def settings(visit: Visit) -> Response:
    """The page ``/settings``."""
    return _page(visit)


def make_key(visit: Visit) -> Response:
    """Make a key and show it, once: the answer to the form is the page itself, which nothing stores."""
    note = visit.form.get("note", "").strip()[:200]
    scopes = frozenset(scope for scope in Scope if visit.form.get(f"scope_{scope}"))
    try:
        secret = visit.site.keyring.make(visit.caller, visit.project, scopes, note)
    except Rejected as error:
        return _page(visit, status=400, wrong=f"{error.message} {error.hint}".strip(), note=note)
    return _page(visit, made=secret, rates=scopes == {Scope.RATE})


def revoke_key(visit: Visit) -> Response:
    """End a key whose first letters the form repeats."""
    id_ = visit.form.get("id", "")
    visit.site.keyring.revoke(visit.caller, visit.project, id_)
    return visit.go("/settings", revoked="1")


def welcome(visit: Visit) -> Response:
    """The first start: what is kept, in words, and a choice."""
    project = visit.site.state.unasked()
    if project is None or not visit.owns(project):  # others do not even learn its name
        return RedirectResponse("/traces", status_code=303)
    if visit.request.method == "GET":
        return visit.render("welcome.html", asked=project)
    try:
        mode = ContentMode(visit.form.get("mode", ""))
    except ValueError:
        raise Rejected("Choose one of the three.") from None
    visit.site.state.choose(visit.caller, project, mode)
    return visit.go("/traces")


def _page(
    visit: Visit, *, status: int = 200, made: str = "", wrong: str = "", note: str = "", rates: bool = False
) -> Response:
    context: dict[str, Any] = {"made": made, "wrong": wrong, "note": note, "revoked": visit.asked("revoked") == "1"}
    keys = visit.site.keyring.keys(visit.caller, visit.project) if visit.is_owner else ()
    return visit.render(
        "settings.html",
        status,
        **context,
        keys=tuple(reversed(keys)),
        key="" if rates else made,
        rates=rates,
        keyless=visit.is_owner and not keys,
        scopes=tuple(Scope),
        is_owner=visit.is_owner,
    )
