# mypy: ignore-errors
"""An experiment end to end: a dataset with examples, `evaluate()` and `aevaluate()` with evaluators, and its links."""

import asyncio
import json
import sys

from langsmith import Client
from langsmith.evaluation import aevaluate, evaluate

client = Client()
NAME = f"capitals-{sys.argv[1]}"
QUESTIONS = {"Portugal": "Lisbon", "France": "Paris", "Peru": "Lima"}

dataset = client.create_dataset(NAME, description="Capitals of the world")
client.create_examples(
    inputs=[{"country": country} for country in QUESTIONS],
    outputs=[{"capital": capital} for capital in QUESTIONS.values()],
    metadata=[{"row": row} for row in range(len(QUESTIONS))],
    dataset_id=dataset.id,
)


def target(inputs: dict) -> dict:
    return {"capital": "Lisbon" if inputs["country"] == "Portugal" else "Paris"}


def correct(run, example) -> dict:
    return {"key": "correct", "score": int(run.outputs["capital"] == example.outputs["capital"])}


def share(runs, examples) -> dict:
    return {
        "key": "share",
        "score": sum(r.outputs == e.outputs for r, e in zip(runs, examples, strict=True)) / len(runs),
    }


results = evaluate(
    target,
    client=client,
    data=NAME,
    evaluators=[correct],
    summary_evaluators=[share],
    experiment_prefix="sync",
    max_concurrency=1,
)
rows = list(results)


async def asynchronous() -> list:
    async def answer(inputs: dict) -> dict:
        return target(inputs)

    found = await aevaluate(answer, client=client, data=NAME, evaluators=[correct], experiment_prefix="async")
    return [row async for row in found]


more = asyncio.run(asynchronous())
client.tracing_queue.join()
getattr(client, "flush", lambda: None)()
listed = sorted(client.list_examples(dataset_id=dataset.id), key=lambda one: one.metadata["row"])
example = client.read_example(listed[0].id)
client.update_example(example.id, outputs={"capital": "Lisboa"}, metadata={"row": 0, "checked": True})
project = client.read_project(project_name=results.experiment_name)
sys.stdout.write(
    json.dumps(
        {
            "experiment": results.experiment_name,
            "project": str(project.id),
            "reference": str(project.reference_dataset_id),
            "dataset": str(dataset.id),
            "scores": [row["evaluation_results"]["results"][0].score for row in rows],
            "async": sorted(row["evaluation_results"]["results"][0].score for row in more),
            "runs": [str(row["run"].id) for row in rows],
            "examples": [[one.inputs["country"], one.outputs["capital"]] for one in listed],
            "updated": client.read_example(example.id).outputs,
            "exists": client.has_dataset(dataset_name=NAME),
            "read": client.read_dataset(dataset_name=NAME).description,
        }
    )
)
