"""The official MCP client against ``/mcp``: it connects, finds the tools, and every answer is one that it takes."""

import json
from collections.abc import Iterator

import pytest

from tests.compat import environments
from tests.e2e.reader import Reader, make_key, owner
from tests.e2e.server import serving
from tests.recorded import span

pytestmark = [pytest.mark.clients, pytest.mark.chdb]
WORDS = "ring ann@example.org about the kingfisher"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("mcp") / "data") as server:
        made = owner(server)
        sent = span(1, user="ann", messages=(("user", WORDS),)).SerializeToString()
        assert server.export(sent, x_api_key=made.key).status == 200
        server.settle()
        yield made


def test_an_agent_asks_every_tool_with_the_official_client(reader: Reader) -> None:
    key = make_key(reader.server, "read")
    done = environments.run("mcp", "mcp_agent", f"{reader.server.url}/mcp", key, variables={})
    said = json.loads(done.stdout)
    assert said["version"] == "2025-11-25"
    assert said["tools"] == list(said["answers"])
    assert said["wrong"] is True
    answers = said["answers"]
    assert answers["search_traces"]["traces"][0]["trace_id"] == f"{1:032x}"
    assert answers["get_trace"]["steps"][0]["span_id"] == f"{1:016x}"
    assert "kingfisher" in json.dumps(answers["get_span"])
    assert "ann@example.org" not in done.stdout
    assert answers["aggregate"]["rows"] == [{"model": "gpt-4o-mini", "count": 1.0, "cost": None}]
    assert "No step" in answers["explain_failure"]["explanation"][0]
