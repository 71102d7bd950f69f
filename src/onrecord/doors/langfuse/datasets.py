"""Datasets and their items: what an application is tested with. Documents of the library, sealed like the rest."""

import threading
from typing import Any, Final
from urllib.parse import unquote

from starlette.responses import Response
from starlette.routing import BaseRoute

from onrecord.control.library import Document, Origin
from onrecord.doors.langfuse.call import LIBRARY, WRITE, Call, found, not_here, route
from onrecord.doors.langfuse.listing import every, iso, page_of
from onrecord.doors.port import Desk
from onrecord.errors import Rejected
from onrecord.limits import ID_BYTES
from onrecord.model.ids import new_id

DATASET: Final = "langfuse.dataset"
ITEM: Final = "langfuse.item"
_OF_DATASET: Final = ("description", "metadata", "inputSchema", "expectedOutputSchema")
_OF_ITEM: Final = ("input", "expectedOutput", "metadata", "sourceTraceId", "sourceObservationId", "status")
_lock: Final = threading.Lock()
"""Two clients that make the same dataset at once make one."""


def routes(desk: Desk) -> list[BaseRoute]:
    """Datasets and items, in both versions of the API."""
    made: list[BaseRoute] = []
    for prefix in ("/v2/datasets", "/datasets"):
        made += [
            route(desk, prefix, LIBRARY, GET=_list),
            route(desk, prefix, WRITE, POST=_create),
            route(desk, prefix + "/{dataset:path}", LIBRARY, GET=_get),
        ]
    return [
        *made,
        route(desk, "/dataset-items", LIBRARY, GET=_items),
        route(desk, "/dataset-items", WRITE, POST=_put_item),
        route(desk, "/dataset-items/{item:path}", LIBRARY, GET=_item),
        route(desk, "/dataset-items/{item:path}", WRITE, DELETE=_remove_item),
    ]


def dataset_named(call: Call, name: Any) -> Document:
    """The dataset of that name; raises ``Missing``.

    Python's SDK 2 and 3 escape a name before their HTTP client escapes it again: what is not there as it was sent is
    looked for as it was meant.
    """
    sent = [name, unquote(name)] if isinstance(name, str) and name else []
    found_so = (call.desk.library.named(call.project, DATASET, one) for one in dict.fromkeys(sent))
    kept = next((one for one in found_so if one is not None), None)
    dataset: Document = found(kept, "dataset")
    return dataset


def name_in(body: dict[str, Any], key: str = "name") -> str:
    """A name that was sent; raises ``Rejected`` when it is none."""
    name = body.get(key)
    if not isinstance(name, str) or not name or len(name.encode()) > ID_BYTES:
        raise Rejected(f"'{key}' is a text of at most {ID_BYTES} bytes.")
    return name


def _create(call: Call) -> Any:
    body = call.body()
    name = name_in(body)
    with _lock:
        known = call.desk.library.named(call.project, DATASET, name)
        value = _with(known, body, _OF_DATASET)
        document = Document(kind=DATASET, id=known.id if known else new_id(), name=name, value=value)
        return _shown(call, call.desk.library.put(call.project, document))


def _get(call: Call) -> Any:
    dataset = dataset_named(call, call.path("dataset"))
    shown = _shown(call, dataset)
    if "/v2/" not in call.request.url.path:  # the older clients read items and runs from the dataset itself
        items = every(call.desk.library, call.project, ITEM, parent=dataset.id)
        shown["items"] = [_shown_item(one, dataset) for one in items]
        shown["runs"] = []
    return shown


def _list(call: Call) -> Any:
    return page_of(call, [_shown(call, one) for one in every(call.desk.library, call.project, DATASET)])


def _put_item(call: Call) -> Any:
    body, library = call.body(), call.desk.library
    dataset = dataset_named(call, body.get("datasetName"))
    name = name_in(body, "id") if body.get("id") else new_id()
    with _lock:
        known = library.get(call.project, ITEM, name)
        value = _with(known, body, _OF_ITEM)
        source = value.get("sourceTraceId")
        origin = Origin(trace_id=source if isinstance(source, str) else "")
        kept = library.put(call.project, Document(kind=ITEM, id=name, parent=dataset.id, value=value), origin)
    return _shown_item(kept, dataset)


def _item(call: Call) -> Any:
    item = found(call.desk.library.get(call.project, ITEM, call.path("item")), "dataset item")
    return _shown_item(item, found(call.desk.library.get(call.project, DATASET, item.parent), "dataset"))


def _items(call: Call) -> Any:
    library, asked = call.desk.library, call.asked
    if asked("version"):
        return not_here(call)
    names = {one.id: one for one in every(library, call.project, DATASET)}
    parent = dataset_named(call, asked("datasetName")).id if asked("datasetName") else ""
    wanted = {key: asked(key) for key in ("sourceTraceId", "sourceObservationId") if asked(key)}
    chosen = [
        _shown_item(one, names[one.parent])
        for one in every(library, call.project, ITEM, parent=parent)
        if one.parent in names and all(one.value.get(key) == value for key, value in wanted.items())
    ]
    return page_of(call, chosen[::-1])


def _remove_item(call: Call) -> Any:
    found(call.desk.library.get(call.project, ITEM, call.path("item")), "dataset item")
    call.desk.library.remove(call.project, ITEM, call.path("item"))
    return answer_removed()


def _with(known: Document | None, body: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """What was known, with what is said now."""
    value: dict[str, Any] = dict(known.value) if known else {}
    return value | {key: body[key] for key in fields if key in body}


def answer_removed() -> Response:
    """What the SDKs read after a removal."""
    return Response(b'{"message":"Removed"}', media_type="application/json")


def _shown(call: Call, one: Document) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "projectId": call.project.id, "createdAt": iso(one.created_us),
        "updatedAt": iso(one.updated_us), **{key: one.value.get(key) for key in _OF_DATASET},
    }  # fmt: skip


def _shown_item(one: Document, dataset: Document) -> dict[str, Any]:
    return {
        "id": one.id, "datasetId": dataset.id, "datasetName": dataset.name, "createdAt": iso(one.created_us),
        "updatedAt": iso(one.updated_us), "mediaReferences": [],
        **{key: one.value.get(key) for key in _OF_ITEM}, "status": one.value.get("status") or "ACTIVE",
    }  # fmt: skip
