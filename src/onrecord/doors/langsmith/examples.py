"""Examples of datasets: one at a time, many at once, and as the multipart body of newer clients.

An example that was made from a run says so (``source_run_id``): erasing the person of that run destroys it.
"""

import asyncio
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.control.library import Document, Origin
from onrecord.doors.langsmith.answers import SIGNAL, answer, guarded
from onrecord.doors.langsmith.datasets import EXAMPLE, Datasets
from onrecord.doors.langsmith.places import Places
from onrecord.doors.langsmith.taking import list_in, member, new_uuid, object_in, parsed, window, writer
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.model.project import Project
from onrecord.model.time import iso_of
from onrecord.receive.multipart import Broken, boundary_of, parts

_SPLIT: Final = "dataset_split"
_UNSUPPORTED: Final = ("use_source_run_io", "use_source_run_attachments", "attachments_operations")
_EVERY: Final = 100_000
"""Examples of one dataset that a filter looks through."""


class ExamplesIn:
    """The endpoints of ``/examples``."""

    def __init__(self, desk: Desk, datasets: Datasets, places: Places) -> None:
        self._desk = desk
        self._datasets = datasets
        self._places = places

    def routes(self) -> list[Route]:
        """Their addresses."""
        tally = self._desk.bodies.tally
        return [
            Route("/examples", guarded(self._list, tally), methods=["GET"]),
            Route("/examples", guarded(self._make, tally), methods=["POST"]),
            Route("/examples", guarded(self._remove_many, tally), methods=["DELETE"]),
            Route("/examples/bulk", guarded(self._make_many, tally), methods=["POST"]),
            Route("/examples/bulk", guarded(self._change_many, tally), methods=["PATCH"]),
            Route("/examples/{id}", guarded(self._read, tally), methods=["GET"]),
            Route("/examples/{id}", guarded(self._change, tally), methods=["PATCH"]),
            Route("/examples/{id}", guarded(self._remove, tally), methods=["DELETE"]),
            Route("/platform/datasets/{dataset}/examples", guarded(self._multipart, tally), methods=["POST", "PATCH"]),
            Route("/platform/examples/multipart", guarded(self._multipart, tally), methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        project, wanted = member(self._desk, request), request.query_params
        if wanted.get("filter"):
            raise Rejected("onrecord does not filter examples.", status=501)
        offset, limit = window(request)
        found = await asyncio.to_thread(self._found, project, request)
        return answer([shown(one) for one in found[offset : offset + limit]])

    def _found(self, project: Project, request: Request) -> list[Document]:
        wanted = request.query_params
        if "id" in wanted:
            named = [self._desk.library.get(project, EXAMPLE, one) for one in wanted.getlist("id")]
            found = [one for one in named if one is not None]
        else:
            found = self._desk.library.every(project, EXAMPLE, parent=wanted.get("dataset", ""), limit=_EVERY)
        if "splits" in wanted:
            found = [one for one in found if set(_splits(one)) & set(wanted.getlist("splits"))]
        if wanted.get("metadata"):
            told = parsed(wanted["metadata"].encode())
            needed = told.items() if isinstance(told, dict) else ()
            found = [one for one in found if all((one.value.get("metadata") or {}).get(k) == v for k, v in needed)]
        return found

    async def _make(self, request: Request) -> Response:
        project = writer(self._desk, request)
        (made,) = await self._put(project, [await object_in(self._desk, request)])
        return answer(shown(made))

    async def _make_many(self, request: Request) -> Response:
        project = writer(self._desk, request)
        return answer([shown(one) for one in await self._put(project, await list_in(self._desk, request))])

    async def _change_many(self, request: Request) -> Response:
        project = writer(self._desk, request)
        changed = await self._put(project, await list_in(self._desk, request), known=True)
        return answer({"message": f"{len(changed)} examples updated"})

    async def _read(self, request: Request) -> Response:
        project = member(self._desk, request)
        return answer(shown(await asyncio.to_thread(self._get, project, request.path_params["id"])))

    async def _change(self, request: Request) -> Response:
        project = writer(self._desk, request)
        sent = await object_in(self._desk, request) | {"id": request.path_params["id"]}
        (changed,) = await self._put(project, [sent], known=True)
        return answer(shown(changed))

    async def _remove(self, request: Request) -> Response:
        project = writer(self._desk, request)
        await asyncio.to_thread(self._desk.library.remove, project, EXAMPLE, request.path_params["id"])
        return answer({})

    async def _remove_many(self, request: Request) -> Response:
        project = writer(self._desk, request)
        for one in request.query_params.getlist("example_ids"):
            await asyncio.to_thread(self._desk.library.remove, project, EXAMPLE, one)
        return answer({})

    async def _multipart(self, request: Request) -> Response:
        project = writer(self._desk, request)
        async with self._desk.bodies.plain(request, SIGNAL) as body:
            sent = of_multipart(body, request.headers.get("content-type", ""))
        dataset = request.path_params.get("dataset")
        examples = [{**one, "dataset_id": dataset} if dataset else one for one in sent]
        kept = await self._put(project, examples, known=request.method == "PATCH")
        return answer({"count": len(kept), "example_ids": [one.id for one in kept]})

    async def _put(self, project: Project, sent: list[dict[str, Any]], *, known: bool = False) -> list[Document]:
        origins = [await self._origin(project, one) for one in sent]
        return await asyncio.to_thread(
            lambda: [self._keep(project, one, origin, known) for one, origin in zip(sent, origins, strict=True)]
        )

    async def _origin(self, project: Project, sent: dict[str, Any]) -> Origin:
        run = sent.get("source_run_id")
        if not isinstance(run, str) or not run:
            return Origin()
        return Origin(trace_id=await self._places.trace_of(project, run) or run)

    def _keep(self, project: Project, sent: dict[str, Any], origin: Origin, known: bool) -> Document:
        if any(sent.get(name) for name in _UNSUPPORTED):
            raise Rejected("onrecord does not copy examples out of runs.", status=501)
        before: dict[str, Any] = {}
        if known:
            old = self._get(project, str(sent.get("id")))
            before = dict(old.value) | {"dataset_id": old.parent}
        value = before | {key: item for key, item in sent.items() if item is not None}
        dataset = self._datasets.get(project, str(value.pop("dataset_id", "")))
        identity = str(value.pop("id", None) or new_uuid())
        split = value.pop("split", None)
        if split:
            splits = split if isinstance(split, list) else [split]
            value["metadata"] = {**(value.get("metadata") or {}), _SPLIT: splits}
        document = Document(kind=EXAMPLE, id=identity, parent=dataset.id, value=value)
        return self._desk.library.put(project, document, origin)

    def _get(self, project: Project, identity: str) -> Document:
        found = self._desk.library.get(project, EXAMPLE, identity)
        if found is None:
            raise Missing("There is no such example.")
        return found


def of_multipart(body: bytes, media: str) -> list[dict[str, Any]]:
    """The examples of a multipart body: ``{id}`` and its fields ``{id}.inputs``, ``{id}.outputs``.

    Raises:
        Rejected: 422 it can not be taken apart, 501 an example has an attachment.
    """
    found: dict[str, dict[str, Any]] = {}
    try:
        for part in parts(body, boundary_of(media)):
            identity, _, field = part.name.partition(".")
            if field.startswith("attachment"):
                raise Rejected("onrecord does not keep attachments of examples.", status=501)
            value = parsed(part.body)
            if field:
                found.setdefault(identity, {})[field] = value
            elif isinstance(value, dict):
                found.setdefault(identity, {}).update(value)
    except Broken as broken:
        raise Rejected(f"The body is not multipart: {broken.what}.", status=422) from None
    return [{**value, "id": identity} for identity, value in found.items()]


def _splits(document: Document) -> list[str]:
    splits = (document.value.get("metadata") or {}).get(_SPLIT) or ["base"]
    return splits if isinstance(splits, list) else [splits]


def shown(document: Document) -> dict[str, Any]:
    """An example as a client reads it."""
    value = document.value
    return {
        "id": document.id,
        "dataset_id": document.parent,
        "inputs": value.get("inputs") or {},
        "outputs": value.get("outputs"),
        "metadata": {**(value.get("metadata") or {}), _SPLIT: _splits(document)},
        "source_run_id": value.get("source_run_id"),
        "created_at": iso_of(document.created_us),
        "modified_at": iso_of(document.updated_us),
        "name": f"#{document.id[:4]}",
    }
