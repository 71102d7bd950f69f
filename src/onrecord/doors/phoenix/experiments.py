"""Experiments: runs of a task over a dataset, and what evaluators said of them.

Kept in the library, each run under the trace of its task, so that it goes with the person whose words it repeats. The
spans of task and evaluators arrive as any others, under the application that the experiment names. An evaluation of a
run with a trace is a score of that trace as well: it stands on the record, where it can be compared.
"""

import asyncio
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from onrecord.control.library import NOBODY, Document, Origin
from onrecord.doors.phoenix.answer import HEADERS, librarian, number, route, said, unsupported, writer
from onrecord.doors.phoenix.datasets import DATASETS, VERSIONS, content_of
from onrecord.doors.phoenix.evaluations import Evaluation, decode_evaluation, evaluations_of, keep_evaluation
from onrecord.doors.phoenix.nodes import Nodes
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.limits import DATASET_EXAMPLES
from onrecord.model.ids import new_id
from onrecord.model.project import Project
from onrecord.model.time import instant_of, iso_of

EXPERIMENT: Final = "phoenix.experiment"
RUN: Final = "phoenix.run"
EXPERIMENTS: Final = Nodes("Experiment")
RUNS: Final = Nodes("ExperimentRun")
_SIGNAL: Final = "phoenix.experiments"
_PAGE: Final = 1_000
_RESUME: Final = "An experiment can not be resumed here: run it again, or send single runs."


class _New(msgspec.Struct, frozen=True):
    name: str | None = None
    description: str | None = None
    metadata: dict[str, Any] | None = None
    version_id: str | None = None
    splits: list[str] | None = None
    repetitions: int = 1


class _Run(msgspec.Struct, frozen=True):
    dataset_example_id: str
    start_time: str
    end_time: str
    repetition_number: int = 1
    output: Any = None
    trace_id: str | None = None
    error: str | None = None


_new: Final = msgspec.json.Decoder(_New).decode
_run: Final = msgspec.json.Decoder(_Run).decode


def routes(desk: Desk) -> list[Route]:
    """Where experiments are made, run, evaluated and read."""
    one = "/v1/experiments/{experiment}"
    return [
        route(desk, "/v1/datasets/{dataset}/experiments", "POST", _create),
        route(desk, "/v1/datasets/{dataset}/experiments", "GET", _list),
        route(desk, one, "GET", _get),
        route(desk, one, "DELETE", _delete),
        route(desk, f"{one}/runs", "POST", _keep_run),
        route(desk, f"{one}/runs", "GET", _runs),
        route(desk, f"{one}/json", "GET", _whole),
        route(desk, f"{one}/incomplete-runs", "GET", unsupported(_RESUME)),
        route(desk, f"{one}/incomplete-evaluations", "GET", unsupported(_RESUME)),
        route(desk, "/v1/experiment_evaluations", "POST", _evaluate),
        Route("/datasets/{dataset}/compare", _page, methods=["GET"]),
        Route("/datasets/{dataset}/experiments", _page, methods=["GET"]),
    ]


async def _create(desk: Desk, request: Request) -> dict[str, Any]:
    project = writer(desk, request)
    async with desk.bodies.plain(request, _SIGNAL) as plain:
        try:
            sent = _new(plain)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Rejected("The body is no experiment.", status=422) from None

    def keep() -> dict[str, Any]:
        content = content_of(desk, project, request.path_params["dataset"], sent.version_id or "")
        id_ = new_id()
        value = {
            "dataset_version_id": VERSIONS.id(content.version.id),
            "name": sent.name or f"experiment {id_[:6]}",
            "description": sent.description,
            "metadata": sent.metadata or {},
            "repetitions": max(sent.repetitions, 1),
            "splits": sent.splits or [],
            "project_name": _application(id_),
        }
        kept = desk.library.put(project, Document(kind=EXPERIMENT, id=id_, parent=content.dataset.id, value=value))
        return {"data": _shown(desk, project, kept)}

    return await run_in_threadpool(keep)


async def _list(desk: Desk, request: Request) -> dict[str, Any]:
    project = librarian(desk, request)
    start = number(request, "cursor", 1, 1 << 31) - 1
    limit = number(request, "limit", 50, 100)

    def find() -> dict[str, Any]:
        dataset = DATASETS.key(request.path_params["dataset"])
        found = desk.library.every(project, EXPERIMENT, parent=dataset, offset=start, limit=limit + 1)
        shown = [_shown(desk, project, one) for one in found[:limit]]
        return {"data": shown, "next_cursor": str(start + limit + 1) if len(found) > limit else None}

    return await run_in_threadpool(find)


async def _get(desk: Desk, request: Request) -> dict[str, Any]:
    project = librarian(desk, request)
    return await run_in_threadpool(lambda: {"data": _shown(desk, project, _found(desk, project, request))})


async def _delete(desk: Desk, request: Request) -> None:
    project = librarian(desk, request, writes=True)

    def remove() -> None:
        kept = _found(desk, project, request)
        for run in desk.library.every(project, RUN, parent=kept.id, limit=DATASET_EXAMPLES):
            desk.library.remove(project, RUN, run.id)
        desk.library.remove(project, EXPERIMENT, kept.id)

    await run_in_threadpool(remove)


async def _keep_run(desk: Desk, request: Request) -> Response:
    project = writer(desk, request)
    async with desk.bodies.plain(request, _SIGNAL) as plain:
        try:
            sent = _run(plain)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Rejected("The body is no run.", status=422) from None
    if instant_of(sent.start_time) is None or instant_of(sent.end_time) is None:
        raise Rejected("A run has a start_time and an end_time.", status=422)

    def keep() -> Response:
        experiment = _found(desk, project, request)
        name = f"{experiment.id}/{sent.dataset_example_id}/{sent.repetition_number}"
        known = desk.library.named(project, RUN, name)
        if known is not None and not known.value["error"]:
            return said({"detail": "This run has succeeded already."}, 409)
        if desk.library.count(project, RUN, parent=experiment.id) >= DATASET_EXAMPLES:
            raise Rejected(f"An experiment has at most {DATASET_EXAMPLES} runs.", status=413)
        document = Document(
            kind=RUN,
            id=known.id if known is not None else new_id(),
            name=name,
            parent=experiment.id,
            value=msgspec.structs.asdict(sent),
        )
        desk.library.put(project, document, Origin(trace_id=sent.trace_id) if sent.trace_id else NOBODY)
        return said({"data": {"id": RUNS.id(document.id)}})

    return await run_in_threadpool(keep)


async def _runs(desk: Desk, request: Request) -> dict[str, Any]:
    project = librarian(desk, request)
    start = number(request, "cursor", 1, 1 << 31) - 1
    limit = number(request, "limit", _PAGE, _PAGE)

    def find() -> dict[str, Any]:
        experiment = _found(desk, project, request)
        found = desk.library.every(project, RUN, parent=experiment.id, offset=start, limit=limit + 1)
        shown = [_shown_run(experiment, one) for one in found[:limit]]
        return {"data": shown, "next_cursor": str(start + limit + 1) if len(found) > limit else None}

    return await run_in_threadpool(find)


async def _whole(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Every run beside its example and its evaluations."""
    project = librarian(desk, request)

    def find() -> list[dict[str, Any]]:
        experiment = _found(desk, project, request)
        dataset, version = DATASETS.id(experiment.parent), experiment.value["dataset_version_id"]
        examples = {one.value["example"]: one.value for one in content_of(desk, project, dataset, version).examples}
        runs = desk.library.every(project, RUN, parent=experiment.id, limit=DATASET_EXAMPLES)
        return [
            _told(run.value, examples[run.value["dataset_example_id"]])
            | {"annotations": evaluations_of(desk, project, run)}
            for run in runs
            if run.value["dataset_example_id"] in examples
        ]

    return await run_in_threadpool(find)


def _told(run: Any, example: Any) -> dict[str, Any]:
    began, ended = instant_of(run["start_time"]) or 0, instant_of(run["end_time"]) or 0
    return {
        "example_id": run["dataset_example_id"],
        "repetition_number": run["repetition_number"],
        "input": example["input"],
        "reference_output": example["output"],
        "output": run["output"],
        "error": run["error"],
        "latency_ms": (ended - began) / 1_000_000,
        "start_time": run["start_time"],
        "end_time": run["end_time"],
        "trace_id": run["trace_id"],
    }


async def _evaluate(desk: Desk, request: Request) -> dict[str, Any]:
    project = writer(desk, request)
    async with desk.bodies.plain(request, _SIGNAL) as plain:
        sent: Evaluation = decode_evaluation(plain)
    run = await run_in_threadpool(desk.library.get, project, RUN, RUNS.key(sent.experiment_run_id))
    if run is None:
        raise Missing("There is no such run.")
    id_, pending = await run_in_threadpool(keep_evaluation, desk, project, run, sent)
    if pending is not None:
        await asyncio.shield(asyncio.wrap_future(pending))
    return {"data": {"id": id_}}


async def _page(request: Request) -> Response:
    """The links that the client prints, at our own page of what an experiment traced."""
    experiment = request.query_params.get("experimentId", "")
    query = f"?q=application:{quote(_application(EXPERIMENTS.key(experiment)), safe='')}" if experiment else ""
    return RedirectResponse(f"/traces{query}", status_code=307, headers=HEADERS)


def _found(desk: Desk, project: Project, request: Request) -> Document:
    kept = desk.library.get(project, EXPERIMENT, EXPERIMENTS.key(request.path_params["experiment"]))
    if kept is None:
        raise Missing("There is no such experiment.")
    return kept


def _application(key: str) -> str:
    return f"experiment-{key}"


def _shown(desk: Desk, project: Project, kept: Document) -> dict[str, Any]:
    value = kept.value
    dataset = DATASETS.id(kept.parent)
    runs = desk.library.every(project, RUN, parent=kept.id, limit=DATASET_EXAMPLES)
    failed = sum(1 for run in runs if run.value["error"])
    splits = set(value["splits"])
    examples = content_of(desk, project, dataset, value["dataset_version_id"]).examples
    wanted = sum(1 for one in examples if not splits or splits & set(one.value["splits"]))
    return {
        "id": EXPERIMENTS.id(kept.id),
        "dataset_id": dataset,
        **{name: value[name] for name in ("dataset_version_id", "name", "description", "repetitions", "metadata")},
        "project_name": value["project_name"],
        "created_at": iso_of(kept.created_us),
        "updated_at": iso_of(kept.updated_us),
        "example_count": wanted,
        "successful_run_count": len(runs) - failed,
        "failed_run_count": failed,
        "missing_run_count": max(wanted * value["repetitions"] - len(runs), 0),
    }


def _shown_run(experiment: Document, run: Document) -> dict[str, Any]:
    told = {name: value for name, value in run.value.items() if value is not None or name == "output"}
    return told | {"id": RUNS.id(run.id), "experiment_id": EXPERIMENTS.id(experiment.id)}
