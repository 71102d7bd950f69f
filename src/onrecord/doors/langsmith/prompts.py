"""Prompts of LangSmith's hub: a name, and commits of what it says.

A commit is a document that never changes; the prompt says which of them a tag means. Every change is also a record of
the project's ledger: which words a model was given on a day is evidence.
"""

import asyncio
from hashlib import sha256
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.control.library import Document
from onrecord.doors.langsmith.answers import answer, failure, guarded
from onrecord.doors.langsmith.projects import tenant_of
from onrecord.doors.langsmith.taking import member, new_uuid, object_in, window, writer
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.model.project import Project
from onrecord.model.time import iso_of

PROMPT: Final = "langsmith.prompt"
COMMIT: Final = "langsmith.commit"
_FIELDS: Final = ("description", "readme", "tags", "is_public", "is_archived")
_LEAST_HASH: Final = 7
"""Digits by which a commit may be named."""
_COMMITS: Final = 10_000
"""Prompts, and commits of one, that are looked through."""


class PromptsIn:
    """The endpoints of ``/repos`` and ``/commits``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._library = desk.library

    def routes(self) -> list[Route]:
        """Their addresses. The owner is ``-``, which means the caller's own workspace."""
        tally = self._desk.bodies.tally
        return [
            Route("/settings", guarded(self._settings, tally), methods=["GET"]),
            Route("/repos", guarded(self._list, tally), methods=["GET"]),
            Route("/repos", guarded(self._make, tally), methods=["POST"]),
            Route("/repos/-/{name}", guarded(self._read, tally), methods=["GET"]),
            Route("/repos/-/{name}", guarded(self._change, tally), methods=["PATCH"]),
            Route("/repos/-/{name}", guarded(self._remove, tally), methods=["DELETE"]),
            Route("/repos/-/{name}/tags", guarded(self._tag, tally), methods=["POST"]),
            Route("/commits/-/{name}", guarded(self._history, tally), methods=["GET"]),
            Route("/commits/-/{name}", guarded(self._commit, tally), methods=["POST"]),
            Route("/commits/-/{name}/{commit}", guarded(self._manifest, tally), methods=["GET"]),
        ]

    async def _settings(self, request: Request) -> Response:
        project = member(self._desk, request)
        return answer({"id": tenant_of(project), "display_name": project.name, "created_at": iso_of(0)})

    async def _list(self, request: Request) -> Response:
        project = member(self._desk, request)
        offset, limit = window(request)
        found = await asyncio.to_thread(self._library.every, project, PROMPT, limit=_COMMITS)
        wanted = request.query_params.get("query", "").lower()
        chosen = [one for one in found if wanted in one.name.lower()]
        page = chosen[offset : offset + limit]
        shown = await asyncio.to_thread(lambda: [self._shown(project, one) for one in page])
        return answer({"repos": shown, "total": len(chosen)})

    async def _make(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent = await object_in(self._desk, request)
        name = sent.get("repo_handle")
        if not isinstance(name, str) or not name:
            raise Rejected("A prompt has a name.", status=422)
        if await asyncio.to_thread(self._library.get, project, PROMPT, name) is not None:
            return failure(409, "There is a prompt of that name.")
        value = {key: sent[key] for key in _FIELDS if sent.get(key) is not None} | {"id": new_uuid()}
        return await self._put(project, name, value, "created")

    async def _read(self, request: Request) -> Response:
        project = member(self._desk, request)
        found = await self._found(project, request)
        return answer({"repo": await asyncio.to_thread(self._shown, project, found)})

    async def _change(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent, found = await object_in(self._desk, request), await self._found(project, request)
        changed = {key: sent[key] for key in _FIELDS if sent.get(key) is not None}
        return await self._put(project, found.name, {**found.value, **changed}, "changed")

    async def _remove(self, request: Request) -> Response:
        project = writer(self._desk, request)
        found = await self._found(project, request)
        await self._record(project, found.name, {"action": "deleted"})
        await asyncio.to_thread(self._library.remove, project, PROMPT, found.id)
        return answer({})

    async def _tag(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent, found = await object_in(self._desk, request), await self._found(project, request)
        tag, commit = str(sent.get("tag_name") or ""), str(sent.get("commit_id") or "")
        if not tag or await asyncio.to_thread(self._library.get, project, COMMIT, commit) is None:
            raise Missing("There is no such commit.")
        tags = {**found.value.get("commit_tags", {}), tag: commit}
        await self._put(project, found.name, {**found.value, "commit_tags": tags}, "tagged")
        return answer({"tag_name": tag, "commit_id": commit})

    async def _history(self, request: Request) -> Response:
        project = member(self._desk, request)
        offset, limit = window(request)
        found = await self._found(project, request)
        commits = (await asyncio.to_thread(self._commits, project, found))[::-1]
        told = [_told(found.name, one) for one in commits[offset : offset + limit]]
        return answer({"commits": told, "total": len(commits)})

    async def _commit(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent, found = await object_in(self._desk, request), await self._found(project, request)
        manifest = sent.get("manifest")
        if not isinstance(manifest, dict):
            raise Rejected("A commit has a manifest.", status=422)
        commits = await asyncio.to_thread(self._commits, project, found)
        if commits and commits[-1].value["manifest"] == manifest:
            return answer({"commit": _told(found.name, commits[-1])})  # nothing changed
        parent = commits[-1].value["hash"] if commits else ""
        packed = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
        value = {
            "manifest": manifest,
            "parent": parent,
            "hash": sha256(parent.encode() + packed).hexdigest(),
            "description": sent.get("description"),
        }
        await self._record(project, found.name, {"action": "committed", "version": value["hash"], "prompt": manifest})
        document = Document(kind=COMMIT, id=new_uuid(), parent=found.id, value=value)
        kept = await asyncio.to_thread(self._library.put, project, document)
        return answer({"commit": _told(found.name, kept)})

    async def _manifest(self, request: Request) -> Response:
        project = member(self._desk, request)
        found = await self._found(project, request)
        commits = await asyncio.to_thread(self._commits, project, found)
        commit = _named(request.path_params["commit"], commits, found.value.get("commit_tags", {}))
        told = {"commit_hash": commit.value["hash"], "manifest": commit.value["manifest"], "examples": []}
        return answer(told | {"description": commit.value.get("description")})

    async def _found(self, project: Project, request: Request) -> Document:
        found = await asyncio.to_thread(self._library.get, project, PROMPT, request.path_params["name"])
        if found is None:
            raise Missing("There is no such prompt.")
        return found

    def _commits(self, project: Project, prompt: Document) -> list[Document]:
        return self._library.every(project, COMMIT, parent=prompt.id, limit=_COMMITS)

    async def _put(self, project: Project, name: str, value: dict[str, Any], action: str) -> Response:
        await self._record(project, name, {"action": action, **value})
        document = Document(kind=PROMPT, id=name, name=name, value=value)
        kept = await asyncio.to_thread(self._library.put, project, document)
        return answer({"repo": await asyncio.to_thread(self._shown, project, kept)})

    async def _record(self, project: Project, name: str, value: dict[str, Any]) -> None:
        """Put a change of a prompt on the record; it is durable when this returns."""
        told = {"door": "langsmith", "name": name, **value}
        future = self._desk.pipeline.append(project, "prompt", told, about=f"prompt/{name}")
        await asyncio.shield(asyncio.wrap_future(future))

    def _shown(self, project: Project, prompt: Document) -> dict[str, Any]:
        commits = self._commits(project, prompt)
        known = {key: prompt.value[key] for key in _FIELDS if key in prompt.value}
        return {
            "id": prompt.value["id"],
            "repo_handle": prompt.name,
            "full_name": f"-/{prompt.name}",
            "owner": None,
            "tenant_id": tenant_of(project),
            "created_at": iso_of(prompt.created_us),
            "updated_at": iso_of(commits[-1].updated_us if commits else prompt.updated_us),
            "is_public": False,
            "is_archived": False,
            "tags": [],
            "num_likes": 0,
            "num_downloads": 0,
            "num_views": 0,
            "num_commits": len(commits),
            "last_commit_hash": commits[-1].value["hash"] if commits else None,
            **known,
        }


def _told(name: str, commit: Document) -> dict[str, Any]:
    """A commit without what it says."""
    return {
        "id": commit.id,
        "owner": "-",
        "repo": name,
        "commit_hash": commit.value["hash"],
        "parent_commit_hash": commit.value["parent"] or None,
        "created_at": iso_of(commit.created_us),
        "updated_at": iso_of(commit.updated_us),
        "description": commit.value.get("description"),
        "example_run_ids": [],
        "num_downloads": 0,
        "num_views": 0,
    }


def _named(word: str, commits: list[Document], tags: dict[str, str]) -> Document:
    """The commit that a word means: ``latest``, a tag, or the beginning of a hash; raises ``Missing``."""
    wanted = tags.get(word)
    for commit in reversed(commits):
        of_hash = len(word) >= _LEAST_HASH and commit.value["hash"].startswith(word)
        if commit.id == wanted or (wanted is None and (word == "latest" or of_hash)):
            return commit
    raise Missing("There is no such commit.")
