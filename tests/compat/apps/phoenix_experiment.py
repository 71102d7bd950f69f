# mypy: ignore-errors
"""``phoenix.client`` makes a dataset in three ways, changes it, and runs an experiment with evaluators over it."""

import json
import os
import sys

import pandas as pd
from phoenix.client import Client
from phoenix.client.experiments import run_experiment

client = Client(base_url=os.environ["SERVER"], api_key=os.environ["KEY"])
said = {}
dataset = client.datasets.create_dataset(
    name="capitals",
    dataset_description="Capitals of Europe",
    inputs=[{"country": "Portugal"}, {"country": "Spain"}],
    outputs=[{"capital": "Lisbon"}, {"capital": "Madrid"}],
    metadata=[{"area": 92_212}, {"area": 505_990}],
)
said["first"] = [len(dataset), dataset.name, dataset.description, dataset.version_id]
grown = client.datasets.add_examples_to_dataset(
    dataset="capitals", inputs=[{"country": "France"}], outputs=[{"capital": "Paris"}]
)
said["grown"] = [len(grown), grown.id == dataset.id, grown.version_id != dataset.version_id]
said["versions"] = len(client.datasets.get_dataset_versions(dataset="capitals"))
said["then"] = len(client.datasets.get_dataset(dataset=dataset.id, version_id=dataset.version_id))
table = pd.DataFrame({"question": ["Soup?", "Bread?"], "answer": ["Yes", "No, sorry"]})
framed = client.datasets.create_dataset(name="menu", dataframe=table, input_keys=["question"], output_keys=["answer"])
said["framed"] = sorted((one["input"]["question"], one["output"]["answer"]) for one in framed.examples)
said["names"] = sorted(one["name"] for one in client.datasets.list())
replaced = client.datasets.create_dataset(name="menu", inputs=[{"question": "Soup?"}], outputs=[{"answer": "Yes"}])
said["replaced"] = [len(replaced), replaced.examples[0]["id"] in {one["id"] for one in framed.examples}]


def task(input):  # noqa: A002 - the client binds arguments by name
    if input["country"] == "France":
        raise ValueError("not asked")
    return {"capital": {"Portugal": "Lisbon", "Spain": "Barcelona"}[input["country"]]}


def right(output, expected) -> bool:
    return output == expected


def wordy(output) -> float:
    return len(output["capital"]) / 10


ran = run_experiment(
    client=client,
    dataset=grown,
    task=task,
    evaluators={"right": right, "wordy": wordy},
    experiment_name="by heart",
    experiment_metadata={"model": "none"},
    retries=0,
)
said["runs"] = sorted((one["output"] or {}).get("capital", "") for one in ran["task_runs"])
said["evaluations"] = sorted((one.name, one.result["score"]) for one in ran["evaluation_runs"] if one.result)
again = client.experiments.get_experiment(experiment_id=ran["experiment_id"])
said["again"] = sorted((one.name, one.result["score"]) for one in again["evaluation_runs"])
(said["listed"],) = client.experiments.list(dataset_id=dataset.id)
said["traces"] = {one["trace_id"]: one["output"] for one in again["task_runs"]}
said["link"] = client.experiments.get_experiment_url(dataset.id, ran["experiment_id"])
client.experiments.delete(experiment_id=ran["experiment_id"])
try:
    client.experiments.get(experiment_id=ran["experiment_id"])
except ValueError as gone:
    said["gone"] = str(gone)
sys.stdout.write("\n" + json.dumps(said))
