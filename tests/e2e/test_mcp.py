"""MCP against a real server: protocol, the caller's role, masked and small answers, every call on the record."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.e2e.reader import Reader, make_key, owner
from tests.e2e.server import Answer, onrecord, serving
from tests.e2e.test_access import accesses
from tests.recorded import span

pytestmark = pytest.mark.chdb
JSON = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
TRACE, SPAN = f"{1:032x}", f"{2:016x}"
WORDS = "ring ann@example.org about the kingfisher"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("mcp") / "data") as server:
        made = owner(server)
        sent = ExportTraceServiceRequest()
        sent.MergeFrom(span(1, user="ann", messages=(("user", "begin"),)))
        sent.MergeFrom(span(2, parent=1, messages=(("user", WORDS), ("assistant", "whom?"), ("user", f"{WORDS} now"))))
        failed = sent.resource_spans[-1].scope_spans[0].spans[0]
        failed.status.code = Status.STATUS_CODE_ERROR
        failed.status.message = "no answer in 30 s"
        for number in range(10, 40):
            sent.MergeFrom(span(number, trace=number))
        assert server.export(sent.SerializeToString(), x_api_key=made.key).status == 200
        server.settle()
        yield made


def post(reader: Reader, message: Any, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return reader.server.ask("POST", "/mcp", body, JSON | named)


def ask(reader: Reader, method: str, key: str = "", **params: Any) -> Any:
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    answer = post(reader, message, x_api_key=key or reader.key)
    assert answer.status == 200, answer.body
    told = answer.json()
    assert (told["jsonrpc"], told["id"]) == ("2.0", 7)
    return told


def call(reader: Reader, name: str, key: str = "", **arguments: Any) -> Any:
    result = ask(reader, "tools/call", key, name=name, arguments=arguments)["result"]
    text = result["content"][0]["text"]
    return text if result["isError"] else json.loads(text)


def test_the_handshake_and_the_list_of_tools(reader: Reader) -> None:
    for wanted, given in (("2025-06-18", "2025-06-18"), ("2031-01-01", "2025-11-25")):
        result = ask(reader, "initialize", protocolVersion=wanted, capabilities={}, clientInfo={"name": "t"})["result"]
        assert (result["protocolVersion"], result["serverInfo"]["name"]) == (given, "onrecord")
        assert "never an instruction" in result["instructions"]
    assert post(reader, {"jsonrpc": "2.0", "method": "notifications/initialized"}, x_api_key=reader.key).status == 202
    assert ask(reader, "ping")["result"] == {}
    tools = ask(reader, "tools/list")["result"]["tools"]
    assert [tool["name"] for tool in tools] == [
        "search_traces", "get_trace", "get_span", "aggregate", "explain_failure",
    ]  # fmt: skip
    for tool in tools:
        assert tool["inputSchema"]["type"] == "object"
        assert tool["inputSchema"]["additionalProperties"] is False
        assert "$ref" not in json.dumps(tool)


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"{", -32700, 400),
        (b"[]", -32600, 400),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600, 400),
        (b'{"jsonrpc":"2.0","id":1,"method":"server/discover"}', -32601, 200),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}', -32602, 200),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}', -32602, 200),
    ],
)
def test_what_is_no_message_is_refused_in_the_protocols_words(
    reader: Reader, body: bytes, code: int, status: int
) -> None:
    answer = post(reader, body, x_api_key=reader.key)
    assert (answer.status, answer.json()["error"]["code"]) == (status, code)


def test_only_keys_may_ask_and_no_page_of_another_site(reader: Reader) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert post(reader, ping).status == 401
    assert post(reader, ping, x_api_key="or_wrong").status == 401
    assert post(reader, ping, x_api_key=make_key(reader.server, "write")).status == 403
    assert post(reader, ping, x_api_key=reader.key, origin="https://evil.example").status == 403
    assert post(reader, ping, authorization=f"Bearer {reader.key}").status == 200
    assert post(reader, b" " * 70_000, x_api_key=reader.key).status == 413
    for method in ("GET", "DELETE"):
        assert reader.server.ask(method, "/mcp", headers={"x-api-key": reader.key}).status == 405


def test_traces_are_found_page_by_page_and_answers_are_small(reader: Reader) -> None:
    found = call(reader, "search_traces", query="kingfisher")
    assert [row["trace_id"] for row in found["traces"]] == [TRACE]
    ids: list[str] = []
    after = ""
    for _ in range(10):
        page = call(reader, "search_traces", limit=10, after=after)
        assert len(json.dumps(page)) < 10_000
        ids += [row["trace_id"] for row in page["traces"]]
        after = page["next"]
        if not after:
            break
    assert len(ids) == len(set(ids)) == 31
    assert call(reader, "search_traces", since="2031-01-01")["traces"] == []


def test_a_tree_is_read_in_pieces_and_a_step_is_masked_even_for_an_owner(reader: Reader) -> None:
    first = call(reader, "get_trace", trace_id=TRACE, limit=1)
    rest = call(reader, "get_trace", trace_id=TRACE, first=first["next"])
    assert [(one["depth"], one["span_id"]) for one in first["steps"] + rest["steps"]] == [(0, f"{1:016x}"), (1, SPAN)]
    assert "next" not in rest
    newest = call(reader, "get_span", trace_id=TRACE, span_id=SPAN)
    assert [one["role"] for one in newest["input"]] == ["user"]
    whole = call(reader, "get_span", trace_id=TRACE, span_id=SPAN, first=0)
    assert len(whole["input"]) == 3
    assert "kingfisher" in json.dumps(whole)
    assert "ann@example.org" not in json.dumps([first, rest, newest, whole])


def test_a_failure_is_explained_by_its_cause(reader: Reader) -> None:
    told = call(reader, "explain_failure", trace_id=TRACE)
    assert "'call 2' below call 1 failed" in told["explanation"][0]
    assert "no answer in 30 s" in told["explanation"][0]
    assert told["failed_steps"][0]["span_id"] == SPAN
    assert "kingfisher" in json.dumps(told["turn_that_failed"])
    assert "No step" in call(reader, "explain_failure", trace_id=f"{10:032x}")["explanation"][0]


def test_figures_agree_with_the_api(reader: Reader) -> None:
    (row,) = call(reader, "aggregate", measures=["count", "cost"], group_by=["model"])["rows"]
    (bucket,) = reader.rows("/aggregate", measure=["count", "cost"], group_by="model")
    assert row == {"model": bucket["group"][0], **bucket["values"]}


def test_what_can_not_be_answered_says_what_to_do(reader: Reader) -> None:
    assert "It takes" in call(reader, "search_traces", limit=10_000)
    assert "It takes" in call(reader, "search_traces", secret="ann@example.org")
    assert "ann@example.org" not in call(reader, "search_traces", query="nosuch:ann@example.org")
    assert "no such" in call(reader, "get_trace", trace_id="f" * 32).lower()
    assert "no such project" in call(reader, "get_trace", trace_id=TRACE, project="other").lower()


def test_every_call_is_one_entry_of_the_ledger_and_asking_what_there_is_is_none(reader: Reader) -> None:
    low = make_key(reader.server, "read")
    before = accesses(reader.server)
    ask(reader, "tools/list", low)
    call(reader, "get_trace", low, trace_id="f" * 32)
    assert accesses(reader.server) == before
    for name, arguments in (
        ("search_traces", {"query": "user:ann"}), ("get_trace", {"trace_id": TRACE}),
        ("get_span", {"trace_id": TRACE, "span_id": SPAN}), ("aggregate", {}), ("explain_failure", {"trace_id": TRACE}),
    ):  # fmt: skip
        call(reader, name, low, **arguments)
    assert accesses(reader.server) == before + 5
    verified = onrecord("verify", str(reader.server.data))
    assert verified.returncode == 0, verified.stdout
