"""`evaluate()` and `aevaluate()` of LangSmith's client against a real server, from the dataset to the scores."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.compat.langsmith import VERSIONS, World
from tests.e2e.server import serving

pytestmark = [pytest.mark.chdb, pytest.mark.clients, pytest.mark.slow]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("langsmith") / "data") as server:
        server.settle()
        yield World(server)


@pytest.fixture(scope="module", params=VERSIONS)
def said(request: pytest.FixtureRequest, world: World) -> dict[str, Any]:
    """What one run of the app found."""
    printed: dict[str, Any] = world.run(request.param, "langsmith_evaluate", request.param)
    return printed


def test_examples_are_read_back_as_they_were_made(said: dict[str, Any]) -> None:
    assert said["examples"] == [["Portugal", "Lisbon"], ["France", "Paris"], ["Peru", "Lima"]]
    assert (said["exists"], said["read"]) == (True, "Capitals of the world")
    assert said["updated"] == {"capital": "Lisboa"}


def test_every_example_was_judged(said: dict[str, Any]) -> None:
    assert sorted(said["scores"]) == [0, 1, 1]
    assert said["async"] == [0, 1, 1]


def test_the_experiment_is_a_project_of_its_dataset(said: dict[str, Any]) -> None:
    assert said["experiment"].startswith("sync-")
    assert said["reference"] == said["dataset"]


def test_runs_of_the_experiment_carry_their_example_and_their_score(world: World, said: dict[str, Any]) -> None:
    world.server.settle()
    rows = world.reader.rows("/traces", application=said["experiment"])
    assert len(rows) == 3
    scores = [score for row in rows for score in row["scores"]]
    assert sorted((score["name"], score["value"], score["source"]) for score in scores) == [
        ("correct", 0, "evaluator"), ("correct", 1, "evaluator"), ("correct", 1, "evaluator"),
    ]  # fmt: skip
    for row in rows:
        span = world.reader.exact(row["trace_id"], row["span_id"])
        assert re.fullmatch(r"[0-9a-f-]{36}", span.attributes["reference_example_id"])
        assert span.span_id in said["runs"]


@pytest.mark.node
def test_the_javascript_client_evaluates_too(world: World) -> None:
    said = world.run("langsmith_js", "langsmith_js_evaluate")
    assert (said["scores"], said["examples"]) == ([0, 1], [["Lisbon", "Tagus"], ["Porto", "Douro"]])
    world.server.settle()
    rows = world.reader.rows("/traces", application=said["experiment"])
    assert sorted(row["span_id"] for row in rows) == sorted(said["runs"])
    assert sorted(score["value"] for row in rows for score in row["scores"]) == [0, 1]
