"""Whom a verb asks and what it makes of the answer: over real sockets, with servers that misbehave."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from onrecord.cli.client import Client
from onrecord.cli.completing import complete_field, complete_line
from onrecord.cli.main import EX_SOFTWARE, EX_USAGE
from onrecord.cli.reach import client_of, connected, values_of
from onrecord.cli.stats import HEADS
from onrecord.errors import Denied, Missing, Rejected, Unavailable
from onrecord.query.figures import MEASURES
from onrecord.query.results import StatusCounts
from tests.unit.cli.test_commands import run

Answer = tuple[int, bytes]


class Server(http.server.ThreadingHTTPServer):
    """Answers every GET as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Callable[[str], Answer] = lambda _: (200, b"{}")
        self.asked: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("x-api-key", "")))
        status, body = self.server.answer(self.path)
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, Denied),
        (403, Denied),
        (404, Missing),
        (429, Rejected),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_a_refusal_keeps_the_servers_words_and_ends_with_what_helps(
    server: Server, status: int, error: type[Exception]
) -> None:
    server.answer = lambda _: (status, json.dumps({"detail": "No.", "title": "T", "status": status}).encode())
    with pytest.raises(error) as caught, closing(Client(url=server.url)) as asking:
        asking.get("/traces")
    assert str(caught.value) == "No."
    if status in (401, 403):
        assert "onrecord keys create" in caught.value.hint  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff\xfe", b""])
def test_an_answer_that_is_no_answer_is_said_to_be_none(server: Server, body: bytes) -> None:
    server.answer = lambda _: (200, body)
    with closing(Client(url=server.url)) as asking:
        with pytest.raises(Unavailable, match="not understood"):
            asking.read("/counts", StatusCounts)
        server.answer = lambda _: (418, body)
        with pytest.raises(Rejected, match="status 418"):
            asking.get("/counts")


def test_a_connection_that_was_closed_in_between_is_opened_again(server: Server) -> None:
    asking = Client(url=server.url, key="or_k", project="ours")
    for _ in range(3):
        assert asking.get("/traces", [("q", "a b&c")]) == b"{}"
        assert asking._open is not None
        asking._open.sock.close()
    asking.close()
    assert server.asked == [("/api/v1/traces?q=a+b%26c&project=ours", "or_k")] * 3


def test_who_is_not_there_is_said_with_what_starts_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as far:
        Client(url="http://127.0.0.1:9").get("/traces")
    with pytest.raises(Unavailable) as near:
        Client(data=tmp_path).get("/traces")
    assert "onrecord serve" in far.value.hint
    assert "onrecord serve" in near.value.hint


def test_what_can_be_no_address_and_no_key_is_refused_unsent() -> None:
    with pytest.raises(Rejected, match="address"):
        Client(url="ftp://example.org")
    for key in ("or_\nx-evil: 1", "or_é"):
        with pytest.raises(Denied):
            Client(url="http://127.0.0.1:9", key=key)


@click.command()
@connected
def whom(client: Client, printer: object) -> None:
    """Say whom it would ask."""
    click.echo(f"{client.url} {client._key}")


def asked(folder: Path, *words: str, **environment: str) -> str:
    plain = {"ONRECORD_URL": None, "ONRECORD_API_KEY": None, "ONRECORD_CONFIG": None, "ONRECORD_DATA": str(folder)}
    done = CliRunner(env={**plain, **environment}).invoke(whom, words, catch_exceptions=False)
    return done.output.strip() if done.exit_code == 0 else f"exit {done.exit_code}"


def test_a_flag_goes_before_the_environment_and_a_key_before_a_socket(tmp_path: Path) -> None:
    usual = "http://127.0.0.1:4318"
    assert asked(tmp_path) == usual
    (tmp_path / "control.sock").touch()
    assert asked(tmp_path) == str(tmp_path)
    assert asked(tmp_path, "--url", "http://far:1") == "http://far:1"
    assert asked(tmp_path, ONRECORD_API_KEY="or_k") == f"{usual} or_k"
    assert asked(tmp_path, ONRECORD_URL="http://far:1", ONRECORD_API_KEY="or_k") == "http://far:1 or_k"
    assert asked(tmp_path, "--key", "or_typed", ONRECORD_API_KEY="or_k") == f"{usual} or_typed"
    assert asked(tmp_path, "--data", "elsewhere", ONRECORD_API_KEY="or_k") == "elsewhere"
    assert asked(tmp_path, "--data", "elsewhere", "--key", "or_k") == "exit 2"


def test_a_line_is_sent_as_it_was_typed() -> None:
    assert values_of(("status:error", "latency>2s")) == [("q", "status:error latency>2s")]
    assert values_of((), "-24h", "2026-11-23") == [("from", "-24h"), ("to", "2026-11-23")]


def test_everything_that_can_be_measured_has_a_head() -> None:
    assert tuple(HEADS) == tuple(MEASURES)


def proposals(line: tuple[str, ...], typed: str, url: str = "http://127.0.0.1:9") -> list[str]:
    @click.command()
    @connected
    def command(**_: object) -> None: ...

    context = command.make_context("x", ["--url", url])
    context.params["line"] = line
    return [one.value for one in complete_line(context, command.params[0], typed)]


def test_names_of_fields_and_values_of_closed_lists_need_no_server() -> None:
    assert proposals((), "mod") == ["model:", "model_requested:", "model_served:", "mode:"]
    assert proposals((), "-sta") == ["-start:", "-status:"]
    assert proposals((), "status:e") == ["status:error"]
    assert proposals(("status", ":"), "") == ["unset", "ok", "error"]
    assert proposals(("status",), ":") == ["unset", "ok", "error"]
    assert proposals((), "running=") == ["running=true", "running=false"]
    assert proposals((), "model:") == []
    assert "latency" not in [one.value for one in complete_field(click.Context(whom), whom.params[0], "")]


def test_values_that_a_shell_would_read_as_more_than_a_value_are_not_proposed(server: Server) -> None:
    seen = ["gpt-4o", "$(reboot)", "a b", "`x`", "\x1b[2J", "x;y", "ünïcode", "a,b", "[0-9]"]
    page = {"rows": [{"field": "model", "values": [{"value": one, "count": 1} for one in seen]}]}
    server.answer = lambda _: (200, json.dumps(page).encode())
    assert proposals((), "model:", server.url) == ["model:gpt-4o", "model:ünïcode"]
    server.answer = lambda _: (500, b"")
    assert proposals((), "model:", server.url) == []


def test_codes_and_words_of_what_goes_wrong(capsys: pytest.CaptureFixture[str], server: Server) -> None:
    where = ("--url", server.url)
    code, _, said = run(capsys, "search", *where)
    assert (code, "onrecord traces" in said) == (EX_USAGE, True)
    code, _, said = run(capsys, "export", "--purpose", "x", *where)
    assert (code, "--exact" in said) == (EX_USAGE, True)
    server.answer = lambda _: (200, b'{"rows":[],"next":""}')
    assert run(capsys, "traces", *where) == (1, "", "")
    assert run(capsys, "traces", "--url", "http://127.0.0.1:9")[0] == EX_SOFTWARE


def test_the_client_of_a_command_has_the_patience_that_it_is_given() -> None:
    context = whom.make_context("x", ["--url", "http://127.0.0.1:9"])
    assert client_of(context, timeout_s=0.5)._timeout_s == 0.5
