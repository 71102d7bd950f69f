"""docs/doors/langsmith.md: every example on the page runs against a real server, with what the page says to set."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.compat import environments
from tests.compat.langsmith import World
from tests.e2e.server import serving

pytestmark = [pytest.mark.chdb, pytest.mark.clients, pytest.mark.slow]
PAGE: Final = Path(__file__).parents[2] / "docs" / "doors" / "langsmith.md"


def settings(world: World) -> dict[str, str]:
    """What the page says to set, with this server's address and key."""
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    said = dict(re.findall(r"^export (\w+)=(\S+)", block, re.MULTILINE))
    endpoint = said["LANGSMITH_ENDPOINT"].replace("http://localhost:4318", world.server.url)
    return said | {"LANGSMITH_ENDPOINT": endpoint, "LANGSMITH_API_KEY": world.reader.key}


def follow(world: World, *examples: int) -> None:
    """Run examples of the page, by number."""
    numbers = [str(one) for one in examples]
    environments.run("langsmith_0_15", "langsmith_page", str(PAGE), *numbers, variables=settings(world))
    world.server.settle()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("langsmith") / "data") as server:
        made = World(server)
        follow(made, 0)
        yield made


def test_tracing_makes_a_tree(world: World) -> None:
    (row,) = world.reader.rows("/traces", application="shop", name="assistant")
    assert world.tree(row["trace_id"]) == [(0, "assistant", "chain", "ok"), (1, "stock", "tool", "ok")]
    root = world.spans(row["trace_id"])[0]
    assert (root.user_id, root.session_id) == ("u-17", "t-4")


def test_feedback_is_given_and_changed(world: World) -> None:
    follow(world, 1)
    (row,) = world.reader.rows("/traces", application="shop", name="assistant")
    (score,) = row["scores"]
    assert (score["name"], score["value"], score["comment"]) == ("helpful", 0.5, "That helped.")


def test_an_experiment_is_judged(world: World) -> None:
    follow(world, 2)
    scores = [row["scores"] for row in world.reader.rows("/traces") if row["application"] != "shop"]
    assert [(score["name"], score["value"]) for found in scores for score in found] == [("right", 1.0)]


def test_a_prompt_is_pushed_and_pulled(world: World) -> None:
    follow(world, 3)
    (prompt,) = world.ask("GET", "/repos").json()["repos"]
    assert (prompt["repo_handle"], prompt["num_commits"]) == ("clerk", 1)


@pytest.mark.node
def test_javascript_traces_too(world: World) -> None:
    environments.ready("langsmith_js")
    (block,) = re.findall(r"```js\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    place = environments.home("langsmith_js")
    (place / "page.mjs").write_text(block, "utf-8")
    variables = settings(world) | {"PATH": os.environ["PATH"], "LANGSMITH_PROJECT": "from-javascript"}
    subprocess.run(["node", "page.mjs"], cwd=place, env=variables, check=True, timeout=environments.RUN_SECONDS)
    world.server.settle()
    (row,) = world.reader.rows("/traces", application="from-javascript")
    assert (row["name"], row["status"]) == ("assistant", "ok")
