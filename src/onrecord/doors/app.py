"""The routes of every door, in one list."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.routing import BaseRoute

from onrecord.doors import imports
from onrecord.doors.langfuse import app as langfuse
from onrecord.doors.langsmith import app as langsmith
from onrecord.doors.phoenix import app as phoenix
from onrecord.doors.port import Desk

_DOORS: Final[tuple[Callable[[Desk], Sequence[BaseRoute]], ...]] = (
    langfuse.routes,
    langsmith.routes,
    phoenix.routes,
    imports.routes,
)
"""One function a door: the addresses at which its clients knock."""


def routes(desk: Desk) -> list[BaseRoute]:
    """Every address at which a client of another product may knock."""
    return [route for door in _DOORS for route in door(desk)]
