"""Every address of Langfuse's public API that is served here; the last one says of all others that they are not."""

from starlette.routing import BaseRoute

from onrecord.doors.langfuse import datasets, ingestion, media, places, prompts, reads, runs
from onrecord.doors.langfuse.call import LIBRARY, not_here, route
from onrecord.doors.port import Desk

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes, those that are used most first."""
    return [
        *ingestion.routes(desk),
        *places.routes(desk),
        *prompts.routes(desk),
        *media.routes(desk),
        *runs.routes(desk),
        *datasets.routes(desk),
        *reads.routes(desk),
        route(desk, "/{rest:path}", LIBRARY, **dict.fromkeys(_METHODS, not_here)),
    ]
