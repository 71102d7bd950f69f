"""Runs of datasets: those that a client tells item by item, and those that newer SDKs tell by span attributes only."""

import threading
from typing import Any, Final

from starlette.routing import BaseRoute

from onrecord.control.library import Document, Origin
from onrecord.doors.langfuse.call import LIBRARY, WRITE, Call, found, route
from onrecord.doors.langfuse.datasets import DATASET, ITEM, answer_removed, dataset_named, name_in
from onrecord.doors.langfuse.listing import every, iso, page_of
from onrecord.doors.port import Desk
from onrecord.errors import Missing
from onrecord.model.ids import new_id
from onrecord.query.syntax import Compare

RUN: Final = "langfuse.run"
RUN_ITEM: Final = "langfuse.run.item"
_A: Final = "attributes.langfuse.experiment."
_lock: Final = threading.Lock()
"""Items of one run come in parallel: the first makes the run."""


def routes(desk: Desk) -> list[BaseRoute]:
    """Runs and their items."""
    return [
        route(desk, "/dataset-run-items", WRITE, POST=_put_item),
        route(desk, "/dataset-run-items", LIBRARY, GET=_items),
        route(desk, "/datasets/{dataset:path}/runs/{run:path}", LIBRARY, GET=_get),
        route(desk, "/datasets/{dataset:path}/runs/{run:path}", WRITE, DELETE=_remove),
        route(desk, "/datasets/{dataset:path}/runs", LIBRARY, GET=_list),
    ]


def _put_item(call: Call) -> Any:
    body, library, project = call.body(), call.desk.library, call.project
    name = name_in(body, "runName")
    item = found(library.get(project, ITEM, name_in(body, "datasetItemId")), "dataset item")
    trace_id = body["traceId"] if isinstance(body.get("traceId"), str) else ""
    with _lock:
        run = _run_named(call, item.parent, name)
        if run is None:
            told = {"name": name, "description": body.get("runDescription"), "metadata": body.get("metadata")}
            made = Document(kind=RUN, id=new_id(), name=f"{item.parent}/{name}", parent=item.parent, value=told)
            run = library.put(project, made)
    value = {"datasetItemId": item.id, "traceId": trace_id, "observationId": body.get("observationId")}
    # One item of a run and one trace are one line, however often it is told.
    told_as = f"{run.id}/{item.id}/{trace_id}/{value['observationId'] or ''}"
    kept = library.put(
        project, Document(kind=RUN_ITEM, id=told_as, parent=run.id, value=value), Origin(trace_id=trace_id)
    )
    return _shown_item(kept, run)


def _items(call: Call) -> Any:
    dataset = found(call.desk.library.get(call.project, DATASET, call.asked("datasetId")), "dataset")
    return page_of(call, _run(call, dataset, call.asked("runName"))["datasetRunItems"])


def _get(call: Call) -> Any:
    return _run(call, dataset_named(call, call.path("dataset")), call.path("run"))


def _list(call: Call) -> Any:
    dataset = dataset_named(call, call.path("dataset"))
    kept = [_shown(one, dataset) for one in every(call.desk.library, call.project, RUN, parent=dataset.id)]
    names = {one["name"] for one in kept}
    return page_of(
        call, [*kept, *(_bare(one) for one in _told_by_spans(call, dataset) if one["name"] not in names)][::-1]
    )


def _remove(call: Call) -> Any:
    dataset = dataset_named(call, call.path("dataset"))
    run = found(_run_named(call, dataset.id, call.path("run")), "run")
    call.desk.library.remove(call.project, RUN, run.id)
    return answer_removed()


def _run(call: Call, dataset: Document, name: str) -> dict[str, Any]:
    run = _run_named(call, dataset.id, name)
    if run is None:
        for told in _told_by_spans(call, dataset):
            if told["name"] == name:
                return told
        raise Missing("There is no such run.")
    items = [_shown_item(one, run) for one in every(call.desk.library, call.project, RUN_ITEM, parent=run.id)]
    return {**_shown(run, dataset), "datasetRunItems": items}


def _run_named(call: Call, dataset: str, name: str) -> Document | None:
    return call.desk.library.named(call.project, RUN, f"{dataset}/{name}")


def _told_by_spans(call: Call, dataset: Document) -> list[dict[str, Any]]:
    """Runs as spans tell them: found by query, for keys that may read records."""
    if call.caller is None:
        return []
    engine, access, project = call.desk.engine, call.access(), call.project.id
    where = Compare(_A + "dataset.id", "=", dataset.id)
    names = engine.aggregate(access, project, group_by=(_A + "id", _A + "name"), where=where)
    lines = engine.aggregate(access, project, group_by=(_A + "id", _A + "item.id", "trace"), where=where)
    roots = engine.aggregate(
        access, project, group_by=(_A + "id", "trace", _A + "item.root_observation_id"), where=where
    )
    root_of = {(id_, trace): root for id_, trace, root in (one.group for one in roots) if root}
    found_runs = []
    for run_id, name in (one.group for one in names):
        if run_id:
            items = sorted({one.group for one in lines if one.group[0] == run_id and one.group[1]})
            found_runs.append(_of_spans(dataset, (run_id, name), items, root_of))
    return found_runs


def _of_spans(
    dataset: Document, run: tuple[str, str], items: list[tuple[str, ...]], root_of: dict[tuple[str, str], str]
) -> dict[str, Any]:
    run_id, name = run
    when = iso(dataset.updated_us)
    return {
        "id": run_id, "name": name or run_id, "description": None, "metadata": None, "datasetId": dataset.id,
        "datasetName": dataset.name, "createdAt": when, "updatedAt": when,
        "datasetRunItems": [
            {
                "id": f"{run_id}/{item}/{trace}", "datasetRunId": run_id, "datasetRunName": name or run_id,
                "datasetItemId": item, "traceId": trace, "observationId": root_of.get((run_id, trace)),
                "createdAt": when, "updatedAt": when,
            }
            for _, item, trace in items
        ],
    }  # fmt: skip


def _bare(run: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in run.items() if key != "datasetRunItems"}


def _shown(run: Document, dataset: Document) -> dict[str, Any]:
    return {
        "id": run.id, "name": run.value["name"], "description": run.value["description"],
        "metadata": run.value["metadata"], "datasetId": dataset.id, "datasetName": dataset.name,
        "createdAt": iso(run.created_us), "updatedAt": iso(run.updated_us),
    }  # fmt: skip


def _shown_item(one: Document, run: Document) -> dict[str, Any]:
    return {
        "id": one.id, "datasetRunId": run.id, "datasetRunName": run.value["name"], "createdAt": iso(one.created_us),
        "updatedAt": iso(one.updated_us), **one.value,
    }  # fmt: skip
