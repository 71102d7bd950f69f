"""LangSmith around OpenAI's client, LangChain and LangGraph: trees with messages, tools and tokens counted once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat import plot
from tests.compat.fake_provider import fake_provider
from tests.compat.langsmith import World, texts
from tests.e2e.server import serving

pytestmark = [pytest.mark.chdb, pytest.mark.clients, pytest.mark.slow]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("langsmith") / "data") as server:
        server.settle()
        yield World(server)


@pytest.fixture(scope="module")
def seen(world: World) -> dict[str, Any]:
    """The trace of each case of the app."""
    with fake_provider() as provider:
        said: dict[str, Any] = world.run(
            "langsmith_0_15", "langsmith_agents", OPENAI_BASE_URL=f"{provider.url}/v1", OPENAI_API_KEY="sk-fake"
        )
    return said


def test_the_wrapped_openai_client_is_a_model_call(world: World, seen: dict[str, Any]) -> None:
    root, chat, tooled, streamed, responses, failed = world.spans(seen["wrapped"])
    assert [span.kind for span in (root, chat, tooled, streamed, responses, failed)] == ["chain"] + 5 * ["llm"]
    for answered in (chat, streamed, responses):
        assert texts(answered, "input") == [plot.SYSTEM, plot.QUESTION]
        assert texts(answered, "output") == [plot.ANSWER]
        assert (answered.provider, answered.model_requested) == ("openai", plot.MODEL)
        assert answered.model_served == plot.SERVED[plot.MODEL]
        assert (answered.usage.input, answered.usage.output, answered.usage.cache_read) == (73, 11, 32)
    assert (chat.response_id, chat.finish_reasons, chat.parameters) == (
        "chatcmpl-0001",
        ("stop",),
        {"temperature": 0.2},
    )
    assert streamed.time_to_first_token_ms is not None
    (call,) = tooled.output[0].parts
    assert (call.type, call.name, call.value) == ("tool_call", "get_weather", {"city": plot.CITY})
    assert [tool.name for tool in tooled.tools] == ["get_weather"]
    assert failed.error is not None
    assert (failed.error.type, failed.error.http_status) == ("openai.RateLimitError", 429)


def test_a_chain_is_a_prompt_and_a_model(world: World, seen: dict[str, Any]) -> None:
    assert world.tree(seen["chain"]) == [
        (0, "chain", "chain", "ok"),
        (1, "RunnableSequence", "chain", "ok"),
        (2, "ChatPromptTemplate", "prompt", "ok"),
        (2, "ChatOpenAI", "llm", "ok"),
        (1, "ChatOpenAI", "llm", "ok"),
        (1, "ChatOpenAI", "llm", "error"),
    ]
    _, sequence, prompt, model, streamed, failed = world.spans(seen["chain"])
    assert texts(prompt, "output") == [plot.SYSTEM, plot.QUESTION]
    assert texts(model, "input") == [plot.SYSTEM, plot.QUESTION]
    assert [message.role for message in model.input] == ["system", "user"]
    assert texts(sequence, "output") == texts(model, "output") == texts(streamed, "output") == [plot.ANSWER]
    assert (model.session_id, model.metadata["tier"]) == (plot.SESSION, "gold")
    assert (model.parameters["temperature"], model.parameters["seed"]) == (plot.TEMPERATURE, plot.SEED)
    assert (model.response_id, model.finish_reasons) == ("chatcmpl-0006", ("stop",))
    assert streamed.time_to_first_token_ms is not None
    assert failed.error is not None
    assert failed.error.http_status == 429


def test_an_agent_of_langgraph_shows_its_steps_and_its_tool(world: World, seen: dict[str, Any]) -> None:
    assert world.tree(seen["agent"]) == [
        (0, "agent", "chain", "ok"),
        (1, "geographer", "agent", "ok"),
        (2, "model", "chain", "ok"),
        (3, "ChatOpenAI", "llm", "ok"),
        (2, "tools", "chain", "ok"),
        (3, "get_weather", "tool", "ok"),
        (2, "model", "chain", "ok"),
        (3, "ChatOpenAI", "llm", "ok"),
    ]
    _, agent, _, asked, _, tool, step, answered = world.spans(seen["agent"])
    assert (agent.agent, agent.session_id) == ("geographer", plot.SESSION)
    assert texts(agent, "input") == [plot.FOLLOW_UP]
    assert [message.role for message in agent.output] == ["user", "assistant", "tool", "assistant"]
    assert asked.output[0].parts[0].value == {"city": plot.CITY}
    assert tool.tool is not None
    assert (tool.tool.name, tool.tool.arguments, tool.tool.call_id) == (
        "get_weather", {"city": plot.CITY}, asked.output[0].parts[0].id,
    )  # fmt: skip
    assert tool.tool.result == {"temperature": 21, "sky": "clear"}
    assert step.metadata["langgraph_node"] == "model"
    assert texts(answered, "output") == texts(step, "output") == [plot.TOOL_ANSWER]


@pytest.mark.parametrize(
    ("case", "entered", "produced"), [("wrapped", 73 + 83 + 73 + 73, 11 + 19 + 11 + 11), ("agent", 83 + 121, 19 + 13)]
)
def test_tokens_are_those_of_the_model_calls(
    world: World, seen: dict[str, Any], case: str, entered: int, produced: int
) -> None:
    world.server.settle()
    tokens = world.trace(seen[case])["trace"]["tokens"]
    assert (tokens["input"], tokens["output"]) == (entered, produced)


def test_a_retriever_has_a_question_and_documents(world: World, seen: dict[str, Any]) -> None:
    _, found = world.spans(seen["retrieval"])
    assert (found.kind, found.query) == ("retriever", plot.SEARCH)
    assert [(one.id, one.content, one.metadata) for one in found.documents] == [
        (f"doc-{number}", text, {"n": number}) for number, text in enumerate(plot.PASSAGES)
    ]


def test_nothing_of_it_is_a_dead_letter(world: World, seen: dict[str, Any]) -> None:
    assert world.server.health()["rejected"] == 0


def test_no_file_of_the_server_holds_what_was_said(world: World, seen: dict[str, Any]) -> None:
    world.server.settle()
    said = [text.encode() for text in (plot.QUESTION, plot.FOLLOW_UP, plot.SESSION)]
    files = [path for path in Path(world.server.data).rglob("*") if path.is_file() and "store" not in path.parts]
    assert not [path for path in files if any(text in path.read_bytes() for text in said)]
