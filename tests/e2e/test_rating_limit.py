"""A key that everybody can read is used only so often: through a trusted proxy each visitor for itself."""

import json
from collections.abc import Iterator

import pytest

from onrecord import limits
from tests.e2e.reader import API, make_key
from tests.e2e.server import Answer, Server, serving

pytestmark = pytest.mark.chdb
TRACE = f"{1:032x}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("rating") / "data", "--trusted-proxies", "127.0.0.1") as running:
        yield running


def judge(server: Server, key: str, forwarded: str) -> Answer:
    """One thumb of a visitor, as a proxy passes it on."""
    body = json.dumps({"name": "thumb", "trace_id": TRACE, "value": 1}).encode()
    headers = {"content-type": "application/json", "x-api-key": key, "x-forwarded-for": forwarded}
    return server.ask("POST", f"{API}/scores", body, headers)


def test_one_visitor_is_stopped_and_nobody_else_is(server: Server) -> None:
    rates, writes = make_key(server, "rate"), make_key(server, "write")
    answers: list[Answer] = []
    while not answers or (answers[-1].status == 201 and len(answers) < 10 * limits.RATE_ADDRESS_BURST):
        # What a visitor claims itself stands before what the proxy adds; only the latter counts.
        answers.append(judge(server, rates, f"198.51.100.{len(answers) % 250}, 203.0.113.5"))
    assert len(answers) > limits.RATE_ADDRESS_BURST
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["hint"] == "Send it again later."
    assert judge(server, rates, "203.0.113.6").status == 201
    assert judge(server, writes, "203.0.113.5").status == 201
    assert json.loads(server.ask("GET", "/health").body)["ratings_refused"] == 1
    assert b"onrecord_ratings_refused_total 1.0" in server.ask("GET", "/metrics").body
