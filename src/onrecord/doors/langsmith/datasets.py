"""Datasets of LangSmith: a name under which examples stand."""

import asyncio
from typing import Any, Final

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

KIND: Final = "langsmith.dataset"
EXAMPLE: Final = "langsmith.example"
_DATASETS: Final = 10_000
"""Datasets that one list looks through."""
_FIELDS: Final = (
    "description", "data_type", "inputs_schema_definition", "outputs_schema_definition", "transformations", "metadata",
)  # fmt: skip


class Datasets:
    """Finds and makes datasets. Its methods block; endpoints call them in a thread."""

    def __init__(self, desk: Desk) -> None:
        self._library = desk.library

    def get(self, project: Project, identity: str) -> Document:
        """The dataset with that id; raises ``Missing``."""
        found = self._library.get(project, KIND, identity)
        if found is None:
            raise Missing("There is no such dataset.")
        return found

    def every(self, project: Project, name: str = "") -> list[Document]:
        """Every dataset, or those of a name."""
        return self._library.every(project, KIND, name=name, limit=_DATASETS)

    def put(self, project: Project, identity: str, value: dict[str, Any]) -> Document:
        """Keep a dataset."""
        name = value.get("name")
        if not isinstance(name, str) or not name:
            raise Rejected("A dataset has a name.", status=422)
        return self._library.put(project, Document(kind=KIND, id=identity, name=name, value=value))

    def remove(self, project: Project, identity: str) -> None:
        """Remove a dataset and its examples; raises ``Missing``."""
        self.get(project, identity)
        self._library.remove(project, KIND, identity)

    def shown(self, project: Project, document: Document) -> dict[str, Any]:
        """A dataset as a client reads it."""
        value = document.value
        return {
            "id": document.id,
            "tenant_id": tenant_of(project),
            "name": document.name,
            "data_type": "kv",
            "created_at": iso_of(document.created_us),
            "modified_at": iso_of(document.updated_us),
            "example_count": self._library.count(project, EXAMPLE, parent=document.id),
            "session_count": 0,
            **{key: value[key] for key in _FIELDS if value.get(key) is not None},
        }


class DatasetsIn:
    """The endpoints of ``/datasets``."""

    def __init__(self, desk: Desk, datasets: Datasets) -> None:
        self._desk = desk
        self._datasets = datasets

    def routes(self) -> list[Route]:
        """Their addresses."""
        tally = self._desk.bodies.tally
        return [
            Route("/datasets", guarded(self._list, tally), methods=["GET"]),
            Route("/datasets", guarded(self._make, tally), methods=["POST"]),
            Route("/datasets/{id}", guarded(self._read, tally), methods=["GET"]),
            Route("/datasets/{id}", guarded(self._change, tally), methods=["PATCH"]),
            Route("/datasets/{id}", guarded(self._remove, tally), methods=["DELETE"]),
            Route("/datasets/{id}/versions", guarded(self._versions, tally), methods=["GET"]),
            Route("/datasets/{id}/version", guarded(self._version, tally), methods=["GET"]),
        ]

    async def _list(self, request: Request) -> Response:
        project, wanted = member(self._desk, request), request.query_params
        offset, limit = window(request)
        found = await asyncio.to_thread(self._datasets.every, project, wanted.get("name", ""))
        if "id" in wanted:
            found = [one for one in found if one.id in wanted.getlist("id")]
        if wanted.get("name_contains"):
            found = [one for one in found if wanted["name_contains"].lower() in one.name.lower()]
        page = found[offset : offset + limit]
        return answer(await asyncio.to_thread(lambda: [self._datasets.shown(project, one) for one in page]))

    async def _make(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent = await object_in(self._desk, request)
        if await asyncio.to_thread(self._datasets.every, project, str(sent.get("name"))):
            return failure(409, "There is a dataset of that name.")
        extra = sent.pop("extra", None)
        if isinstance(extra, dict) and "metadata" not in sent:
            told = extra.get("metadata")
            sent["metadata"] = {k: v for k, v in told.items() if k != "runtime"} if isinstance(told, dict) else None
        return await self._put(project, str(sent.get("id") or new_uuid()), sent)

    async def _read(self, request: Request) -> Response:
        project = member(self._desk, request)
        found = await asyncio.to_thread(self._datasets.get, project, request.path_params["id"])
        return answer(await asyncio.to_thread(self._datasets.shown, project, found))

    async def _change(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent = await object_in(self._desk, request)
        known = await asyncio.to_thread(self._datasets.get, project, request.path_params["id"])
        changed = {key: item for key, item in sent.items() if item is not None}
        return await self._put(project, known.id, {**known.value, **changed})

    async def _remove(self, request: Request) -> Response:
        project = writer(self._desk, request)
        await asyncio.to_thread(self._datasets.remove, project, request.path_params["id"])
        return answer({})

    async def _versions(self, request: Request) -> Response:
        return answer([await self._newest(request)])

    async def _version(self, request: Request) -> Response:
        return answer(await self._newest(request))

    async def _newest(self, request: Request) -> dict[str, Any]:
        """The only version there is: datasets are kept as they are, not as they were."""
        project = member(self._desk, request)
        found = await asyncio.to_thread(self._datasets.get, project, request.path_params["id"])
        return {"as_of": iso_of(found.updated_us), "tags": ["latest"]}

    async def _put(self, project: Project, identity: str, value: dict[str, Any]) -> Response:
        kept = await asyncio.to_thread(self._datasets.put, project, identity, value)
        return answer(await asyncio.to_thread(self._datasets.shown, project, kept))
