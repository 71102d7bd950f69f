"""Projects of LangSmith, which it also calls sessions: what we call the application of a span.

A project that a client makes (``evaluate()`` makes one for each experiment) is a document with the client's id. One
that runs have only named is there too: its id is made from its name, always the same one.
"""

import asyncio
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.control.library import Document
from onrecord.doors.langsmith.answers import answer, failure, guarded, id_of
from onrecord.doors.langsmith.taking import member, new_uuid, object_in, window, writer
from onrecord.doors.port import Desk
from onrecord.errors import Missing, OnrecordError, Rejected
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.model.time import iso_of

KIND: Final = "langsmith.project"
_CHANGES: Final = ("name", "description", "extra", "end_time", "default_dataset_id", "trace_tier")
_PROJECTS: Final = 10_000
"""Projects that one list looks through."""
_APPLICATIONS: Final = 200
"""Names that runs have given to their projects; further ones are found by their name."""


class Projects:
    """Finds and makes projects. Its methods block; endpoints call them in a thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def named(self, project: Project, name: str) -> dict[str, Any] | None:
        """The project of that name, made or only named by runs."""
        document = self._desk.library.named(project, KIND, name)
        if document is not None:
            return shown(project, document)
        return unmade(project, name) if name in self._applications(project) else None

    def by_id(self, project: Project, identity: str) -> dict[str, Any]:
        """The project with that id; raises ``Missing``."""
        document = self._desk.library.get(project, KIND, identity)
        if document is not None:
            return shown(project, document)
        for name in self._applications(project):
            if id_of(project.id, "project", name) == identity:
                return unmade(project, name)
        raise Missing("There is no such project.")

    def every(self, project: Project) -> list[dict[str, Any]]:
        """Every project, those that a client made first; never none."""
        made = [shown(project, one) for one in self._desk.library.every(project, KIND, limit=_PROJECTS)]
        names = {one["name"] for one in made}
        others = [unmade(project, name) for name in self._applications(project) if name not in names]
        return [*made, *others] or [unmade(project, "default")]

    def names(self, project: Project, identities: list[str]) -> list[str]:
        """The applications that these ids stand for; raises ``Missing`` for one that stands for none."""
        return [self.by_id(project, one)["name"] for one in identities]

    def id_by_name(self, project: Project, name: str) -> str:
        """The id of the project of that name, whether or not a client made it."""
        document = self._desk.library.named(project, KIND, name) if name else None
        return id_of(project.id, "project", name or "default") if document is None else document.id

    def make(self, project: Project, sent: dict[str, Any], *, upsert: bool) -> dict[str, Any] | None:
        """Make a project; nothing when there is one of that name, unless it may be changed."""
        name = sent.get("name")
        if not isinstance(name, str) or not name:
            raise Rejected("A project has a name.", status=422)
        known = self._desk.library.named(project, KIND, name)
        if known is not None and not upsert:
            return None
        value = {**(known.value if known else {}), **{key: item for key, item in sent.items() if item is not None}}
        identity = known.id if known else str(sent.get("id") or new_uuid())
        return shown(project, self._desk.library.put(project, Document(kind=KIND, id=identity, name=name, value=value)))

    def change(self, project: Project, identity: str, sent: dict[str, Any]) -> dict[str, Any]:
        """Change what a client may change of a project; raises ``Missing``."""
        known = self._desk.library.get(project, KIND, identity)
        before = self.by_id(project, identity) if known is None else dict(known.value)
        value = before | {key: sent[key] for key in _CHANGES if sent.get(key) is not None}
        document = Document(kind=KIND, id=identity, name=str(value["name"]), value=value)
        return shown(project, self._desk.library.put(project, document))

    def _applications(self, project: Project) -> list[str]:
        """Names that runs have given to their projects: no content, so that whoever writes may know them."""
        access = Access(actor="langsmith", projects=frozenset((project.id,)), level=Level.METADATA)
        try:
            (facets,) = self._desk.engine.facets(access, project.id, ["application"], limit=_APPLICATIONS)
        except OnrecordError:
            return []  # the store does not answer: projects that were made are still known
        return [one.value for one in facets.values if one.value]


def tenant_of(project: Project) -> str:
    """The workspace of LangSmith that a project of ours is."""
    return id_of(project.id, "tenant")


def unmade(project: Project, name: str) -> dict[str, Any]:
    """A project that nobody made: runs name it."""
    return _frame(project, id_of(project.id, "project", name), name, 0)  # when it began nobody said


def shown(project: Project, document: Document) -> dict[str, Any]:
    """A project as a client reads it."""
    value = document.value
    frame = _frame(project, document.id, document.name, document.created_us)
    return frame | {key: value[key] for key in (*_CHANGES, "reference_dataset_id", "start_time") if value.get(key)}


def _frame(project: Project, identity: str, name: str, started_us: int) -> dict[str, Any]:
    return {
        "id": identity,
        "tenant_id": tenant_of(project),
        "name": name,
        "description": None,
        "start_time": iso_of(started_us),
        "end_time": None,
        "extra": None,
        "reference_dataset_id": None,
    }


class ProjectsIn:
    """The endpoints of ``/sessions``."""

    def __init__(self, desk: Desk, projects: Projects) -> None:
        self._desk = desk
        self._projects = projects

    def routes(self) -> list[Route]:
        """Their addresses."""
        tally = self._desk.bodies.tally
        return [
            Route("/sessions", guarded(self._list, tally), methods=["GET"]),
            Route("/sessions", guarded(self._make, tally), methods=["POST"]),
            Route("/sessions/{id}", guarded(self._read, tally), methods=["GET"]),
            Route("/sessions/{id}", guarded(self._change, tally), methods=["PATCH"]),
        ]

    async def _list(self, request: Request) -> Response:
        project, wanted = member(self._desk, request), request.query_params
        offset, limit = window(request)
        if wanted.get("name"):
            one = await asyncio.to_thread(self._projects.named, project, wanted["name"])
            return answer([one] if one and not offset else [])
        found = await asyncio.to_thread(self._projects.every, project)
        if "id" in wanted:
            found = [one for one in found if one["id"] in wanted.getlist("id")]
        if "reference_dataset" in wanted:
            found = [one for one in found if one["reference_dataset_id"] in wanted.getlist("reference_dataset")]
        if wanted.get("reference_free") in ("true", "True"):
            found = [one for one in found if not one["reference_dataset_id"]]
        if wanted.get("name_contains"):
            found = [one for one in found if wanted["name_contains"].lower() in one["name"].lower()]
        return answer(found[offset : offset + limit])

    async def _make(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent = await object_in(self._desk, request)
        upsert = request.query_params.get("upsert") in ("true", "True")
        made = await asyncio.to_thread(self._projects.make, project, sent, upsert=upsert)
        return failure(409, "There is a project of that name.") if made is None else answer(made)

    async def _read(self, request: Request) -> Response:
        project = member(self._desk, request)
        return answer(await asyncio.to_thread(self._projects.by_id, project, request.path_params["id"]))

    async def _change(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent = await object_in(self._desk, request)
        return answer(await asyncio.to_thread(self._projects.change, project, request.path_params["id"], sent))
