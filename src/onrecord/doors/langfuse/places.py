"""Who is asked first and where links lead: the project of a key, the state of the server, addresses that SDKs print."""

from importlib.metadata import version
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from onrecord.doors.langfuse.call import LIBRARY, OPEN, Call, route
from onrecord.doors.port import Desk


def routes(desk: Desk) -> list[BaseRoute]:
    """The project, the health, the links."""
    return [
        route(desk, "/projects", LIBRARY, GET=_projects),
        route(desk, "/health", OPEN, GET=_health),
        route(desk, "/ready", OPEN, GET=_health),
        Route("/project/{project}/traces/{trace}", _trace, methods=["GET"]),
        Route("/project/{project}/traces", _all_traces, methods=["GET"]),
        Route("/project/{project}/sessions/{session}", _session, methods=["GET"]),
        Route("/project/{project}/users/{user}", _user, methods=["GET"]),
        Route("/project/{project}/experiments/results", _experiment, methods=["GET"]),
        Route("/project/{project}/datasets/{dataset}/runs/{run}", _run, methods=["GET"]),
        Route("/project/{project}/datasets/{dataset}", _all_traces, methods=["GET"]),
        Route("/trace/{trace}", _trace, methods=["GET"]),
    ]


def _projects(call: Call) -> Any:
    """The one project that a key belongs to."""
    project = call.project
    organization = {"id": "onrecord", "name": "onrecord"}
    shown = {"id": project.id, "name": project.name, "organization": organization, "metadata": {}}
    return {"data": [shown]}


def _health(_: Call) -> Any:
    return {"status": "OK", "version": version("onrecord")}


async def _trace(request: Request) -> Response:
    return _to(request, f"/traces/{_piece(request, 'trace')}", s=request.query_params.get("observation", ""))


async def _all_traces(request: Request) -> Response:
    return _to(request, "/traces")


async def _session(request: Request) -> Response:
    return _to(request, f"/sessions/{_piece(request, 'session')}")


async def _user(request: Request) -> Response:
    return _to(request, "/traces", q=f'user:"{_quoted(request.path_params["user"])}"')


async def _experiment(request: Request) -> Response:
    named = request.query_params.get("baseline", "")
    return _to(request, "/traces", q=_of_experiment(named) if named else "")


async def _run(request: Request) -> Response:
    return _to(request, "/traces", q=_of_experiment(request.path_params["run"]))


def _of_experiment(name: str) -> str:
    return f'attributes.langfuse.experiment.id:"{_quoted(name)}"'


def _to(request: Request, path: str, **parameters: str) -> Response:
    """Our page for it, which asks for a login like any page."""
    pairs = {"project": request.path_params.get("project", ""), **parameters}
    pairs = {name: value for name, value in pairs.items() if value}
    return RedirectResponse(path + (f"?{urlencode(pairs)}" if pairs else ""), status_code=307)


def _piece(request: Request, name: str) -> str:
    return quote(str(request.path_params[name]), safe="")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
