"""The server as a process: starts, accepts, is visible, drains, comes back, and lets in whom it should."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.server import Server, onrecord, serving
from tests.recorded import span

pytestmark = pytest.mark.chdb
PAGE = {"accept": "text/html"}


def spans(first: int, count: int = 20) -> bytes:
    whole = ExportTraceServiceRequest()
    for number in range(first, first + count):
        whole.MergeFrom(span(number + 1, trace=first + 1))
    return whole.SerializeToString()


def rows_of(data: Path) -> int:
    """Spans in the store of a stopped server. One process opens one store, so it is asked in a process of its own."""
    asking = (
        "import sys; from onrecord.store.migrate import open_store; store = open_store(sys.argv[1]); "
        "print(store.query('SELECT count() FROM spans FINAL').result_rows[0][0]); store.close()"
    )
    said = subprocess.run([sys.executable, "-c", asking, f"chdb://{data}/store"], capture_output=True, check=True)
    return int(said.stdout)


def test_what_was_acknowledged_is_in_ledger_and_store_a_moment_later(server: Server) -> None:
    before = server.settle()
    answer = server.export(spans(1_000))
    assert (answer.status, answer.body) == (200, b"")
    after = server.settle()
    assert after["received"] - before["received"] == 20
    assert after["store_rows"] - before["store_rows"] == 20
    assert after["status"] == "ok"


def test_a_batch_that_is_sent_again_is_recognised(server: Server) -> None:
    before = server.health()["duplicates"]
    assert server.export(spans(2_000)).status == 200
    assert server.export(spans(2_000)).status == 200
    assert server.health()["duplicates"] - before == 20


def test_metrics_say_the_same_as_health(server: Server) -> None:
    server.export(spans(3_000))
    report = server.settle()
    text = server.ask("GET", "/metrics").body.decode()
    assert f"onrecord_received_total {float(report['received'])}" in text
    assert 'onrecord_requests_total{signal="traces",status="200"}' in text
    assert "process_resident_memory_bytes" in text


def test_the_ledger_is_served_as_files_and_nothing_else_is(server: Server) -> None:
    server.export(spans(4_000))
    server.settle()
    checkpoint = next(server.data.glob("ledger/*/*/*/checkpoint"))
    path = f"/ledger/{checkpoint.parent.relative_to(server.data / 'ledger')}"
    served = server.ask("GET", f"{path}/checkpoint")
    assert (served.status, served.body) == (200, checkpoint.read_bytes())
    assert served.headers["cache-control"] == "no-cache"
    assert server.ask("GET", f"{path}/vkey").status == 200
    tile = next(checkpoint.parent.glob("tile/0/*.p/*"))
    got = server.ask("GET", f"{path}/{tile.relative_to(checkpoint.parent)}")
    assert (got.status, got.body) == (200, tile.read_bytes())
    assert "immutable" in got.headers["cache-control"]
    for name in ("", "../onrecord.json", "%2e%2e/onrecord.json", f"{path}/tile", "..%2fkeys.db", f"{path}/.state"):
        assert server.ask("GET", f"/ledger/{name}").status == 404, name


def test_pages_and_figures_are_for_those_who_may_see_them(server: Server) -> None:
    page = server.ask("GET", "/traces", headers=PAGE)
    assert page.status in (302, 303, 307, 401)
    assert b"span" not in page.body
    proxied = {"x-forwarded-for": "10.1.2.3"}
    assert server.ask("GET", "/health", headers=proxied).json() == {"status": "ok"}
    assert server.ask("GET", "/metrics", headers=proxied).status == 401


def test_every_answer_carries_the_security_headers(server: Server) -> None:
    for path in ("/health", "/login", "/no/such/page", "/ledger/none"):
        headers = server.ask("GET", path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "no-referrer", path
        assert headers["x-content-type-options"] == "nosniff", path


def test_no_log_line_holds_a_query_or_a_path_that_nobody_serves(server: Server) -> None:
    server.ask("GET", "/traces?q=alice-secret")
    server.ask("GET", "/nobody/bob-secret")
    assert "secret" not in server.said()


def test_a_full_stop_leaves_nothing_behind_and_the_next_start_finds_everything(data: Path) -> None:
    with serving(data) as server:
        for first in range(0, 2_000, 100):
            assert server.export(spans(first, 100)).status == 200
        assert server.end() == 0
        assert rows_of(data) == 2_000, "all was drained before the exit"
        with serving(data) as again:
            again.settle()
            assert again.export(spans(0, 100)).status == 200
            assert again.health()["duplicates"] == 100
            assert again.end() == 0
        assert rows_of(data) == 2_000, "nothing was projected twice"


def test_a_killed_server_comes_back_with_everything_it_acknowledged(data: Path) -> None:
    with serving(data) as server:
        for first in range(0, 1_000, 100):
            assert server.export(spans(first, 100)).status == 200
        server.end(signal.SIGKILL)
        with serving(data) as again:
            again.settle()
            for first in range(0, 1_000, 100):
                assert again.export(spans(first, 100)).status == 200
            report = again.settle()
            assert (report["duplicates"], report["received"]) == (1_000, 0)


def test_a_second_signal_ends_the_process_at_once(data: Path) -> None:
    with serving(data) as server:
        place = urlsplit(server.url)
        held = http.client.HTTPConnection(place.hostname or "", place.port)
        held.putrequest("POST", "/v1/traces")
        held.putheader("content-type", "application/x-protobuf")
        held.putheader("content-length", "100")
        held.endheaders()
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None, "it waits for the request under way"
        assert server.end(signal.SIGTERM, within_s=2) == 128 + signal.SIGTERM
        held.close()


def test_a_data_directory_has_one_server_and_a_port_too(server: Server, data: Path) -> None:
    second = onrecord("serve", "--data", str(server.data), "--port", "0")
    assert second.returncode == 64
    assert "Another process uses the data directory" in second.stderr
    port = str(urlsplit(server.url).port)
    third = onrecord("serve", "--data", str(data), "--port", port)
    assert third.returncode == 64
    assert "Port" in third.stderr
    assert not data.exists(), "a server that can not listen touches nothing"


def test_the_door_closes_with_the_first_key(data: Path) -> None:
    with serving(data) as server:
        assert server.export(spans(1)).status == 200
        made = onrecord("keys", "create", "--data", str(data))
        assert made.returncode == 0
        key = made.stdout.strip()
        assert server.export(spans(2)).status == 401
        assert server.export(spans(2), x_api_key=key).status == 200
        listed = onrecord("keys", "list", "--data", str(data), "--json")
        assert key.split("_", 2)[2] not in listed.stdout


def test_beyond_loopback_a_key_is_needed_and_tls_or_a_banner(data: Path) -> None:
    refused = onrecord("serve", "--data", str(data), "--port", "0", "--host", "0.0.0.0")
    assert refused.returncode == 64
    assert "onrecord keys create" in refused.stderr


def test_the_login_link_of_the_first_start_is_shown_until_it_is_used(data: Path) -> None:
    with serving(data) as server:
        assert len(server.login) == 43
        page = server.ask("GET", f"/login?token={server.login}", headers=PAGE)
        assert page.status == 200
        assert server.login not in server.said().replace(f"/login?token={server.login}", "", 1)


def test_an_idle_server_with_its_store_open_keeps_within_its_memory(data: Path) -> None:
    with serving(data) as server:  # one of its own: idle is one that has received nothing
        assert server.settle()["parts"]["store"] == "ok"
        status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    assert int(status.split("VmRSS:")[1].split()[0]) < 450 * 1024


def test_a_client_that_trickles_holds_nobody_else_up(server: Server) -> None:
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname or "", place.port or 0)) as slow:
        slow.sendall(b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n")
        slow.sendall(b"content-length: 1000000\r\n\r\n{")
        assert server.export(spans(5_000)).status == 200
        assert server.health()["pending_bytes"] >= 1_000_000
