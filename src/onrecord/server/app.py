"""The ASGI application: every door's routes in one list, behind one edge.

Order of the routes: the door that is used most comes first. Nothing here decides anything; it only puts together.
"""

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from onrecord.errors import OnrecordError, Pushback
from onrecord.server.edge import Edge

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]


def build(routes: Sequence[BaseRoute], on_error: Handler | None = None) -> ASGIApp:
    """The application over ``routes``; ``on_error`` maps our errors to answers."""
    return Edge(Starlette(routes=routes, exception_handlers={OnrecordError: on_error or problem}))


def problem(_: Request, error: Exception) -> Response:
    """An error as RFC 9457 problem details."""
    assert isinstance(error, OnrecordError)
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, Pushback) else {}
    detail = f"{error.message} {error.hint}".strip()
    body = {"type": "about:blank", "title": error.title, "status": error.status, "detail": detail}
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")
