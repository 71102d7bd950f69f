"""Links that LangSmith's clients print lead to our pages. They need a login, like every page."""

import asyncio
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from onrecord.control.caller import Caller
from onrecord.doors.langsmith.answers import guarded
from onrecord.doors.langsmith.projects import Projects, tenant_of
from onrecord.doors.langsmith.shapes import ids_of
from onrecord.doors.port import Desk
from onrecord.errors import Denied, Missing
from onrecord.model.project import Project
from onrecord.query.results import PageRequest
from onrecord.query.syntax import In

_HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


class Links:
    """The addresses below ``/langsmith/o/{tenant}``."""

    def __init__(self, desk: Desk, projects: Projects) -> None:
        self._desk = desk
        self._projects = projects

    def routes(self) -> list[Route]:
        """A run, a project, and an experiment of a dataset."""
        tally = self._desk.bodies.tally
        return [
            Route("/o/{tenant}/projects/p/{project}/r/{run}", guarded(self._run, tally), methods=["GET"]),
            Route("/o/{tenant}/projects/p/{project}", guarded(self._project, tally), methods=["GET"]),
            Route("/o/{tenant}/datasets/{dataset}/compare", guarded(self._compare, tally), methods=["GET"]),
            Route("/o/{tenant}/{rest:path}", guarded(self._other, tally), methods=["GET"]),
        ]

    async def _run(self, request: Request) -> Response:
        caller = self._known(request)
        if caller is None:
            return _login(request)
        project = _project_of(caller, request)
        rows = await asyncio.to_thread(
            lambda: (
                self._desk.engine.spans(
                    caller.access(project.id),
                    project.id,
                    In("span", ids_of(request.path_params["run"])),
                    PageRequest(limit=1),
                ).rows
            )
        )
        if not rows:
            raise Missing("There is no such run yet.")
        return _go(f"/traces/{rows[0].trace_id}", s=rows[0].span_id, project=project.id)

    async def _project(self, request: Request) -> Response:
        return await self._application(request, request.path_params["project"])

    async def _compare(self, request: Request) -> Response:
        return await self._application(request, request.query_params.get("selectedSessions", "").split(",")[0])

    async def _application(self, request: Request, identity: str) -> Response:
        caller = self._known(request)
        if caller is None:
            return _login(request)
        project = _project_of(caller, request)
        found = await asyncio.to_thread(self._projects.by_id, project, identity)
        name = found["name"].replace("\\", "\\\\").replace('"', '\\"')
        return _go("/traces", q=f'application:"{name}"', range="all", project=project.id)

    async def _other(self, request: Request) -> Response:
        """There is no page of ours for a dataset or a prompt."""
        caller = self._known(request)
        return _login(request) if caller is None else _go("/traces", project=_project_of(caller, request).id)

    def _known(self, request: Request) -> Caller | None:
        try:
            return self._desk.identify(request)
        except Denied:
            return None


def _project_of(caller: Caller, request: Request) -> Project:
    tenant = request.path_params["tenant"]
    for project in caller.projects:
        if tenant_of(project) == tenant:
            return project
    raise Missing("There is no such project.")


def _login(request: Request) -> Response:
    here = f"/langsmith{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
    return _go("/login", next=here)


def _go(path: str, **parameters: Any) -> Response:
    return RedirectResponse(f"{path}?{urlencode(parameters)}", status_code=303, headers=_HEADERS)
