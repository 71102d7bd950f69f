"""Coming in and going out: login by name and password or by a one-time link, logout.

A one-time link opens a page whose button uses it up, so that a program that merely fetches addresses does not.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from onrecord.errors import Denied, OnrecordError
from onrecord.web.port import SESSION_COOKIE, Site
from onrecord.web.render import HEADERS, page
from onrecord.web.visit import frame, from_elsewhere, local_path, problem_page, read_form

Endpoint = Callable[[Request], Awaitable[Response]]


def login(site: Site) -> Endpoint:
    """``/login``: the form, and its answer."""

    async def endpoint(request: Request) -> Response:
        target = local_path(request.query_params.get("next", ""))
        if request.method == "GET":
            token = request.query_params.get("token", "")[:500]
            return page("login.html", **frame(request, site), next=target, name="", wrong="", token=token)
        form = await read_form(request)
        name = form.get("name", "")[:200]
        try:
            _from_here(request)
            session = await run_in_threadpool(site.gate.login, name, form.get("password", ""), _peer(request))
        except Denied as error:
            wrong = f"{error.message} {error.hint}".strip()
            return page(
                "login.html", error.status, **frame(request, site), next=target, name=name, wrong=wrong, token=""
            )
        except OnrecordError as error:
            return problem_page(request, site, error)
        return _enter(request, session, target)

    return endpoint


def once(site: Site) -> Endpoint:
    """``/login/once``: the button of ``/login?token=``, which uses the link up."""

    async def endpoint(request: Request) -> Response:
        target = local_path(request.query_params.get("next", ""))
        form = await read_form(request)
        try:
            _from_here(request)
            session = await run_in_threadpool(site.gate.redeem, form.get("token", ""), _peer(request))
        except OnrecordError as error:
            wrong = f"{error.message} {error.hint}".strip()
            return page("login.html", error.status, **frame(request, site), next=target, name="", wrong=wrong, token="")
        return _enter(request, session, target)

    return endpoint


def logout(site: Site) -> Endpoint:
    """``/logout``."""

    async def endpoint(request: Request) -> Response:
        session = request.cookies.get(SESSION_COOKIE, "")
        form = await read_form(request)
        if session and not from_elsewhere(request) and form.get("csrf") == site.gate.csrf(session):
            await run_in_threadpool(site.gate.logout, session)
        answer = RedirectResponse("/login", status_code=303, headers=HEADERS)
        answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=_is_secure(request))
        return answer

    return endpoint


def _enter(request: Request, session: str, target: str) -> Response:
    answer = RedirectResponse(target, status_code=303, headers=HEADERS)
    answer.set_cookie(
        SESSION_COOKIE, session, path="/", httponly=True, samesite="lax", secure=_is_secure(request), max_age=None
    )
    return answer


def _from_here(request: Request) -> None:
    if from_elsewhere(request):
        raise Denied("The login form came from another site.", hint="Open this page itself and try again.")


def _is_secure(request: Request) -> bool:
    return urlsplit(str(request.url)).scheme == "https"


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""
