"""Everything below ``/langsmith``: LangSmith's API at each of the prefixes that its clients put before a path.

A client puts the endpoint it was given before a path such as ``/runs/multipart``, and before ``/v1/platform/...`` the
same endpoint again. So ``/langsmith``, ``/langsmith/api`` and ``/langsmith/api/v1`` all mean the same; newer clients
cut the prefix off and ask below ``/langsmith/api/v2``.
"""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from onrecord.doors.langsmith import info
from onrecord.doors.langsmith.answers import failure, guarded
from onrecord.doors.langsmith.datasets import Datasets, DatasetsIn
from onrecord.doors.langsmith.examples import ExamplesIn
from onrecord.doors.langsmith.feedback import FeedbackIn
from onrecord.doors.langsmith.links import Links
from onrecord.doors.langsmith.places import Places
from onrecord.doors.langsmith.projects import Projects, ProjectsIn
from onrecord.doors.langsmith.prompts import PromptsIn
from onrecord.doors.langsmith.reading import RunsOut
from onrecord.doors.langsmith.runs import RunsIn
from onrecord.doors.port import Desk
from onrecord.receive.http import Receiver

PREFIX: Final = "/langsmith"
_BEFORE: Final = re.compile(r"/langsmith(?:/api)?(?:/v1)*(?=/|\Z)")
_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def routes(desk: Desk) -> list[BaseRoute]:
    """The door of LangSmith's clients."""
    receiver = Receiver(
        intake=desk.intake,
        keyring=desk.keyring,
        bodies=desk.bodies,
        tally=desk.bodies.tally,
        prefix="/otel",
        doors={"traces": "langsmith.traces"},
    )
    places, datasets, projects = Places(desk.engine), Datasets(desk), Projects(desk)
    inner = [
        Route("/info", guarded(info.info, desk.bodies.tally), methods=["GET"]),
        *RunsIn(desk, places).routes(),
        *FeedbackIn(desk, places).routes(),
        *RunsOut(desk, projects).routes(),
        *Links(desk, projects).routes(),
        *ProjectsIn(desk, projects).routes(),
        *DatasetsIn(desk, datasets).routes(),
        *ExamplesIn(desk, datasets, places).routes(),
        *PromptsIn(desk).routes(),
        *receiver.routes(),
        Route("/{path:path}", guarded(_unknown, desk.bodies.tally), methods=_METHODS),
    ]
    return [Mount(PREFIX, app=_Shortened(Router(inner, redirect_slashes=False)))]


class _Shortened:
    """The same routes below each prefix."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = _BEFORE.sub("", scope["path"], count=1).rstrip("/") or "/"
            scope = {**scope, "path": path, "root_path": ""}
        await self._app(scope, receive, send)


async def _unknown(_: Request) -> Response:
    """What onrecord has no part of, said so."""
    return failure(
        501, "onrecord does not serve this part of LangSmith's API; docs/doors/langsmith.md lists what it does."
    )
