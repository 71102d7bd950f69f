"""Prompts: names with versions and tags, kept in the library; every change of one is a record.

A tag of a prompt points to one version: set again, it moves. What a version says is the client's own JSON, given back
as it came.
"""

import asyncio
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.control.library import Document
from onrecord.doors.phoenix.answer import HEADERS, librarian, route, writer
from onrecord.doors.phoenix.nodes import Nodes
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.limits import ID_BYTES
from onrecord.model.ids import new_id
from onrecord.model.project import Project

PROMPT: Final = "phoenix.prompt"
VERSION: Final = "phoenix.prompt.version"
PROMPTS: Final = Nodes("Prompt")
VERSIONS: Final = Nodes("PromptVersion")
_SIGNAL: Final = "phoenix.prompts"
_MOST: Final = 1_000


class _Prompt(msgspec.Struct, frozen=True):
    name: str
    description: str | None = None
    metadata: dict[str, Any] | None = None


class _New(msgspec.Struct, frozen=True):
    prompt: _Prompt
    version: dict[str, Any]


class _Tag(msgspec.Struct, frozen=True):
    name: str
    description: str | None = None


_new: Final = msgspec.json.Decoder(_New)
_tag: Final = msgspec.json.Decoder(_Tag)
_patch: Final = msgspec.json.Decoder(dict[str, Any])


def routes(desk: Desk) -> list[Route]:
    """Where prompts are made, changed and read."""
    one, version = "/v1/prompts/{prompt}", "/v1/prompt_versions/{version}"
    return [
        route(desk, "/v1/prompts", "POST", _create),
        route(desk, "/v1/prompts", "GET", _list),
        route(desk, one, "PATCH", _change),
        route(desk, one, "DELETE", _delete),
        route(desk, f"{one}/latest", "GET", _latest),
        route(desk, f"{one}/versions", "GET", _every_version),
        route(desk, f"{one}/tags/{{tag}}", "GET", _tagged),
        route(desk, version, "GET", _version),
        route(desk, f"{version}/tags", "POST", _set_tag),
        route(desk, f"{version}/tags", "GET", _tags),
    ]


async def _create(desk: Desk, request: Request) -> dict[str, Any]:
    project = writer(desk, request)
    sent = await _body(desk, request, _new)
    if not sent.prompt.name.strip() or len(sent.prompt.name.encode()) > ID_BYTES:
        raise Rejected(f"A prompt has a name of at most {ID_BYTES} bytes.", status=422)

    def keep() -> Document:
        prompt = desk.library.named(project, PROMPT, sent.prompt.name)
        if prompt is None:
            value = {"description": sent.prompt.description, "metadata": sent.prompt.metadata or {}, "tags": {}}
            prompt = desk.library.put(project, Document(kind=PROMPT, id=new_id(), name=sent.prompt.name, value=value))
        return desk.library.put(project, Document(kind=VERSION, id=new_id(), parent=prompt.id, value=sent.version))

    kept = await run_in_threadpool(keep)
    await _record(desk, project, sent.prompt.name, {"change": "version", "version": kept.value})
    return {"data": _shown_version(kept)}


async def _change(desk: Desk, request: Request) -> dict[str, Any]:
    project = writer(desk, request)
    sent = await _body(desk, request, _patch)
    changes = {name: sent[name] for name in ("description", "metadata") if name in sent}
    if not changes or not isinstance(changes.get("metadata", {}), dict):
        raise Rejected("A prompt's description or metadata can be changed.", status=422)
    prompt = await run_in_threadpool(_found, desk, project, request)
    kept = msgspec.structs.replace(prompt, value={**prompt.value, **changes})
    await run_in_threadpool(desk.library.put, project, kept)
    await _record(desk, project, prompt.name, {"change": "prompt", **changes})
    return {"data": _shown(kept)}


async def _delete(desk: Desk, request: Request) -> None:
    project = librarian(desk, request, writes=True)
    prompt = await run_in_threadpool(_found, desk, project, request)
    await run_in_threadpool(desk.library.remove, project, PROMPT, prompt.id)
    await _record(desk, project, prompt.name, {"change": "deleted"})


async def _list(desk: Desk, request: Request) -> dict[str, Any]:
    found = await run_in_threadpool(desk.library.every, librarian(desk, request), PROMPT, limit=_MOST)
    return {"data": [_shown(one) for one in found], "next_cursor": None}


async def _latest(desk: Desk, request: Request) -> dict[str, Any]:
    versions = await run_in_threadpool(_versions, desk, request)
    if not versions:
        raise Missing("The prompt has no version.")
    return {"data": _shown_version(versions[-1])}


async def _every_version(desk: Desk, request: Request) -> dict[str, Any]:
    versions = await run_in_threadpool(_versions, desk, request)
    return {"data": [_shown_version(one) for one in reversed(versions)], "next_cursor": None}


async def _tagged(desk: Desk, request: Request) -> dict[str, Any]:
    project = librarian(desk, request)
    prompt = await run_in_threadpool(_found, desk, project, request)
    tag = prompt.value["tags"].get(request.path_params["tag"])
    found = await run_in_threadpool(desk.library.get, project, VERSION, tag["version"]) if tag else None
    if found is None:
        raise Missing("The prompt has no such tag.")
    return {"data": _shown_version(found)}


async def _version(desk: Desk, request: Request) -> dict[str, Any]:
    return {"data": _shown_version(await run_in_threadpool(_found_version, desk, librarian(desk, request), request))}


async def _set_tag(desk: Desk, request: Request) -> Response:
    project = writer(desk, request)
    sent = await _body(desk, request, _tag)
    if not sent.name.strip() or len(sent.name.encode()) > ID_BYTES:
        raise Rejected(f"A tag has a name of at most {ID_BYTES} bytes.", status=422)

    def keep() -> str:
        version = _found_version(desk, project, request)
        prompt = desk.library.get(project, PROMPT, version.parent)
        if prompt is None:
            raise Missing("There is no such prompt.")
        tags = prompt.value["tags"] | {sent.name: {"version": version.id, "description": sent.description}}
        desk.library.put(project, msgspec.structs.replace(prompt, value={**prompt.value, "tags": tags}))
        return prompt.name

    name = await run_in_threadpool(keep)
    await _record(desk, project, name, {"change": "tag", "tag": sent.name, "version": request.path_params["version"]})
    return Response(status_code=204, headers=HEADERS)


async def _tags(desk: Desk, request: Request) -> dict[str, Any]:
    project = librarian(desk, request)

    def find() -> list[dict[str, Any]]:
        version = _found_version(desk, project, request)
        prompt = desk.library.get(project, PROMPT, version.parent)
        tags = {} if prompt is None else prompt.value["tags"]
        return [
            {"id": f"{version.id}/{name}", "name": name, "description": tag["description"]}
            for name, tag in tags.items()
            if tag["version"] == version.id
        ]

    return {"data": await run_in_threadpool(find), "next_cursor": None}


async def _body(desk: Desk, request: Request, decoder: "msgspec.json.Decoder[Any]") -> Any:
    async with desk.bodies.plain(request, _SIGNAL) as plain:
        try:
            return decoder.decode(plain)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Rejected("The body is not as it must be.", status=422) from None


async def _record(desk: Desk, project: Project, name: str, change: dict[str, Any]) -> None:
    """Put a change of a prompt on the record; it is durable when this returns."""
    told = {"door": "phoenix", "name": name, **change}
    await asyncio.shield(asyncio.wrap_future(desk.pipeline.append(project, "prompt", told, about=f"prompt/{name}")))


def _found(desk: Desk, project: Project, request: Request) -> Document:
    """The prompt that the path names, by its name or its id; raises ``Missing``."""
    key = PROMPTS.key(request.path_params["prompt"])
    found = desk.library.named(project, PROMPT, key) or desk.library.get(project, PROMPT, key)
    if found is None:
        raise Missing("There is no such prompt.")
    return found


def _found_version(desk: Desk, project: Project, request: Request) -> Document:
    found = desk.library.get(project, VERSION, VERSIONS.key(request.path_params["version"]))
    if found is None:
        raise Missing("There is no such version of a prompt.")
    return found


def _versions(desk: Desk, request: Request) -> list[Document]:
    project = librarian(desk, request)
    return desk.library.every(project, VERSION, parent=_found(desk, project, request).id, limit=_MOST)


def _shown(prompt: Document) -> dict[str, Any]:
    return {
        "id": PROMPTS.id(prompt.id),
        "name": prompt.name,
        "description": prompt.value["description"],
        "metadata": prompt.value["metadata"],
    }


def _shown_version(version: Document) -> dict[str, Any]:
    return {**version.value, "id": VERSIONS.id(version.id)}
