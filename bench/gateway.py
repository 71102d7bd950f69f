"""``python -m bench.gateway``: what the gateway adds to a call, beside the same call made directly.

The process that relays is kept on core 0, the fake provider and the client on core 1, as far as the machine has two;
the rest of the server runs wherever there is room. Client and provider are asyncio protocols that do next to nothing,
so that the figures are the gateway's. Every call is durable before its last byte; the run ends by waiting until the
store has all of them, and counts them.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

from bench import machine
from bench.load import median, quantile_of
from bench.server import Server, serving

Row = tuple[str, str, float, str]
PROMPT = "Tell me what a log of AI interactions is good for, in as many words as you need. " * 6
ANSWER = "It shows afterwards what was asked and what was answered, by whom and at what price. " * 5
_WHOLE = json.dumps(
    {
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 90, "total_tokens": 210},
    }
).encode()  # fmt: skip
_CHUNKS = 30
_THINK_S, _GAP_S = 0.02, 0.005
_PATIENCE_S = 120
_RATE, _RATE_S = 3_200, 10
"""Somewhat more than the 3,000 that the whole of the server must keep up with, relay and record, and for how long."""
_SESSIONS = 200
"""Conversations that the calls belong to: a call names its session, as chat applications do."""


def _request(target: str, port: int, key: str, number: int, *, stream: bool) -> bytes:
    asked = {"model": "gpt-4o-mini", "stream": stream, "messages": [{"role": "user", "content": f"{number} {PROMPT}"}]}
    body = json.dumps(asked).encode()
    ours = f"X-Onrecord-Key: {key}\r\nX-Onrecord-Session: s-{number % _SESSIONS}\r\n" if key else ""
    head = (
        f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer sk-fake\r\n{ours}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


# --- the provider -----------------------------------------------------------------------------------------------


class _Provider(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = cast("asyncio.WriteTransport", transport)
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self._data = b""
        if b'"stream": true' in rest or b'"stream":true' in rest:
            self._streaming = asyncio.get_running_loop().create_task(self._stream(self._out))
        else:
            answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_WHOLE)
            self._out.write(answer + _WHOLE)

    async def _stream(self, out: asyncio.WriteTransport) -> None:
        await asyncio.sleep(_THINK_S)
        out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(_CHUNKS):
            last = number == _CHUNKS - 1
            choice = {"index": 0, "delta": {"content": f" word{number}"}, "finish_reason": "stop" if last else None}
            event = b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n"
            event += b"data: [DONE]\n\n" if last else b""
            out.write(b"%x\r\n%b\r\n" % (len(event), event))
            await asyncio.sleep(0 if last else _GAP_S)
        out.write(b"0\r\n\r\n")


def _provide(port: "multiprocessing.queues.Queue[int]") -> None:  # type: ignore[name-defined]
    _pin(1)

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Provider, "127.0.0.1", 0, backlog=1024)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(run())


def _pin(core: int) -> None:
    """Keep this process, and what it starts, on one core."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


def _pin_relay(server: Server) -> None:
    """Keep the process that relays on the other core than client and provider."""
    for process in machine.tree(server.process.pid):
        if b"relayprocess" in Path(f"/proc/{process}/cmdline").read_bytes():
            for thread in Path(f"/proc/{process}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {0})
            return
    raise AssertionError("there is no process that relays")


# --- the client -------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What the clients saw."""

    seconds: float = 0.0
    total_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)

    def ms(self, quantile: float) -> float:
        """A quantile of the time of a whole call."""
        return quantile_of(self.total_s, quantile) * 1_000


class _Caller(asyncio.Protocol):
    """One connection: the next call as soon as the last one is whole, and not before its time when it has one."""

    def __init__(
        self,
        port: int,
        target: str,
        key: str,
        numbers: "range",
        seen: Seen,
        *,
        stream: bool,
        every_s: float = 0.0,
        after_s: float = 0.0,
    ) -> None:
        self._port, self._target, self._key, self._stream = port, target, key, stream
        self._numbers = iter(numbers)
        self._seen = seen
        self.done = asyncio.get_running_loop().create_future()
        self._data = b""
        self._first = 0.0
        self._every_s = every_s
        self._due_s = time.perf_counter() + after_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = cast("asyncio.WriteTransport", transport)  # uvloop's transports are of no class of asyncio
        self._wait()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server ended the connection"))

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        if not end or not body:
            return
        if not self._first:
            self._first = time.perf_counter()
        if b"chunked" in head.lower():
            whole = body.endswith(b"\r\n0\r\n\r\n")
        else:
            whole = len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if whole:
            assert head.startswith(b"HTTP/1.1 200"), head
            now = time.perf_counter()
            self._seen.total_s.append(now - self._began)
            self._seen.first_s.append(self._first - self._began)
            self._due_s = max(self._due_s, now - self._every_s) + self._every_s  # who is late does not catch up
            self._wait()

    def _wait(self) -> None:
        left_s = self._due_s - time.perf_counter()
        if left_s > 0:
            asyncio.get_running_loop().call_later(left_s, self._next)
        else:
            self._next()

    def _next(self) -> None:
        number = next(self._numbers, None)
        if number is None:
            self.done.set_result(None)
            self._out.close()
            return
        self._data, self._first = b"", 0.0
        request = _request(self._target, self._port, self._key, number, stream=self._stream)
        self._began = time.perf_counter()
        self._out.write(request)


def call(
    port: int,
    target: str,
    key: str,
    calls: int,
    connections: int,
    *,
    stream: bool = False,
    base: int = 0,
    per_second: float = 0.0,
) -> Seen:
    """So many calls over so many connections, each the next one as soon as the last is whole, or at a rate."""
    seen = Seen()
    every_s = connections / per_second if per_second else 0.0

    async def run() -> None:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        callers = []
        for number in range(connections):
            numbers = range(base + number, base + calls, connections)
            after_s = every_s * number / connections  # evenly: all at once would be a rate of its own
            made = partial(_Caller, port, target, key, numbers, seen, stream=stream, every_s=every_s, after_s=after_s)
            _, caller = await loop.create_connection(made, "127.0.0.1", port)
            callers.append(caller.done)
        await asyncio.wait_for(asyncio.gather(*callers), _PATIENCE_S)
        seen.seconds = time.perf_counter() - began

    uvloop.run(run())
    return seen


# --- the figures ------------------------------------------------------------------------------------------------


Way = tuple[int, str, str]
"""Port, path, and key of ours if the way is through the gateway."""


def measure(server: Server, provider: int, calls: int) -> list[Row]:
    """All figures, direct and through the gateway in turns."""
    port = urlsplit(server.url).port or 0
    direct, through = (provider, "/v1/chat/completions", ""), (port, "/gateway/openai/v1/chat/completions", server.key)
    call(*direct, 500, 4)
    call(*through, 1_000, 4, base=10_000_000)
    server.settle()
    _pin_relay(server)
    call(*through, 1_000, 4, base=11_000_000)
    server.settle()
    rows = [
        *_one_by_one(direct, through, calls // 10),
        *_as_fast_as_possible(server, through, calls),
        *_at_a_rate(server, through),
        *_streams(direct, through),
    ]
    server.settle()
    kept = int(server.get("/health")["gateway_calls"]) - int(server.get("/health")["gateway_unrecorded"])
    stored = int(server.get("/api/v1/counts")["spans"])
    assert kept == stored, (kept, stored)
    return rows


def _one_by_one(direct: Way, through: Way, calls: int) -> list[Row]:
    pairs = [(call(*direct, calls, 1), call(*through, calls, 1, base=1_000_000 * n)) for n in range(1, 4)]
    plain, passed = min(pairs, key=lambda pair: pair[1].ms(0.5))
    return [
        ("direct call, concurrency 1, p50", "ms", plain.ms(0.5), ""),
        ("added by the gateway, p50", "ms", passed.ms(0.5) - plain.ms(0.5), "0.6"),
        ("added by the gateway, p99", "ms", passed.ms(0.99) - plain.ms(0.99), ""),
    ]


def _as_fast_as_possible(server: Server, through: Way, calls: int) -> list[Row]:
    server.settle()
    pid = server.process.pid
    before, began = machine.cpu_s(pid), time.perf_counter()
    many = call(*through, calls, 16, base=20_000_000)
    busy = machine.cpu_s(pid) - before
    server.settle()
    settled_s = time.perf_counter() - began
    return [
        ("calls at concurrency 16", "/s", calls / many.seconds, "3,000"),
        ("  p50", "ms", many.ms(0.5), ""),
        ("  p99", "ms", many.ms(0.99), "8"),
        ("  processor time of the server per call until answered", "ms", busy / calls * 1_000, ""),
        ("  processor time per call until queryable", "ms", (machine.cpu_s(pid) - before) / calls * 1_000, ""),
        ("  calls until queryable", "/s", calls / settled_s, ""),
    ]


def _at_a_rate(server: Server, through: Way) -> list[Row]:
    calls = _RATE * _RATE_S
    paced = call(*through, calls, 16, base=25_000_000, per_second=_RATE)
    ended = time.perf_counter()
    waiting = int(server.get("/health")["journal_waiting"])
    server.settle()
    return [
        (f"calls at concurrency 16, {_RATE:,} a second asked for, {_RATE_S} s", "/s", calls / paced.seconds, "3,000"),
        ("  p50", "ms", paced.ms(0.5), ""),
        ("  p99", "ms", paced.ms(0.99), "8"),
        ("  calls that waited for their record when the last was answered", "", waiting, ""),
        ("  the last is queryable after", "s", time.perf_counter() - ended, ""),
    ]


def _streams(direct: Way, through: Way) -> list[Row]:
    pairs = [
        (call(*direct, 20, 1, stream=True), call(*through, 20, 1, stream=True, base=30_000_000 + 100 * n))
        for n in range(3)
    ]
    waits = [median(there.first_s) * 1_000 - median(here.first_s) * 1_000 for here, there in pairs]
    whole = [median(there.total_s) * 1_000 - median(here.total_s) * 1_000 for here, there in pairs]
    return [
        ("time to first token of a stream, added, p50", "ms", sorted(waits)[1], "0.5"),
        ("end of a stream, added, p50", "ms", sorted(whole)[1], ""),
    ]


@contextlib.contextmanager
def providing() -> Iterator[int]:
    """The fake provider in a process of its own; its port."""
    ports: multiprocessing.Queue[int] = multiprocessing.get_context("spawn").Queue()
    process = multiprocessing.get_context("spawn").Process(target=_provide, args=(ports,), daemon=True)
    process.start()
    try:
        yield ports.get(timeout=30)
    finally:
        process.terminate()
        process.join()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="calls of the run at concurrency 16")
    chosen = parser.parse_args()
    print(f"{machine.describe()}; {machine.busy_elsewhere():.0%} of it busy with other work before the run")
    with (
        providing() as provider,
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "data", "--upstream", f"openai=http://127.0.0.1:{provider}") as server,
    ):
        _pin(1)
        rows = measure(server, provider, chosen.calls)
    print("\n| figure | measured | must |\n|---|---|---|")
    for name, unit, value, must in rows:
        print(f"| {name} | {value:,.2f} {unit} | {f'{must} {unit}' if must else ''} |")


if __name__ == "__main__":
    main()
