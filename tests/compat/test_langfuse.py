"""Langfuse's SDKs, six generations of them, unchanged: what each sends arrives complete and once, and is read back.

Each client runs once, against one server, in an environment of its own; it asserts its own side. Here stands what the
server then knows.
"""

import hashlib
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
import pytest

from onrecord.model.message import text_of
from onrecord.model.span import Span
from tests.compat import environments, plot
from tests.compat.fake_provider import FakeProvider, fake_provider
from tests.e2e.reader import Reader, owner
from tests.e2e.server import Server, serving
from tests.recorded import every_byte

CLIENTS: Final = {
    "langfuse2": "langfuse_batch",
    "langfuse3": "langfuse_app",
    "langfuse4": "langfuse_app",
    "langfuse5": "langfuse_app",
    "langfuse_js3": "langfuse_js3",
    "langfuse_js5": "langfuse_js5",
}
BATCHES: Final = ("langfuse2", "langfuse_js3")
"""Clients that know traces of their own, and update what they sent."""
PICTURES: Final = {
    "python": b"\x89PNG\r\n\x1a\n" + b"a picture of nobody" * 50,
    "node": "\x89PNG a picture of nobody".encode("latin1") * 40,
}
WORDS: Final = {
    "user": plot.USER, "session": plot.SESSION, "question": plot.QUESTION, "answer": plot.ANSWER, "system": plot.SYSTEM,
    "model": plot.MODEL, "temperature": plot.TEMPERATURE,
}  # fmt: skip
pytestmark = [pytest.mark.chdb, pytest.mark.slow]


class World(msgspec.Struct):
    """The server, the provider, and what the clients that ran said of their own side."""

    reader: Reader
    provider: FakeProvider
    said: dict[str, dict[str, Any]] = {}

    def variables(self, client: str) -> dict[str, str]:
        """Host and keys: all that is changed for a client."""
        url = self.reader.server.url
        return {
            "LANGFUSE_HOST": url, "LANGFUSE_BASE_URL": url, "LANGFUSE_BASEURL": url,
            "LANGFUSE_PUBLIC_KEY": "pk-lf-any", "LANGFUSE_SECRET_KEY": self.reader.key,
            "LANGFUSE_TRACING_ENVIRONMENT": "staging", "LANGFUSE_RELEASE": "rel-1", "CLIENT": client,
            "OPENAI_BASE_URL": f"{self.provider.url}/v1", "OPENAI_API_KEY": "sk-invented", "PLOT": json.dumps(WORDS),
        }  # fmt: skip

    def run(self, client: str) -> dict[str, Any]:
        """Run a client once; what it saw."""
        if client not in self.said:
            done = environments.run(client, CLIENTS[client], variables=self.variables(client))
            self.said[client] = json.loads(done.stdout.strip().splitlines()[-1])
            self.reader.server.settle()
        return self.said[client]


class Client(msgspec.Struct):
    """One client after its run."""

    name: str
    world: World
    seen: dict[str, Any]

    def tree(self, which: str) -> dict[str, Any]:
        """The tree of one of its traces."""
        found: dict[str, Any] = self.world.reader.get(f"/traces/{self.seen[which]}")
        return found

    def span(self, which: str, name: str) -> Span:
        """The exact span of that name, of which there is one."""
        (one,) = (node["span"] for node in self.tree(which)["nodes"] if node["span"]["name"] == name and node["depth"])
        return self.world.reader.exact(one["trace_id"], one["span_id"])

    def root(self, which: str) -> Span:
        """The exact root of a trace."""
        tree = self.tree(which)
        return self.world.reader.exact(tree["trace"]["trace_id"], tree["trace"]["span_id"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("langfuse") / "data") as server, fake_provider() as provider:
        server.settle()
        yield World(owner(server), provider)


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.node if "js" in name else pytest.mark.clients) for name in CLIENTS]
)
def client(request: pytest.FixtureRequest, world: World) -> Client:
    return Client(request.param, world, world.run(request.param))


def test_the_tree_arrives_complete_and_once(client: Client) -> None:
    nodes = [(node["depth"], node["span"]["kind"], node["span"]["name"]) for node in client.tree("trace")["nodes"]]
    if client.name in BATCHES:
        expected = [
            (0, "chain", "my-trace"), (1, "llm", "call"), (1, "span", "failing"), (1, "span", "noticed"),
            (1, "span", "outer"), (1, "span", "picture"), (2, "span", "inner"),
        ]  # fmt: skip
    else:
        expected = [
            (0, "agent", "root"), (1, "llm", "call"), (1, "span", "failing"), (1, "span", "noticed"),
            (1, "span", "picture"), (1, "tool", "decorated"),
        ]  # fmt: skip
    assert sorted(nodes) == expected
    assert not any(node["orphan"] or node["span"]["running"] for node in client.tree("trace")["nodes"])


def test_a_model_call_keeps_its_messages_counts_cost_and_prompt(client: Client) -> None:
    call = client.span("trace", "call")
    assert [(one.role, text_of(one)) for one in call.input] == [("system", plot.SYSTEM), ("user", plot.QUESTION)]
    assert [(one.role, text_of(one)) for one in call.output] == [("assistant", plot.ANSWER)]
    assert (call.usage.input, call.usage.output, call.usage.total) == (10, 5, 15)
    assert call.cost_reported == pytest.approx(0.003)
    assert call.cost_details == {"input": 0.001, "output": 0.002}
    assert (call.model_requested, call.parameters) == (plot.MODEL, {"temperature": 0.2})
    assert call.prompt is not None
    assert (call.prompt.name, int(call.prompt.version) % 2) == ("greet", 0)
    assert (call.metadata["k"], call.metadata["nested"]) == ("v", {"a": [1, 2]})
    # JavaScript 5 writes the number as text, so that it can not be told from one.
    assert call.metadata["n"] == ("1" if client.name == "langfuse_js5" else 1)
    assert call.attributes["langfuse.observation.level"] == "WARNING"
    assert (call.status_message, call.status, call.environment) == ("slow", "unset", "staging")
    assert (call.source.receiver, call.source.dialect) == ("langfuse", "langfuse")
    if client.name in BATCHES:
        assert call.time_to_first_token_ms is not None


def test_people_tags_and_facts_of_the_trace_arrive(client: Client) -> None:
    root = client.root("trace")
    assert (root.user_id, root.session_id) == (plot.USER, plot.SESSION)
    assert (root.workflow, root.tags, root.release) == ("my-trace", ("a", "b"), "rel-1")
    assert {**root.metadata, "late": True} == {"plan": "pro", "number": "7", "version": "v1", "late": True}
    assert json.loads(text_of(root.input[0])) == {"question": plot.QUESTION}
    assert text_of(root.output[0]) == "the end"
    trace = client.tree("trace")["trace"]
    for field, value in (("user", plot.USER), ("session", plot.SESSION)):
        found = client.world.reader.rows("/traces", limit=500, **{field: value})
        assert trace["trace_id"] in [one["trace_id"] for one in found]


def test_arguments_results_and_failures_arrive(client: Client) -> None:
    failing = client.span("trace", "failing")
    assert failing.status == "error"
    assert failing.error is not None
    assert "it broke" in failing.error.message
    assert client.span("trace", "noticed").attributes["langfuse.observation.type"] == "event"
    if client.name in BATCHES:
        inner = client.span("trace", "inner")
        assert (text_of(inner.input[0]), text_of(inner.output[0])) == ("deep", "down")
    else:
        tool = client.span("trace", "decorated").tool
        assert tool is not None
        assert "Lisbon" in json.dumps(tool.arguments)
        assert tool.result["degrees"] == 21


def test_each_score_is_there_once(client: Client) -> None:
    tree = client.tree("trace")
    own = [one for one in tree["scores"] if one["name"] != "length"]  # what a client's batch evaluation says of all
    scores = {one["name"]: one for one in own}
    assert len(own) == len(scores) == 3
    assert (scores["quality"]["value"], scores["quality"]["comment"]) == (0.9, "good")
    assert scores["quality"]["span_id"] in {node["span"]["span_id"] for node in tree["nodes"]}
    assert (scores["thumb"]["passed"], scores["thumb"]["value"], scores["thumb"]["span_id"]) == (True, 1.0, "")
    assert scores["mood"]["label"] == "happy"


def test_a_picture_is_kept_sealed_and_given_to_who_may_see_it(client: Client) -> None:
    data = PICTURES["node" if "js" in client.name else "python"]
    medium = urlsafe_b64encode(hashlib.sha256(data).digest()).decode()[:22]
    told = text_of(client.span("trace", "picture").input[0])
    assert f"@@@langfuseMedia:type=image/png|id={medium}|" in told
    server, key = client.world.reader.server, client.world.reader.key
    described = server.ask("GET", f"/api/public/media/{medium}", headers={"x-api-key": key}).json()
    assert (described["contentType"], described["contentLength"]) == ("image/png", len(data))
    answer = server.ask("GET", described["url"].removeprefix(server.url))
    assert (answer.body, answer.headers["content-type"]) == (data, "image/png")
    assert answer.headers["content-disposition"] == "attachment"
    assert b"a picture of nobody" not in every_byte(server.data)


def test_the_openai_drop_in_arrives_complete_streamed_or_not(client: Client) -> None:
    nodes = client.tree("openai")["nodes"]
    assert [(node["depth"], node["span"]["name"]) for node in nodes] == [(0, "drop-in"), (1, "asked"), (1, "streamed")]
    for name in ("asked", "streamed"):
        call = client.span("openai", name)
        assert [text_of(one) for one in call.input] == [plot.SYSTEM, plot.QUESTION]
        assert [text_of(one) for one in call.output] == [plot.ANSWER]
        assert (call.kind, call.usage.input, call.usage.output, call.usage.cache_read) == ("llm", 73, 11, 32)
        assert (call.model_served or call.model_requested).startswith(plot.MODEL)
    assert client.span("openai", "streamed").time_to_first_token_ms
    assert client.tree("openai")["trace"]["tokens"]["input"] == 2 * 73
    assert client.tree("openai")["trace"]["user"]


def test_the_langchain_callback_arrives_complete(client: Client) -> None:
    tree = client.tree("langchain")
    call = client.span("langchain", "ChatOpenAI")
    assert [(one.role, text_of(one)) for one in call.input] == [("system", plot.SYSTEM), ("user", plot.QUESTION)]
    assert [text_of(one) for one in call.output] == [plot.ANSWER]
    assert (call.kind, call.provider, call.usage.input, call.usage.output) == ("llm", "openai", 73, 11)
    assert (call.model_requested, call.model_served) == (plot.MODEL, plot.SERVED[plot.MODEL])
    assert {node["span"]["name"] for node in tree["nodes"]} == {"chained", "ChatPromptTemplate", "ChatOpenAI"}
    assert (tree["trace"]["tokens"]["input"], bool(tree["trace"]["user"]), bool(tree["trace"]["session"])) == (
        73,
        True,
        True,
    )
    assert client.root("langchain").tags == ("lc",)


@pytest.mark.parametrize("client", ["langfuse3", "langfuse4", "langfuse5"], indirect=True)
@pytest.mark.clients
def test_an_agent_of_langchain_arrives_with_its_tools_and_calls(client: Client) -> None:
    spans = [node["span"] for node in client.tree("agent")["nodes"]]
    calls = [client.world.reader.exact(one["trace_id"], one["span_id"]) for one in spans if one["kind"] == "llm"]
    asking, answering = sorted(calls, key=lambda call: call.start_unix_nano)
    assert [tool.name for tool in asking.tools] == ["get_weather"]
    assert [(one.role, text_of(one)) for one in asking.input] == [("system", plot.SYSTEM), ("user", plot.FOLLOW_UP)]
    (wanted,) = (part for one in asking.output for part in one.parts if part.type == "tool_call")
    assert (wanted.name, wanted.value) == ("get_weather", {"city": plot.CITY})
    assert [one.role for one in answering.input] == ["system", "user", "assistant", "tool"]
    assert [text_of(one) for one in answering.output] == [plot.TOOL_ANSWER]
    (tool,) = (one for one in spans if one["kind"] == "tool")
    called = client.world.reader.exact(tool["trace_id"], tool["span_id"]).tool
    assert called is not None
    # SDK 3 sends what LangChain tells it: Python's own spelling of the arguments.
    assert (called.name, str(called.arguments)) == ("get_weather", str({"city": plot.CITY}))
    assert "21" in json.dumps(called.result)
    assert client.tree("agent")["trace"]["user"]


def test_a_run_of_a_dataset_has_its_items_and_scores(client: Client) -> None:
    reader, dataset = client.world.reader, f"capitals of {client.name}"
    path = f"/api/public/datasets/{quote(dataset)}/runs"
    listed = reader.server.ask("GET", path, headers={"x-api-key": reader.key}).json()
    assert [run["name"] for run in listed["data"]] == ["first try 1"]
    run = reader.server.ask("GET", f"{path}/first%20try%201", headers={"x-api-key": reader.key}).json()
    items = {item["datasetItemId"]: item["traceId"] for item in run["datasetRunItems"]}
    assert sorted(items) == [f"{dataset} Austria", f"{dataset} Portugal"]
    assert run["id"] == client.seen["run"]
    right = {
        item: [one["value"] for one in reader.get(f"/traces/{trace}")["scores"] if one["name"] == "right"]
        for item, trace in items.items()
    }
    assert right == {f"{dataset} Austria": [0.0], f"{dataset} Portugal": [1.0]}


def test_the_link_that_the_client_prints_opens_our_page(client: Client) -> None:
    server = client.world.reader.server
    answer = server.ask("GET", client.seen["url"].removeprefix(server.url))
    assert answer.status == 307
    assert answer.headers["location"].partition("?")[0] == f"/traces/{client.seen['trace']}"
    page = server.ask("GET", answer.headers["location"])
    assert (page.status, page.headers["location"].partition("?")[0]) == (303, "/login")


@pytest.mark.parametrize("client", ["langfuse3", "langfuse4", "langfuse5"], indirect=True)
@pytest.mark.clients
def test_the_link_to_a_run_finds_its_traces(client: Client) -> None:
    reader = client.world.reader
    answer = reader.server.ask("GET", client.seen["run_url"].removeprefix(reader.server.url))
    assert answer.status == 307
    (query,) = parse_qs(urlsplit(answer.headers["location"]).query)["q"]
    assert [row["name"] for row in reader.rows("/traces", q=query)] == ["experiment-item-run"] * 2


@pytest.mark.parametrize("client", ["langfuse2", "langfuse3", "langfuse4", "langfuse5"], indirect=True)
@pytest.mark.clients
def test_the_client_reads_back_what_it_sent(client: Client) -> None:
    trace = client.seen["trace"]
    told = json.loads(text_of(client.span("trace", "picture").input[0]))["image"]
    done = environments.run(client.name, "langfuse_reads", trace, told, variables=client.world.variables(client.name))
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    if client.name != "langfuse5":
        assert (seen["name"], seen["user"], seen["session"]) == ("my-trace", plot.USER, plot.SESSION)
        assert (seen["tags"], seen["input"], seen["output"]) == (["a", "b"], {"question": plot.QUESTION}, "the end")
        assert seen["scores"] == ["mood", "quality", "thumb"]
        assert {"GENERATION:call", "EVENT:noticed", "SPAN:failing"} < set(seen["observations"])
        assert seen["found"]
        assert seen["sessions"] >= 1
    if client.name != "langfuse2":
        assert b64decode(seen["picture"]) == PICTURES["python"]
    if client.name == "langfuse2":
        assert seen["calls"] == ["call"]
        assert seen["call"][:5] == [plot.MODEL, 10, 5, "WARNING", "greet"]
    if client.name in ("langfuse4", "langfuse5"):
        assert {"GENERATION:call", "EVENT:noticed", "AGENT:root", "TOOL:decorated"} < set(seen["v2"])
        assert seen["evaluated"] == 5


def test_nothing_that_the_clients_said_lies_in_clear(client: Client) -> None:
    server: Server = client.world.reader.server
    held = every_byte(server.data)
    for words in (plot.USER, plot.SESSION, "Good day", "Hello {{name}}", "capitals-", "a first idea", "first try"):
        assert words.encode() not in held, words
    assert plot.USER not in server.said()
