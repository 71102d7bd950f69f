"""The providers' own SDKs, with nothing changed but their base URL: what they said and heard is on the record."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onrecord.model.span import Span
from tests.compat import environments, plot
from tests.compat.fake_provider import FakeProvider, fake_provider
from tests.e2e.calls import KEYS, record_of, spans, upstreams
from tests.e2e.reader import Reader, owner
from tests.e2e.server import Server, serving
from tests.unit.normalize import golden, truth

pytestmark = [pytest.mark.chdb, pytest.mark.clients]
ADDRESSES = {"/chat/completions": "/v1/chat/completions", "/messages": "/v1/messages"}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@pytest.fixture(scope="module")
def server(fake: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("gateway") / "data", *upstreams(fake)) as running:
        yield running


@pytest.fixture(scope="module")
def reader(server: Server) -> Reader:
    return owner(server)


def heard(
    fake: FakeProvider, reader: Reader, environment: str, app: str, *arguments: str
) -> list[tuple[dict[str, Any], Span]]:
    """Run an application with a key of ours in the path; what the provider was asked and said, with its records."""
    before = len(fake.wire)
    root = f"{reader.server.url}/gateway/k/{reader.key}"
    environments.run(environment, app, *arguments, variables={"GATEWAY": root})
    found = spans(reader, len(fake.wire) - before)
    pairs = [
        (exchange, record_of(wire, found))
        for exchange, wire in zip(fake.exchanges[before:], fake.wire[before:], strict=True)
    ]
    assert pairs
    assert len({span.span_id for _, span in pairs}) == len(pairs)
    return pairs


def assert_told(exchange: dict[str, Any], span: Span) -> None:
    """The record says what was asked, answered and counted, read from the wire by other code."""
    path = next((known for end, known in ADDRESSES.items() if exchange["path"].endswith(end)), exchange["path"])
    exchange = exchange | {"path": path}
    assert golden.told(span.input) == truth.asked(exchange)
    assert [tool.name for tool in span.tools] == truth.offered(exchange)
    assert span.model_requested == exchange["request"]["model"]
    assert span.kind == ("embedding" if path == "/v1/embeddings" else "llm")
    if exchange.get("status", 200) != 200:
        assert span.status == "error"
        assert span.error is not None
        assert span.error.message == exchange["response"]["error"]["message"]
        assert (span.error.http_status, span.error.request_id) == (exchange["status"], "req_fake")
        return
    assert span.status == "ok", span.error
    assert span.error is None
    assert golden.told(span.output) == truth.answered(exchange)
    assert span.model_served == exchange["response"]["model"]
    streams = exchange["request"].get("stream")
    if not streams or path != "/v1/chat/completions" or "stream_options" in exchange["request"]:
        assert {name: getattr(span.usage, name) or 0 for name in truth.counted(exchange)} == truth.counted(exchange)
    if streams:
        assert span.time_to_first_token_ms is not None
        assert span.time_to_first_token_ms >= 15


@pytest.mark.parametrize(
    ("case", "provider"),
    [
        ("openai_chat", "openai"),
        ("openai_responses", "openai"),
        ("azure", "azure.ai.openai"),
        ("anthropic_messages", "anthropic"),
        ("mistral", "mistral_ai"),
    ],
)
def test_what_a_python_sdk_says_and_hears_is_on_the_record(
    fake: FakeProvider, reader: Reader, case: str, provider: str
) -> None:
    for exchange, span in heard(fake, reader, "providers", "providers", case):
        assert_told(exchange, span)
        assert (span.provider, span.source.receiver) == (provider, "gateway")
        assert span.source.sdk
        assert span.source.sdk_version


def test_what_googles_sdk_says_and_hears_is_on_the_record(fake: FakeProvider, reader: Reader) -> None:
    pairs = heard(fake, reader, "providers", "providers", "gemini")
    assert [span.model_requested for _, span in pairs] == ["gemini-2.5-flash"] * 2 + ["gemini-embedding-001"]
    for _, span in pairs[:2]:
        assert golden.told(span.input) == [("system", [("text", plot.SYSTEM)]), ("user", [("text", plot.QUESTION)])]
        assert golden.told(span.output) == [("assistant", [("text", plot.ANSWER)])]
        assert (span.usage.input, span.usage.output, span.usage.cache_read) == (73, 11, 32)
        assert (span.finish_reasons, span.parameters["temperature"]) == (("STOP",), plot.TEMPERATURE)
        assert span.provider == "gcp.gemini"
    passages = [("user", [("text", passage)]) for passage in plot.PASSAGES]
    assert golden.told(pairs[2][1].input) == passages
    assert pairs[2][1].attributes["embedding.count"] == len(plot.PASSAGES)


@pytest.mark.node
def test_what_a_javascript_sdk_says_and_hears_is_on_the_record(fake: FakeProvider, reader: Reader) -> None:
    pairs = heard(fake, reader, "providers_js", "providers_js")
    for exchange, span in pairs:
        assert_told(exchange, span)
    assert {span.provider for _, span in pairs} == {"openai", "anthropic"}


def test_a_call_stands_below_the_langsmith_run_that_made_it(server: Server, reader: Reader) -> None:
    environments.run(
        "langsmith_0_15",
        "langsmith_gateway",
        variables={
            "GATEWAY": f"{server.url}/gateway/k/{reader.key}",
            "LANGSMITH_ENDPOINT": f"{server.url}/langsmith/api/v1",
            "LANGSMITH_API_KEY": reader.key,
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_PROJECT": "travel",
        },
    )
    found = {span.source.receiver: span for span in spans(reader, 2)}
    call, run = found["gateway"], found["langsmith"]
    assert (call.trace_id, call.parent_id) == (run.trace_id, run.span_id)
    assert (run.name, call.application, run.application) == ("plan", "travel", "travel")
    assert call.tags == ("trip",)


def test_the_provider_gets_its_own_key_and_nothing_of_ours(fake: FakeProvider, reader: Reader) -> None:
    heard(fake, reader, "providers", "providers", "openai_responses")
    for wire in fake.wire:
        said = wire.target + repr(wire.headers)
        assert reader.key not in said
        assert "onrecord" not in said.lower()
        assert any(key in said for key in KEYS)


def test_no_key_lies_on_disk_or_in_the_log(server: Server, fake: FakeProvider, reader: Reader) -> None:
    heard(fake, reader, "providers", "providers", "gemini")
    wanted = [key.encode() for key in (*KEYS, reader.key)]
    files = [
        path for folder in (server.data, Path(f"{server.data}.keys")) for path in folder.rglob("*") if path.is_file()
    ]
    for path in [*files, Path(f"{server.data}.log")]:
        data = path.read_bytes()
        assert not [key for key in wanted if key in data], path
