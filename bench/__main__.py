"""``python -m bench``: what the server costs, how fast it is, how long answers take. The table that README quotes.

Everything is measured from outside, on a real server process: processor time is that of the process and its workers
until all is queryable, background merges included; bytes are whole files; latencies are those of the HTTP API.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench import machine, peers
from bench.load import quantile_of, send
from bench.server import Server, serving
from bench.workload import RARE_WORD, Workload, encoded

Row = tuple[str, str, float, str]
_POLL_S = 0.01
"""How often a probe asks whether its span is visible: its own questions are load, too."""
_REST_S = 20
"""How long the server rests before bytes are counted: merges end, free space is given back."""


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--spans", type=int, default=100_000, help="spans in the store when queries are timed")
    parser.add_argument("--burst", type=int, default=20_000, help="spans of the throughput run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--against", choices=("phoenix", "mlflow"), help="run the same burst against a peer")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args()
    print(f"{machine.describe()}; {machine.busy_elsewhere():.0%} of it busy with other work before the run")
    if chosen.against:
        rows = peers.run(chosen.against, encoded(chosen.burst, chosen.seed))
    else:
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "data") as server:
            rows = measure(server, chosen.burst, chosen.spans, chosen.seed)
    show(rows)
    if chosen.json:
        chosen.json.write_text(json.dumps({name: value for name, _, value, _ in rows}, indent=1) + "\n")


def measure(server: Server, burst: int, spans: int, seed: int) -> list[Row]:
    """All figures, in the order of the table."""
    pid = server.process.pid
    rows: list[Row] = [
        ("start until it answers", "s", server.start_s, "2"),
        ("idle memory, store open", "MB", machine.resident_bytes(pid) / 1e6, "450"),
    ]
    rows += [("send to visible, idle, p95", "ms", quantile_of(visible_ms(server, 40, seed), 0.95), "200")]
    send(server.url, encoded(4_000, seed + 1), headers={"x-api-key": server.key})
    server.settle()
    rows += throughput(server, burst, seed)
    rate = next(value for name, _, value, _ in rows if name == "spans until queryable")
    rows += half_load(server, rate / 2, seed)
    fill(server, spans, seed)
    rows += [("bytes per span, whole files", "KB", machine.disk_bytes(server.data) / stored(server) / 1e3, "3.0")]
    rows += [
        (f"  of it {part}", "KB", machine.disk_bytes(server.data / part) / stored(server) / 1e3, "")
        for part in ("ledger", "vault", "store")
    ]
    rows += [("peak memory of the server's own process", "MB", machine.peak_resident_bytes(pid) / 1e6, "")]
    return rows + queries(server, stored(server))


def throughput(server: Server, burst: int, seed: int) -> list[Row]:
    """The burst: processor time, rate until queryable, acknowledgements."""
    requests = encoded(burst, seed)
    pid = server.process.pid
    before, began = machine.cpu_s(pid), time.perf_counter()
    sent = send(server.url, requests, headers={"x-api-key": server.key})
    server.settle()
    seconds, cpu = time.perf_counter() - began, machine.cpu_s(pid) - before
    return [
        ("processor time per span, whole path", "ms", cpu / sent.spans * 1_000, "0.40"),
        ("spans until queryable", "/s", sent.spans / seconds, "3,500"),
        ("spans acknowledged", "/s", sent.spans / sent.seconds, ""),
        ("acknowledgement in the burst, p50", "ms", sent.ack_ms(0.5), ""),
    ]


def half_load(server: Server, rate: float, seed: int) -> list[Row]:
    """Acknowledgements, and how soon spans are visible, at half the rate that the burst reached.

    Twice: alone, and with probes that ask for their span every ``_POLL_S``, whose questions are load of their own.
    """
    alone = send(server.url, encoded(int(rate * 12), seed + 6), spans_per_s=rate, headers={"x-api-key": server.key})
    server.settle()
    requests = encoded(int(rate * 12), seed + 2)
    seen: list[float] = []
    probe = threading.Thread(target=lambda: seen.extend(visible_ms(server, 12, seed + 3)))
    probe.start()
    sent = send(server.url, requests, spans_per_s=rate, headers={"x-api-key": server.key})
    probe.join()
    server.settle()
    return [
        ("acknowledgement at half load, p50", "ms", alone.ack_ms(0.5), ""),
        ("acknowledgement at half load, p99", "ms", alone.ack_ms(0.99), "50"),
        ("acknowledgement at half load beside a reader, p99", "ms", sent.ack_ms(0.99), ""),
        ("send to visible, under half load, p95", "ms", quantile_of(seen, 0.95), "1,500"),
    ]


def visible_ms(server: Server, times: int, seed: int) -> list[float]:
    """Milliseconds from sending one small trace until the list of spans has it."""
    workload = Workload(seed * 1_000 + 7)
    found = []
    for _ in range(times):
        spans = workload.trace()
        trace = spans[-1].trace_id.hex()
        began = time.perf_counter()
        body = workload.request(spans)
        send(server.url, [(peers.packed(body), len(spans))], connections=1, headers={"x-api-key": server.key})
        while not server.get("/api/v1/spans", trace=trace, limit="1")["rows"]:
            time.sleep(_POLL_S)
        found.append((time.perf_counter() - began) * 1_000)
    return found


def fill(server: Server, spans: int, seed: int) -> None:
    """Send on until so many spans are stored, one of them a trace of 10,000."""
    headers = {"x-api-key": server.key}
    missing = spans - stored(server) - 10_000
    if missing > 0:
        send(server.url, encoded(missing, seed + 4), headers=headers)
    send(server.url, peers.one_trace(10_000, seed + 5), headers=headers)
    server.settle()
    time.sleep(_REST_S)


def stored(server: Server) -> int:
    """Spans in the store."""
    return int(server.get("/api/v1/counts")["spans"])


def queries(server: Server, spans: int) -> list[Row]:
    """Median latency of the questions that a page asks, over the API."""
    user = server.get("/api/v1/users", limit="1")["rows"][0]["user"]
    asked: list[tuple[str, str, dict[str, str], str]] = [
        ("newest 50", "/api/v1/spans", {"limit": "50"}, "30"),
        ("filter by user, newest 50", "/api/v1/spans", {"user": user, "limit": "50"}, "50"),
        ("tokens per model", "/api/v1/aggregate", {"measure": "tokens_input", "group_by": "model"}, "50"),
        ("word search, newest 50", "/api/v1/search", {"q": RARE_WORD, "limit": "50"}, "50"),
        ("substring search, newest 50", "/api/v1/search", {"q": f"*{RARE_WORD[2:9]}*", "limit": "50"}, "300"),
        ("a 10,000-span trace", f"/api/v1/traces/{peers.LONG_TRACE.hex()}", {}, "300"),
    ]
    return [
        (f"{name}, {spans:,} spans stored", "ms", server.timed_ms(path, query), must)
        for name, path, query, must in asked
    ]


def show(rows: list[Row]) -> None:
    """The table, as Markdown."""
    written: Callable[[float], str] = lambda value: f"{value:,.2f}" if abs(value) < 10 else f"{value:,.0f}"  # noqa: E731
    print("\n| figure | measured | must |\n|---|---|---|")
    for name, unit, value, must in rows:
        print(f"| {name} | {written(value)} {unit} | {f'{must} {unit}' if must else ''} |")


if __name__ == "__main__":
    main()
