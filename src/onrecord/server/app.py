"""The ASGI application: every door's routes in one list, behind one edge.

Order of the routes: the door that is used most comes first. Nothing here decides anything; it only puts together.
"""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from onrecord.api.problem import on_error
from onrecord.errors import OnrecordError
from onrecord.server.edge import Edge


def build(routes: Sequence[BaseRoute]) -> ASGIApp:
    """The application over ``routes``."""
    return Edge(Starlette(routes=routes, exception_handlers={OnrecordError: on_error}))
