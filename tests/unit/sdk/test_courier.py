"""The courier against a server that answers what it is told: kept, later, refused; and a client that outlives it."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import zstandard
from opentelemetry.sdk.trace import TracerProvider

import onrecord
from onrecord.sdk.http import Connection, Outcome

WAIT_S = 20


class Told(ThreadingHTTPServer):
    """Answers as told, one answer after another, the last one for ever; remembers what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"{}")]
        self.came: list[tuple[float, str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def bodies(self, path: str = "/v1/traces") -> str:
        whole = [zstandard.ZstdDecompressor().decompress(body) for _, where, body in self.came if where == path]
        return b"\n".join(whole).decode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Told

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        told = self.server
        told.came.append((time.monotonic(), self.path, body))
        status, headers, said = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server calls
        """Say nothing."""


@pytest.fixture
def told() -> Iterator[Told]:
    server = Told()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(told: Told, tmp_path: Path) -> Iterator[Callable[..., None]]:
    def start(**given: Any) -> None:
        onrecord.init(
            endpoint=told.url,
            api_key="or_key",
            spool=tmp_path,
            tracer_provider=TracerProvider(shutdown_on_exit=False),
            instrument=False,
            **given,
        )

    yield start
    onrecord.shutdown(0)


def step(words: str = "words") -> None:
    with onrecord.span("step") as one:
        one.output(words)


def until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_acknowledged_leaves_the_spool(told: Told, client: Callable[..., None], tmp_path: Path) -> None:
    client()
    step("the first words")
    assert onrecord.flush(WAIT_S)
    assert "the first words" in told.bodies()
    assert onrecord.status()["acknowledged"] == 1
    assert not list(tmp_path.rglob("*.traces"))


def test_a_wait_that_the_server_asks_for_is_kept(told: Told, client: Callable[..., None]) -> None:
    told.answers = [(429, {"Retry-After": "2"}, b""), (200, {}, b"{}")]
    client()
    step()
    until(lambda: bool(told.came))
    assert not onrecord.flush(0.5)
    until(lambda: onrecord.status()["acknowledged"] == 1)
    (first, _, _), (second, _, _) = told.came
    assert second - first >= 2


@pytest.mark.parametrize("status", [500, 503, 408, 401, 404])
def test_what_may_succeed_later_is_sent_again(told: Told, client: Callable[..., None], status: int) -> None:
    told.answers = [(status, {}, b""), (200, {}, b"{}")]
    client()
    step("kept words")
    assert onrecord.flush(WAIT_S)
    assert told.came[0][2] == told.came[1][2]
    assert onrecord.status()["refused"] == 0


def test_what_never_succeeds_is_set_aside_counted_and_declared(
    told: Told, client: Callable[..., None], tmp_path: Path
) -> None:
    told.answers = [(400, {}, b""), (200, {}, b"{}")]
    client()
    step("bad words")
    assert onrecord.flush(WAIT_S)
    step("good words")
    assert onrecord.flush(WAIT_S)
    status = onrecord.status()
    assert (status["refused"], status["acknowledged"]) == (1, 1)
    until(lambda: "onrecord.drop" in told.bodies("/v1/logs"))
    assert "refused" in told.bodies("/v1/logs")
    assert b"bad words" not in b"".join(path.read_bytes() for path in tmp_path.rglob("refused/*"))
    assert len(list(tmp_path.rglob("refused/*"))) == 1


def test_records_that_the_server_could_not_read_are_counted(told: Told, client: Callable[..., None]) -> None:
    told.answers = [(200, {}, b'{"partialSuccess": {"rejectedSpans": "1"}}')]
    client()
    step()
    assert onrecord.flush(WAIT_S)
    assert onrecord.status()["rejected"] == 1


def test_records_are_numbered_one_by_one_spans_and_scores_alike(told: Told, client: Callable[..., None]) -> None:
    client()
    for _ in range(3):
        step()
        onrecord.feedback(1, trace_id="ab" * 16)
    assert onrecord.flush(WAIT_S)
    said = told.bodies() + told.bodies("/v1/logs")
    for number in range(1, 7):
        assert f'{{"key":"onrecord.sequence","value":{{"intValue":"{number}"}}}}' in said


def test_many_threads_give_every_number_once(told: Told, client: Callable[..., None]) -> None:
    client()

    def work() -> None:
        for _ in range(150):
            step()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert onrecord.flush(WAIT_S)
    numbers = re.findall(r'"onrecord.sequence","value":\{"intValue":"(\d+)"', told.bodies())
    assert sorted(map(int, numbers)) == list(range(1, 1_201))


def test_a_sample_rate_is_declared(told: Told, client: Callable[..., None]) -> None:
    client(sample_rate=0.0)
    for _ in range(5):
        step()
    assert onrecord.flush(WAIT_S)
    assert "onrecord.sampling" in told.bodies("/v1/logs")
    assert '{"key":"count","value":{"intValue":"5"}}' in told.bodies("/v1/logs")
    assert told.bodies() == ""


def test_a_hook_that_ends_threads_does_not_end_the_log(told: Told, client: Callable[..., None]) -> None:
    def ends(text: str) -> str:
        raise SystemExit

    client(mask=ends)
    step("unmasked words")
    assert onrecord.flush(WAIT_S)
    assert "unmasked words" not in told.bodies()
    assert int(onrecord.status()["withheld"]) >= 1


def test_a_record_too_large_for_any_request_is_declared(
    told: Told, client: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.sdk.intake.CLIENT_RECORD_BYTES", 2_000)
    client()
    step("x" * 3_000)
    step("small words")
    assert onrecord.flush(WAIT_S)
    assert "small words" in told.bodies()
    assert "too_large" in told.bodies("/v1/logs")


def test_a_spool_that_takes_nothing_costs_no_record_while_the_server_answers(
    told: Told, client: Callable[..., None], tmp_path: Path
) -> None:
    client()
    (place,) = tmp_path.iterdir()
    place.rmdir()
    place.write_bytes(b"")  # whatever is to be made below it can not be
    step()
    assert onrecord.flush(WAIT_S)
    assert "words" in told.bodies()


def test_a_queue_that_is_full_drops_and_declares(
    told: Told, client: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.sdk.intake.CLIENT_QUEUE_RECORDS", 4)
    client()
    for _ in range(20):
        step()
    assert onrecord.flush(WAIT_S)
    status = onrecord.status()
    assert int(status["dropped"]) > 0
    assert int(status["dropped"]) + int(status["acknowledged"]) == 20
    assert "queue_full" in told.bodies("/v1/logs")


def test_much_text_in_memory_is_bounded_too(
    told: Told, client: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.sdk.intake.CLIENT_QUEUE_BYTES", 10_000)
    client()
    for _ in range(10):
        step("x" * 4_000)
    assert onrecord.flush(WAIT_S)
    status = onrecord.status()
    assert int(status["dropped"]) > 0
    assert int(status["dropped"]) + int(status["acknowledged"]) == 10
    step("small")
    assert onrecord.flush(WAIT_S)
    assert int(onrecord.status()["acknowledged"]) == int(status["acknowledged"]) + 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3), ("nonsense", 0), ("-5", 0), ("nan", 0), ("99999", 600), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("", 0)],
)
def test_a_retry_after_is_believed_within_bounds(told: Told, text: str, seconds: float) -> None:
    told.answers = [(503, {"Retry-After": text}, b"")]
    connection = Connection(told.url, "", "test")
    assert connection.send("traces", b"x") == Outcome("later", 503, seconds)
    connection.close()


def test_nobody_there_is_an_outcome_and_not_an_exception() -> None:
    for endpoint in ("http://127.0.0.1:9", "http://no-such-host.invalid"):
        assert Connection(endpoint, "", "test").send("traces", b"x").state == "later"
