"""The ASGI application: every door's routes in one list, behind one edge.

Order of the routes: the door that is used most comes first. Nothing here decides anything; it only puts together.
"""

from collections.abc import Sequence

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp

from onrecord.api.problem import on_error
from onrecord.errors import OnrecordError
from onrecord.server.edge import Edge


def build(routes: Sequence[BaseRoute]) -> ASGIApp:
    """The application over ``routes``.

    Router and error mapping only: what Starlette's application adds writes the words of an unforeseen exception into
    the log, and those may hold a payload.
    """
    return Edge(ExceptionMiddleware(Router(routes), handlers={OnrecordError: on_error}))
