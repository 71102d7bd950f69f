"""The pages as routes over a :class:`Site`; ``server/app.py`` mounts them.

Every page needs a login but the login itself and the static files. Order is the order of use.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from onrecord.web.port import Site
from onrecord.web.render import HEADERS, static_response
from onrecord.web.views import (
    compare,
    copies,
    dashboard,
    door,
    feedback,
    glance,
    ledger,
    letters,
    media,
    prompts,
    proof,
    searches,
    sessions,
    settings,
    sql,
    status,
    step,
    storage,
    trace,
    traces,
    users,
)
from onrecord.web.visit import View, reading


def routes(site: Site) -> list[BaseRoute]:
    """Every route of the interface."""

    def get(path: str, view: View) -> Route:
        return Route(path, reading(site, view), methods=["GET"])

    def post(path: str, view: View) -> Route:
        return Route(path, reading(site, view), methods=["POST"])

    return [
        Route("/static/{digest}/{path:path}", _static, methods=["GET"]),
        Route("/", _home, methods=["GET"]),
        get("/traces", traces.traces),
        get("/traces/new", traces.new_traces),
        get("/traces/{trace}", trace.trace),
        get("/traces/{trace}/rows", trace.rows),
        get("/traces/{trace}/step", step.step),
        get("/traces/{trace}/text", step.text),
        post("/traces/{trace}/media/{number}", media.medium),
        post("/traces/{trace}/exact", step.exact),
        get("/traces/{trace}/earlier", step.earlier),
        get("/traces/{trace}/next", trace.following),
        get("/traces/{trace}/previous", trace.preceding),
        get("/traces/{trace}/compare", compare.compare),
        get("/traces/{trace}/copy", copies.copy),
        get("/traces/{trace}/export", copies.export),
        post("/traces/{trace}/export", copies.export),
        post("/traces/{trace}/feedback", feedback.feedback),
        get("/traces/{trace}/glance", glance.glance),
        get("/complete", searches.complete),
        post("/searches", searches.save),
        post("/searches/remove", searches.remove),
        get("/sessions", sessions.sessions),
        get("/sessions/{session}", sessions.session),
        get("/dashboard", dashboard.dashboard),
        get("/users", users.users),
        get("/prompts", prompts.prompts),
        get("/prompts/{version}", prompts.prompt),
        get("/proof/{shard}/{index}", proof.proof),
        get("/proof/{shard}/{index}/evidence", proof.evidence),
        get("/proof/{shard}/{index}/file", proof.proof_file),
        get("/proof/{shard}/{index}/json", proof.proof_json),
        get("/proof/{shard}/{index}/entry", proof.entry_file),
        get("/status", status.status),
        post("/letters/{letter}", letters.opened),
        post("/letters/{letter}/retry", letters.retry),
        get("/ledger", ledger.ledger),
        post("/ledger/selftest", ledger.selftest),
        get("/proof", ledger.find),
        get("/storage", storage.storage),
        get("/sql", sql.sql),
        post("/sql", sql.run),
        get("/settings", settings.settings),
        post("/settings/keys", settings.make_key),
        post("/settings/keys/revoke", settings.revoke_key),
        get("/welcome", settings.welcome),
        post("/welcome", settings.welcome),
        *_door(site),
    ]


def _door(site: Site) -> list[Route]:
    return [
        Route("/login", door.login(site), methods=["GET", "POST"]),
        Route("/login/once", door.once(site), methods=["POST"]),
        Route("/logout", door.logout(site), methods=["POST"]),
    ]


async def _home(request: Request) -> Response:  # noqa: ARG001 - an endpoint takes a request
    return RedirectResponse("/traces", status_code=307, headers=HEADERS)


async def _static(request: Request) -> Response:
    found = static_response(request.path_params["path"])
    return found or PlainTextResponse("There is no such file.", status_code=404, headers=HEADERS)
