"""Reading through LangSmith's clients: what was sent comes back as far as the key may see, links open our pages."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.compat import plot
from tests.compat.langsmith import APPLICATION, World
from tests.e2e.reader import make_key
from tests.e2e.server import Answer, serving

pytestmark = [pytest.mark.chdb, pytest.mark.clients, pytest.mark.slow]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("langsmith") / "data") as server:
        server.settle()
        yield World(server)


@pytest.fixture(scope="module")
def seen(world: World) -> dict[str, Any]:
    """Runs that were sent."""
    sent: dict[str, Any] = world.run("langsmith_0_15", "langsmith_traceable")
    world.server.settle()
    return sent


@pytest.fixture(scope="module", params=["langsmith_0_3", "langsmith_0_4", "langsmith_0_15"])
def said(request: pytest.FixtureRequest, world: World, seen: dict[str, Any]) -> dict[str, Any]:
    """What a client read."""
    read: dict[str, Any] = world.run(request.param, "langsmith_read", json.dumps(seen), APPLICATION)
    return read


def test_a_run_reads_back_as_it_was(said: dict[str, Any]) -> None:
    assert (said["name"], said["inputs"]) == ("assistant", {"question": plot.FOLLOW_UP})
    assert said["outputs"] == {"output": plot.TOOL_ANSWER}
    assert (said["tags"], said["tier"]) == (["golden"], "gold")
    assert said["tool"] == [{"city": plot.CITY}, {"output": {"temperature": 21, "sky": "clear"}}]
    assert said["error"] == "LookupError: no such order: A-17"
    assert (said["status"], said["tokens"]) == (["error", "success"], 134)


def test_runs_are_listed_by_project_trace_and_filter(said: dict[str, Any]) -> None:
    every = ["assistant", "fragile", "get_weather", "model", "search", "streamed"]
    assert (said["listed"], sorted(said["children"])) == (every, every[1:])
    assert said["models"] == ["model", "streamed"]
    assert (said["roots"], said["failed"]) == (["assistant", "failing"], ["failing", "fragile"])


def test_feedback_is_changed_and_read(said: dict[str, Any]) -> None:
    assert said["comment"] == "so so"


def test_threads_and_the_second_version_of_the_query_answer_too(world: World, seen: dict[str, Any]) -> None:
    said = world.run("langsmith_0_15", "langsmith_read", json.dumps(seen), APPLICATION)
    assert (said["threads"], said["thread"]) == ([1, 1], ["assistant"])
    assert said["second"] == [[seen["assistant"]["run"], "assistant", {"question": plot.FOLLOW_UP}]]


def visit(world: World, path: str, cookie: str = "") -> Answer:
    return world.server.ask("GET", path, headers={"cookie": cookie} if cookie else {"accept": "text/html"})


@pytest.fixture(scope="module")
def cookie(world: World) -> str:
    """A login, by the link that the server printed."""
    form = f"token={world.server.login}".encode()
    answer = world.server.ask(
        "POST", "/login/once", form, {"content-type": "application/x-www-form-urlencoded", "origin": world.server.url}
    )
    return answer.headers["set-cookie"].partition(";")[0]


def test_a_link_that_the_client_prints_opens_the_step(
    world: World, seen: dict[str, Any], said: dict[str, Any], cookie: str
) -> None:
    assert said["host"] == "http://records.example:4318/langsmith"
    path = f"/langsmith{urlsplit(said['url']).path}"
    unknown = visit(world, path)
    assert unknown.status == 303
    assert unknown.headers["location"].startswith("/login?next=%2Flangsmith%2Fo%2F")
    answer = visit(world, path, cookie)
    assert answer.status == 303
    place = urlsplit(answer.headers["location"])
    assert place.path == f"/traces/{seen['assistant']['trace']}"
    assert parse_qs(place.query)["s"] == [seen["assistant"]["run"]]
    assert visit(world, answer.headers["location"], cookie).status == 200


def test_a_link_to_a_project_opens_the_list_of_its_traces(
    world: World, seen: dict[str, Any], said: dict[str, Any], cookie: str
) -> None:
    project = urlsplit(said["url"]).path.rpartition("/r/")[0]
    answer = visit(world, f"/langsmith{project}", cookie)
    (line,) = parse_qs(urlsplit(answer.headers["location"]).query)["q"]
    assert line == f'application:"{APPLICATION}"'
    assert seen["assistant"]["trace"] in [row["trace_id"] for row in world.reader.rows("/traces", q=line)]


def test_a_link_to_an_experiment_opens_its_traces(world: World, seen: dict[str, Any], cookie: str) -> None:
    made = world.ask("POST", "/sessions", {"name": 'a "quoted" experiment'}).json()
    path = f"/langsmith/o/{made['tenant_id']}/datasets/{made['id']}/compare?selectedSessions={made['id']}"
    assert visit(world, path).headers["location"].startswith("/login?next=")
    answer = visit(world, path, cookie)
    (line,) = parse_qs(urlsplit(answer.headers["location"]).query)["q"]
    assert line == 'application:"a \\"quoted\\" experiment"'
    assert world.reader.rows("/traces", q=line) == []


def test_a_key_sees_what_its_role_opens(world: World, seen: dict[str, Any]) -> None:
    path = f"/runs/{seen['assistant']['run']}"
    masked = world.ask("GET", path, headers={"x-api-key": make_key(world.server, "read")}).json()
    assert masked["extra"]["metadata"]["tier"] == "gold"
    assert plot.USER not in json.dumps(masked)
    assert world.ask("GET", path).json()["extra"]["metadata"]["user_id"] == plot.USER
    assert world.ask("GET", path, headers={"x-api-key": make_key(world.server, "write")}).status == 403
    assert world.ask("GET", path, headers={"x-api-key": ""}).status == 401


def size(world: World) -> int:
    """Entries of the ledger."""
    world.server.settle()
    return int(world.reader.rows("/ledgers")[-1]["size"])


def test_an_exact_read_is_on_the_record(world: World, seen: dict[str, Any]) -> None:
    before = size(world)
    assert world.ask("GET", f"/runs/{seen['assistant']['run']}").status == 200
    assert size(world) == before + 1
    names = world.ask("POST", "/runs/query", {"select": ["name"], "is_root": True}).json()["runs"]
    assert [(one["name"], one["inputs"]) for one in names if one["name"] == "assistant"] == [("assistant", {})]
    assert size(world) == before + 1


@pytest.mark.parametrize(
    "asked", [{"filter": "eq(run_type"}, {"filter": 'fuzzy(name, "a")'}, {"tree_filter": 'eq(name, "a")'}]
)
def test_a_query_that_can_not_be_answered_is_refused(world: World, asked: dict[str, Any]) -> None:
    answer = world.ask("POST", "/runs/query", asked)
    assert answer.status in (400, 501)
    assert answer.json()["detail"]
