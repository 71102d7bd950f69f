"""Datasets: named lists of examples, each upload a version, kept in the library.

An example is a document that never changes; a version is the list of those that are in it. What was made from a span
is destroyed with the person of that span, out of every version.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from onrecord.control.library import NOBODY, Document, Origin
from onrecord.doors.phoenix.answer import librarian, number, route, writer
from onrecord.doors.phoenix.nodes import Nodes
from onrecord.doors.phoenix.places import traces_of
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.limits import DATASET_EXAMPLES
from onrecord.model.ids import new_id
from onrecord.model.project import Project
from onrecord.model.time import iso_of
from onrecord.receive.phoenix_uploads import Example, Upload, decode_upload

DATASET: Final = "phoenix.dataset"
EXAMPLE: Final = "phoenix.example"
VERSION: Final = "phoenix.dataset.version"
DATASETS: Final = Nodes("Dataset")
VERSIONS: Final = Nodes("DatasetVersion")
_FORM: Final = "multipart/form-data"
_SIGNAL: Final = "phoenix.datasets"
_PAGE: Final = 100
_REVISIONS: Final = 10 * DATASET_EXAMPLES
"""Examples of all versions of a dataset: what one question reads."""


class Content(msgspec.Struct, frozen=True):
    """A version of a dataset and what is in it."""

    dataset: Document
    version: Document
    examples: list[Document]


def routes(desk: Desk) -> list[Route]:
    """Where datasets are uploaded and read."""
    return [
        route(desk, "/v1/datasets/upload", "POST", _upload),
        route(desk, "/v1/datasets", "GET", _list),
        route(desk, "/v1/datasets/{dataset}", "GET", _get),
        route(desk, "/v1/datasets/{dataset}", "DELETE", _delete),
        route(desk, "/v1/datasets/{dataset}/versions", "GET", _versions),
        route(desk, "/v1/datasets/{dataset}/examples", "GET", _examples),
    ]


def content_of(desk: Desk, project: Project, dataset_id: str, version_id: str = "") -> Content:
    """A dataset by its id at Phoenix, at a version or at the newest one; raises ``Missing``."""
    dataset = desk.library.get(project, DATASET, DATASETS.key(dataset_id))
    if dataset is None:
        raise Missing("There is no such dataset.")
    named = desk.library.get(project, VERSION, VERSIONS.key(version_id)) if version_id else None
    version = named if version_id else _newest(desk, project, dataset)
    if version is None or version.parent != dataset.id:
        raise Missing("There is no such version of the dataset.")
    kept = desk.library.every(project, EXAMPLE, parent=dataset.id, limit=_REVISIONS)
    by_id = {one.id: one for one in kept}
    return Content(dataset, version, [by_id[id_] for id_ in version.value["examples"] if id_ in by_id])


def example(kept: Document) -> dict[str, Any]:
    """An example as Phoenix's clients read it."""
    value = kept.value
    shown = {
        "id": value["example"],
        "node_id": value["example"],
        "input": value["input"],
        "output": value["output"],
        "metadata": value["metadata"],
        "updated_at": iso_of(kept.created_us),
    }
    return shown | ({"source": {"span_id": value["span_id"], "span_node_id": ""}} if value["span_id"] else {})


async def _upload(desk: Desk, request: Request) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "")
    project = writer(desk, request, _FORM)
    async with desk.bodies.plain(request, _SIGNAL) as plain:
        upload = await run_in_threadpool(decode_upload, plain, content_type)
        return {"data": await run_in_threadpool(_keep, desk, project, upload)}


def _keep(desk: Desk, project: Project, upload: Upload) -> dict[str, Any]:
    library = desk.library
    dataset = library.named(project, DATASET, upload.name)
    if dataset is not None and upload.action == "create":
        raise Rejected("There is a dataset of that name.", status=409)
    if dataset is None:
        dataset = Document(
            kind=DATASET, id=new_id(), name=upload.name, value={"description": upload.description, "metadata": {}}
        )
        library.put(project, dataset)
        before: list[Document] = []
        number_ = 1
    else:
        now = content_of(desk, project, DATASETS.id(dataset.id))
        before, number_ = now.examples, now.version.value["number"] + 1
    held = library.count(project, EXAMPLE, parent=dataset.id)
    size = len(upload.examples) + (0 if upload.action == "update" else len(before))
    if held + len(upload.examples) > _REVISIONS or size > DATASET_EXAMPLES:
        raise Rejected("The dataset is full: begin another.", status=413)
    after, created, updated = _merged(desk, project, dataset, before, upload)
    version = Document(
        kind=VERSION, id=new_id(), parent=dataset.id, value={"number": number_, "examples": [one.id for one in after]}
    )
    library.put(project, version)
    library.put(project, dataset)  # its time of change
    return {
        "dataset_id": DATASETS.id(dataset.id),
        "version_id": VERSIONS.id(version.id),
        "num_created_examples": created,
        "num_updated_examples": updated,
        "num_deleted_examples": len(before) + created - len(after),
    }


def _merged(
    desk: Desk, project: Project, dataset: Document, before: Sequence[Document], upload: Upload
) -> tuple[list[Document], int, int]:
    """What is in the dataset after an upload, how many examples are new, and how many have changed."""
    known = {one.value["example"]: one for one in before}
    alike = {_facts_of(one.value): one for one in before}
    traces = traces_of(desk, project, [one.span_id for one in upload.examples if one.span_id])
    after = {} if upload.action == "update" else dict(known)
    created = updated = 0
    for one in upload.examples:
        same = alike.get(_facts(one)) if upload.action == "update" or one.id else None
        if same is not None and one.id in ("", same.value["example"]):
            after[same.value["example"]] = same
            continue
        id_ = one.id or new_id()
        if id_ in known:
            updated += 1
        else:
            created += 1
        value = msgspec.structs.asdict(one) | {"example": id_, "splits": list(one.splits)}
        trace_id = traces.get(one.span_id, "")
        document = Document(kind=EXAMPLE, id=new_id(), parent=dataset.id, value=value)
        after[id_] = desk.library.put(project, document, Origin(trace_id=trace_id) if trace_id else NOBODY)
    return list(after.values()), created, updated


def _facts(one: Example) -> bytes:
    return _facts_of(msgspec.structs.asdict(one) | {"splits": list(one.splits)})


def _facts_of(value: Any) -> bytes:
    """What makes two examples the same, whoever numbered them."""
    told = [value["input"], value["output"], value["metadata"], value["splits"], value["span_id"]]
    return msgspec.json.encode(told, order="sorted")


async def _list(desk: Desk, request: Request) -> dict[str, Any]:
    project = librarian(desk, request)
    name = request.query_params.get("name", "")
    start = number(request, "cursor", 1, 1 << 31) - 1
    limit = number(request, "limit", _PAGE, _PAGE)

    def find() -> dict[str, Any]:
        found = desk.library.every(project, DATASET, name=name, offset=start, limit=limit + 1)
        shown = [_shown(one, len(_newest(desk, project, one).value["examples"])) for one in found[:limit]]
        return {"data": shown, "next_cursor": str(start + limit + 1) if len(found) > limit else None}

    return await run_in_threadpool(find)


async def _get(desk: Desk, request: Request) -> dict[str, Any]:
    content = await _asked(desk, request)
    return {"data": _shown(content.dataset, len(content.examples))}


async def _delete(desk: Desk, request: Request) -> None:
    project = librarian(desk, request, writes=True)
    if not await run_in_threadpool(desk.library.remove, project, DATASET, DATASETS.key(request.path_params["dataset"])):
        raise Missing("There is no such dataset.")


async def _versions(desk: Desk, request: Request) -> dict[str, Any]:
    project = librarian(desk, request)
    limit = number(request, "limit", _PAGE, DATASET_EXAMPLES)
    content = await _asked(desk, request)
    found = await run_in_threadpool(_of_dataset, desk, project, content.dataset)
    newest = sorted(found, key=lambda one: -one.value["number"])[:limit]
    shown: list[dict[str, Any]] = [
        {
            "version_id": VERSIONS.id(one.id),
            "description": None,
            "metadata": {},
            "created_at": iso_of(one.created_us),
        }
        for one in newest
    ]
    return {"data": shown, "next_cursor": None}


async def _examples(desk: Desk, request: Request) -> dict[str, Any]:
    content = await _asked(desk, request)
    splits = set(request.query_params.getlist("split"))
    chosen = [one for one in content.examples if not splits or splits & set(one.value["splits"])]
    return {
        "data": {
            "dataset_id": DATASETS.id(content.dataset.id),
            "version_id": VERSIONS.id(content.version.id),
            "examples": [example(one) for one in chosen],
            "filtered_splits": sorted(splits),
        }
    }


async def _asked(desk: Desk, request: Request) -> Content:
    project = librarian(desk, request)
    version = request.query_params.get("version_id", "")
    return await run_in_threadpool(content_of, desk, project, request.path_params["dataset"], version)


def _of_dataset(desk: Desk, project: Project, dataset: Document) -> list[Document]:
    return desk.library.every(project, VERSION, parent=dataset.id, limit=DATASET_EXAMPLES)


def _newest(desk: Desk, project: Project, dataset: Document) -> Document:
    versions = _of_dataset(desk, project, dataset)
    if not versions:
        raise Missing("There is no such version of the dataset.")
    return max(versions, key=lambda one: one.value["number"])


def _shown(dataset: Document, examples: int) -> dict[str, Any]:
    return {
        "id": DATASETS.id(dataset.id),
        "name": dataset.name,
        "description": dataset.value["description"],
        "metadata": dataset.value["metadata"],
        "created_at": iso_of(dataset.created_us),
        "updated_at": iso_of(dataset.updated_us),
        "example_count": examples,
    }
