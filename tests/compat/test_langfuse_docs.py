"""The examples of docs/doors/langfuse.md run as they stand, with the variables that it names."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat import environments
from tests.e2e.reader import Reader, make_key
from tests.e2e.server import serving

pytestmark = [pytest.mark.chdb, pytest.mark.slow]
PAGE = (environments.ROOT / "docs" / "doors" / "langfuse.md").read_text("utf-8")


def example(language: str) -> str:
    """The one example in a language."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("docs") / "data") as server:
        server.settle()
        yield Reader(server, make_key(server, "admin", "read", "write"))


def variables(reader: Reader) -> dict[str, str]:
    """Those of the page: its names, our address, a key with the scope that it says."""
    named = re.findall(r"export (\w+)=(\S+)", example("sh"))
    assert {name for name, _ in named} >= {"LANGFUSE_BASE_URL", "LANGFUSE_HOST"}
    values = {name: value.replace("http://localhost:4318", reader.server.url) for name, value in named}
    values["LANGFUSE_SECRET_KEY"] = make_key(reader.server, "write")
    return {"PATH": os.environ["PATH"], **values}


def run(command: list[str], place: Path, reader: Reader) -> None:
    done = subprocess.run(
        command, cwd=place, env=variables(reader), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    reader.server.settle()


@pytest.mark.clients
def test_the_example_in_python_sends_what_it_says(reader: Reader, tmp_path: Path) -> None:
    environments.ready("langfuse5")
    (tmp_path / "example.py").write_text(example("python"), "utf-8")
    run([str(environments.home("langfuse5") / "bin" / "python"), "example.py"], tmp_path, reader)
    (trace,) = reader.rows("/traces", user="ada")
    tree = reader.get(f"/traces/{trace['trace_id']}")
    assert [(node["span"]["kind"], node["span"]["name"]) for node in tree["nodes"]] == [
        ("agent", "assistant"), ("llm", "answer"), ("tool", "weather"),
    ]  # fmt: skip
    assert [(one["name"], one["passed"]) for one in tree["scores"]] == [("helpful", True)]


@pytest.mark.node
def test_the_example_in_javascript_sends_what_it_says(reader: Reader) -> None:
    environments.ready("langfuse_js5")
    place = environments.home("langfuse_js5")
    (place / "example.mjs").write_text(example("js"), "utf-8")
    run([shutil.which("node") or "node", "example.mjs"], place, reader)
    (trace,) = [one for one in reader.rows("/traces") if one["name"] == "assistant-js"]
    assert [one["name"] for one in reader.get(f"/traces/{trace['trace_id']}")["scores"]] == ["helpful"]
