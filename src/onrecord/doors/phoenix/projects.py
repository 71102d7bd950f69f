"""``/v1/projects``: what Phoenix calls a project is an application to us, and is there with its first span.

A project that a client makes by hand is a name and a description in the library until spans bring it to life. It
never is a project of ours: no client makes one of those by naming it.
"""

from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from onrecord.control.library import Document
from onrecord.doors.phoenix.answer import Reading, reading, route, unsupported, writer
from onrecord.doors.phoenix.nodes import Nodes
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.limits import ID_BYTES
from onrecord.model.project import Project
from onrecord.query.syntax import Compare

KIND: Final = "phoenix.project"
_NODES: Final = Nodes("Project")
_MOST: Final = 100
_BODY_SIGNAL: Final = "phoenix.projects"


class _New(msgspec.Struct, frozen=True):
    name: str = ""
    description: str | None = None


_new: Final = msgspec.json.Decoder(_New).decode


def routes(desk: Desk) -> list[Route]:
    """List, get, create, describe."""
    gone = unsupported("A project can not be deleted here: erase a person or a trace with `onrecord erase`.")
    return [
        route(desk, "/v1/projects", "GET", _list),
        route(desk, "/v1/projects", "POST", _create),
        route(desk, "/v1/projects/{project}", "GET", _get),
        route(desk, "/v1/projects/{project}", "PUT", _update),
        route(desk, "/v1/projects/{project}", "DELETE", gone),
    ]


def id_of(name: str) -> str:
    """The id of an application in Phoenix's form."""
    return _NODES.id(name)


def name_of(identifier: str) -> str:
    """The application that a client names by its name or by ``id_of`` it."""
    return _NODES.key(identifier)


async def _list(desk: Desk, request: Request) -> dict[str, Any]:
    who = reading(desk, request)
    wanted = request.query_params.get("name_contains", "").lower()
    described = await run_in_threadpool(_described, desk, who.project)
    seen = await run_in_threadpool(_seen, desk, who)
    names = sorted(described.keys() | seen)
    shown = [_shown(name, described.get(name, "")) for name in names if wanted in name.lower()]
    return {"data": shown, "next_cursor": None}


async def _get(desk: Desk, request: Request) -> dict[str, Any]:
    who = reading(desk, request)
    name = name_of(request.path_params["project"])
    made = await run_in_threadpool(desk.library.get, who.project, KIND, name)
    if made is None and not await run_in_threadpool(_has_spans, desk, who, name):
        raise Missing("There is no such project.", hint="It is there with its first span.")
    return {"data": _shown(name, "" if made is None else made.value.get("description", ""))}


async def _create(desk: Desk, request: Request) -> dict[str, Any]:
    project = writer(desk, request)
    sent = await _body(desk, request)
    if not sent.name.strip() or len(sent.name.encode()) > ID_BYTES:
        raise Rejected(f"A project has a name of at most {ID_BYTES} bytes.", status=422)
    return await _keep(desk, project, sent.name, sent.description or "")


async def _update(desk: Desk, request: Request) -> dict[str, Any]:
    project = writer(desk, request)
    sent = await _body(desk, request)
    return await _keep(desk, project, name_of(request.path_params["project"]), sent.description or "")


async def _keep(desk: Desk, project: Project, name: str, description: str) -> dict[str, Any]:
    document = Document(kind=KIND, id=name, name=name, value={"description": description})
    await run_in_threadpool(desk.library.put, project, document)
    return {"data": _shown(name, description)}


async def _body(desk: Desk, request: Request) -> _New:
    async with desk.bodies.plain(request, _BODY_SIGNAL) as plain:
        try:
            return _new(plain)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Rejected("The body is no project.", status=422) from None


def _described(desk: Desk, project: Project) -> dict[str, str]:
    return {one.id: one.value.get("description", "") for one in desk.library.every(project, KIND)}


def _seen(desk: Desk, who: Reading) -> set[str]:
    (found,) = desk.engine.facets(who.access, who.project.id, ["application"], limit=_MOST)
    return {one.value for one in found.values}


def _has_spans(desk: Desk, who: Reading, name: str) -> bool:
    return desk.engine.counts(who.access, who.project.id, Compare("application", "=", name)).spans > 0


def _shown(name: str, description: str) -> dict[str, str]:
    return {"id": id_of(name), "name": name} | ({"description": description} if description else {})
