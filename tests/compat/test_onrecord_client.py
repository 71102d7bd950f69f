"""``import onrecord`` beside real provider clients and real instrumentors: complete, once each, under one parent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat import environments, plot
from tests.compat.fake_provider import FakeProvider, fake_provider
from tests.e2e.reader import Reader, owner
from tests.e2e.server import serving

pytestmark = [pytest.mark.clients, pytest.mark.chdb]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("own") / "data") as server:
        server.settle()
        yield owner(server)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


def run(reader: Reader, provider: FakeProvider, spool: Path, how: str) -> None:
    environments.run(
        "onrecord_client", "onrecord_client", how,
        variables={
            "PYTHONPATH": f"{environments.ROOT}:{environments.ROOT / 'src'}",
            "ONRECORD_ENDPOINT": reader.server.url, "ONRECORD_API_KEY": reader.key, "ONRECORD_SPOOL": str(spool),
            "ONRECORD_APPLICATION": f"app {how}", "ONRECORD_ENVIRONMENT": "test",
            "OPENAI_API_KEY": "sk-fake", "OPENAI_BASE_URL": f"{provider.url}/v1",
            "ANTHROPIC_API_KEY": "sk-fake", "ANTHROPIC_BASE_URL": provider.url,
        },
    )  # fmt: skip
    reader.server.settle()


@pytest.mark.parametrize("how", ["alone", "there"])
def test_every_call_arrives_once_below_the_function_that_made_it(
    reader: Reader, provider: FakeProvider, tmp_path: Path, how: str
) -> None:
    run(reader, provider, tmp_path, how)
    rows = reader.rows("/spans", application=f"app {how}", limit=100)
    calls = [row for row in rows if row["kind"] == "llm"]
    assert len(calls) == len(provider.exchanges) == 4
    parent = next(row for row in rows if row["name"] == "assistant")
    assert {row["trace_id"] for row in calls} == {parent["trace_id"]}
    for row in calls:
        kept = reader.exact(row["trace_id"], row["span_id"])
        assert (kept.user_id, kept.session_id, kept.environment) == (plot.USER, plot.SESSION, "test")
        assert kept.usage.input
        assert plot.QUESTION in str(kept.input)
        assert plot.ANSWER in str(kept.output)
        assert kept.source.producer
        assert kept.source.sequence
    found = reader.get("/completeness")
    assert (found["gaps"], found["declared_drops"]) == (0, 0)
