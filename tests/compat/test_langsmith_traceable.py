"""LangSmith's own decorator in every version of its client: what was traced is a tree with everything in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.compat import plot
from tests.compat.langsmith import APPLICATION, VERSIONS, World, texts
from tests.e2e.server import serving

pytestmark = [pytest.mark.chdb, pytest.mark.clients, pytest.mark.slow]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("langsmith") / "data") as server:
        server.settle()
        yield World(server)


@pytest.fixture(scope="module", params=VERSIONS)
def seen(request: pytest.FixtureRequest, world: World) -> dict[str, Any]:
    """The traces of one run of the app in one version."""
    said: dict[str, Any] = world.run(request.param, "langsmith_traceable")
    return said


def test_runs_are_a_tree(world: World, seen: dict[str, Any]) -> None:
    assert world.tree(seen["assistant"]["trace"]) == [
        (0, "assistant", "chain", "ok"),
        (1, "search", "retriever", "ok"),
        (1, "get_weather", "tool", "ok"),
        (1, "fragile", "chain", "error"),
        (1, "streamed", "llm", "ok"),
        (1, "model", "llm", "ok"),
    ]


def test_inputs_outputs_tools_and_documents_arrive(world: World, seen: dict[str, Any]) -> None:
    root, search, tool, _, streamed, model = world.spans(seen["assistant"]["trace"])
    assert texts(root, "input") == [f'{{"question":"{plot.FOLLOW_UP}"}}']
    assert texts(root, "output") == [plot.TOOL_ANSWER]
    assert (search.query, [one.content for one in search.documents]) == (plot.SEARCH, list(plot.PASSAGES))
    assert tool.tool is not None
    assert (tool.tool.arguments, tool.tool.result) == ({"city": plot.CITY}, {"temperature": 21, "sky": "clear"})
    assert texts(streamed, "output") == [plot.ANSWER]
    assert [message.role for message in model.input] == ["system", "user"]
    assert texts(model, "output") == [plot.TOOL_ANSWER]
    assert (model.provider, model.model_requested, model.parameters) == ("openai", plot.MODEL, {"temperature": 0.2})


def test_the_first_token_of_a_stream_has_its_time(world: World, seen: dict[str, Any]) -> None:
    first = world.named(seen["assistant"]["trace"], "streamed").time_to_first_token_ms
    assert first is not None
    assert first >= 0


def test_tokens_count_once(world: World, seen: dict[str, Any]) -> None:
    world.server.settle()
    tokens = world.trace(seen["assistant"]["trace"])["trace"]["tokens"]
    assert (tokens["input"], tokens["output"], tokens["total"]) == (121, 13, 134)
    usage = world.named(seen["assistant"]["trace"], "model").usage
    assert (usage.cache_read, usage.aggregate) == (64, False)


def test_an_error_has_type_message_and_stack(world: World, seen: dict[str, Any]) -> None:
    root, fragile = world.spans(seen["failing"]["trace"])
    for span in (root, fragile):
        assert span.error is not None
        assert (span.status, span.error.type, span.error.message) == ("error", "LookupError", "no such order: B-18")
        assert span.error.stack.startswith("Traceback (most recent call last):")


def test_who_where_and_with_what_it_was(world: World, seen: dict[str, Any]) -> None:
    root = world.spans(seen["assistant"]["trace"])[0]
    assert (root.user_id, root.session_id, root.application) == (plot.USER, plot.SESSION, APPLICATION)
    assert root.tags == ("golden",)
    assert root.metadata["tier"] == "gold"
    assert (root.source.receiver, root.source.sdk, root.source.language) == ("langsmith", "langsmith-py", "python")


def test_the_clients_environment_and_machine_are_not_kept(world: World, seen: dict[str, Any]) -> None:
    root = world.spans(seen["assistant"]["trace"])[0]
    assert not [key for key in root.metadata if key.startswith(("LANGSMITH", "LANGCHAIN"))]
    assert "platform" not in str(root.resource)
    assert world.server.url not in str(root)


def test_feedback_is_a_score_of_its_run(world: World, seen: dict[str, Any]) -> None:
    world.server.settle()
    (helpful,) = world.trace(seen["assistant"]["trace"])["scores"]
    assert (helpful["name"], helpful["value"], helpful["comment"]) == ("helpful", 0.5, "It could be shorter.")
    assert helpful["span_id"] == seen["assistant"]["run"]
    (thumbs,) = world.trace(seen["failing"]["trace"])["scores"]
    assert (thumbs["name"], thumbs["value"], thumbs["label"]) == ("thumbs", 0, "down")


def test_nothing_was_refused(world: World, seen: dict[str, Any]) -> None:
    assert world.server.health()["rejected"] == 0


def test_the_same_runs_arrive_through_opentelemetry(world: World) -> None:
    world.run("langsmith_0_15", "langsmith_traceable", LANGSMITH_TRACING_MODE="otel", LANGSMITH_PROJECT="otel-shop")
    world.server.settle()
    rows = world.reader.rows("/traces", application="otel-shop")
    trace_id = next(row["trace_id"] for row in rows if row["name"] == "assistant")
    assert world.tree(trace_id) == [
        (0, "assistant", "chain", "ok"),
        (1, "search", "retriever", "ok"),
        (1, "get_weather", "tool", "ok"),
        (1, "fragile", "chain", "error"),
        (1, "streamed", "llm", "ok"),
        (1, "model", "llm", "ok"),
    ]
    root, search, tool, fragile, streamed, model = world.spans(trace_id)
    assert root.source.receiver == "langsmith"
    assert (root.source.dialect, root.user_id, root.session_id) == ("langsmith", plot.USER, plot.SESSION)
    assert (root.tags, root.metadata["tier"]) == (("golden",), "gold")
    assert not [key for key in root.metadata if key.startswith("LANGSMITH")]
    assert [one.content for one in search.documents] == list(plot.PASSAGES)
    assert tool.tool is not None
    assert (tool.tool.arguments, tool.tool.result) == ({"city": plot.CITY}, {"temperature": 21, "sky": "clear"})
    assert fragile.error is not None
    assert (fragile.error.type, fragile.error.message) == ("LookupError", "no such order: A-17")
    assert (texts(streamed, "output"), texts(model, "output")) == ([plot.ANSWER], [plot.TOOL_ANSWER])
    tokens = world.trace(trace_id)["trace"]["tokens"]
    assert (tokens["input"], tokens["output"], tokens["cache_read"]) == (121, 13, 64)
    project = world.ask("GET", "/sessions?name=otel-shop").json()[0]["id"]
    runs = world.ask("POST", "/runs/query", {"session": [project], "trace": trace_id}).json()["runs"]
    (tool_run,) = [run for run in runs if run["run_type"] == "tool"]
    assert world.ask("GET", f"/runs/{tool_run['id']}").json()["inputs"] == {"city": plot.CITY}
    assert tool_run["parent_run_id"] in [run["id"] for run in runs]
