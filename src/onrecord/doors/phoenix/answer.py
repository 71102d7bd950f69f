"""How Phoenix answers: JSON, and faults as ``{"detail": sentence}`` in words that its clients repeat to people."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.control.caller import Caller
from onrecord.doors.port import Desk
from onrecord.errors import Denied, OnrecordError, Pushback, Rejected, where
from onrecord.model.access import Access
from onrecord.model.project import Project
from onrecord.receive.auth import authenticate, presented_key

VERSION: Final = "20.26.1"
"""The release of Phoenix whose API this is; clients ask before they use what came late."""
HEADERS: Final = {"cache-control": "no-store", "x-phoenix-server-version": VERSION}
JSON: Final = "application/json"
_logger = logging.getLogger(__name__)
Handler = Callable[[Desk, Request], Awaitable[Any]]


class Reading(msgspec.Struct, frozen=True):
    """Who reads which project of ours."""

    project: Project
    access: Access


def route(desk: Desk, path: str, method: str, handler: Handler) -> Route:
    """An address whose handler gives what is answered as JSON, ``None`` for nothing (204), or a whole response."""

    async def endpoint(request: Request) -> Response:
        try:
            found = await handler(desk, request)
        except OnrecordError as error:
            return failure(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer says nothing of a payload
            _logger.error("a request of a Phoenix client failed: %s", where(error))
            return said({"detail": "Something failed that should not."}, 500)
        if isinstance(found, Response):
            return found
        return Response(status_code=204, headers=HEADERS) if found is None else said(found)

    return Route(path, endpoint, methods=[method])


def said(value: Any, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), status, HEADERS, JSON)


def failure(error: OnrecordError) -> Response:
    """An error of ours as Phoenix's server would say it."""
    response = said({"detail": f"{error.message} {error.hint}".strip()}, error.status)
    if isinstance(error, Pushback):
        response.headers["retry-after"] = str(error.retry_after_s)
    return response


def unsupported(sentence: str) -> Handler:
    """A handler for what is not done here: 501, and a sentence that says what to do instead."""

    async def refuse(_: Desk, request: Request) -> Response:  # noqa: ARG001 - as every handler
        return said({"detail": sentence}, 501)

    return refuse


def writer(desk: Desk, request: Request, *media: str) -> Project:
    """The project that a request writes into; raises ``Denied``, or ``Rejected`` (415) for another media type.

    JSON is always taken, ``media`` are further types.
    """
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in (JSON, *media):
        raise Rejected(f"The body is sent as {' or '.join((JSON, *media))}.", status=415)
    if sent != JSON and not presented_key(request.headers):
        # A web page may send a form to this machine without asking: the keyless rule does not cover it.
        raise Denied("A form needs an API key.", hint="Make one with `onrecord keys create`.", status=401)
    return authenticate(desk.keyring, _peer(request), request.headers)


def librarian(desk: Desk, request: Request, *, writes: bool = False) -> Project:
    """The project whose datasets a key may read: one that writes, or one that reads (unless ``writes``)."""
    key = presented_key(request.headers)
    if key and not writes:
        try:
            return desk.keyring.writer(key)
        except Denied as error:
            if error.status == 401:  # noqa: PLR2004 - it is not known, so it may not read either
                raise
        return desk.keyring.reader(key).projects[0]
    return authenticate(desk.keyring, _peer(request), request.headers)


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def reading(desk: Desk, request: Request) -> Reading:
    """Who reads, at the level that the key allows without a purpose; raises ``Denied``."""
    key = presented_key(request.headers)
    if not key:
        raise Denied(
            "Reading needs an API key.",
            hint="Make one with `onrecord keys create --scope write --scope read` and pass it as api_key.",
            status=401,
        )
    caller: Caller = desk.keyring.reader(key)
    (project,) = caller.projects
    return Reading(project, caller.access(project.id))


def number(request: Request, name: str, default: int, most: int) -> int:
    """A whole number of the query string, from 1 to ``most``; raises ``Rejected`` (422)."""
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or not int(text):
        raise Rejected(f"The parameter '{name}' is no whole number above 0.", status=422)
    return min(int(text), most)
