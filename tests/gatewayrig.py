"""The gateway on a real socket between a real client and an upstream that sends exactly the bytes of a script.

What the gateway gives to the intake is kept in memory, and read by the door that reads it in the server.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from onrecord.config import ProjectDefaults
from onrecord.control import projects
from onrecord.control.keyring import Keyring
from onrecord.control.schema import open_control
from onrecord.errors import Unavailable
from onrecord.gateway import app
from onrecord.gateway.port import Services, Tally
from onrecord.gateway.recorder import Recorder
from onrecord.gateway.upstream import Client
from onrecord.gateway.upstreams import Upstreams
from onrecord.ingest.doors import DOORS
from onrecord.limits import BODY_BYTES
from onrecord.model.project import OnLogFailure
from onrecord.model.span import Span
from onrecord.model.time import SystemClock
from onrecord.receive.exchanges import SIGNAL, joined
from onrecord.receive.inflight import Inflight
from onrecord.receive.port import Delivery
from onrecord.server.app import build

NEVER = 1 << 30
Step = bytes | float | None
"""Bytes to send, seconds to wait, or ``None``: reset the connection."""


class Memory:
    """A journal that keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.kept: list[Span] = []
        self.kinds: list[str] = []
        self.fails_from = NEVER
        """How many records are kept before it fails."""

    def keep(self, delivery: Delivery, done: Callable[[Exception | None], None]) -> None:
        door = DOORS[delivery.signal]
        assert delivery.signal == SIGNAL
        if len(self.kept) >= self.fails_from:
            done(Unavailable("not written (OSError)"))
            return
        pieces, faults = door.decode(joined([delivery.body]), delivery.media)
        assert not faults
        for piece in pieces:
            span = door.read(piece)
            assert isinstance(span, Span)
            self.kept.append(span)
            self.kinds.append(door.kind(piece))
        done(None)


class Rig:
    """Upstream, gateway and their event loop, in a thread."""

    def __init__(self, directory: Path) -> None:
        self.script: Sequence[Step] = ()
        self.requests: list[bytes] = []
        """What the upstream received, head and body."""
        self.memory = Memory()
        self.tally = Tally()
        control = open_control(directory / "control.db")
        self.project = projects.ensure_first(control, ProjectDefaults(), SystemClock())
        self.keyring = Keyring(control, directory / "control.db")
        self.client = Client()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self.port = 0
        self.upstream_port = 0

    def block(self, chosen: OnLogFailure) -> None:
        """Set what the project does."""
        projects.choose_on_log_failure(self.keyring.engine, self.project, chosen)

    def run(self) -> None:
        """The thread."""
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def wait(self) -> None:
        """Until it answers."""
        assert self._ready.wait(10)

    def stop(self) -> None:
        """End the loop."""
        self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self) -> None:
        upstream = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.upstream_port = upstream.sockets[0].getsockname()[1]
        taken = socket.create_server(("127.0.0.1", 0))
        self.port = taken.getsockname()[1]
        config = uvicorn.Config(self._app(), http="httptools", lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([taken]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        self._ready.set()
        await self._stop.wait()
        server.should_exit = True
        await serving
        await self.client.close()
        upstream.close()

    def _app(self) -> Any:
        return build(
            app.routes(
                Services(
                    upstreams=Upstreams([f"openai=http://127.0.0.1:{self.upstream_port}", "closed=http://127.0.0.1:9"]),
                    client=self.client,
                    recorder=Recorder(self.memory),
                    keyring=self.keyring,
                    inflight=Inflight(),
                    clock=SystemClock(),
                    tally=self.tally,
                    body_bytes=BODY_BYTES,
                    key_of=lambda _: b"k" * 32,
                )
            )
        )

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, then the script, then the end of the connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            self.requests.append(head + await reader.readexactly(length))
            for step in self.script:
                if step is None:
                    writer.transport.abort()
                    return
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                else:
                    await asyncio.sleep(step)
        writer.close()

    # --- the client -------------------------------------------------------------------------------------------

    def ask(self, head: bytes, body: bytes = b"", *, leave_after: int | None = None) -> bytes:
        """Send one request and read until the connection ends, or leave once so many bytes have come."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(head + body)
            got = b""
            while leave_after is None or len(got) < leave_after:
                with contextlib.suppress(ConnectionResetError):
                    piece = connection.recv(65_536)
                    if piece:
                        got += piece
                        continue
                break
            return got

    def post(self, path: str, body: bytes, *lines: str, leave_after: int | None = None) -> bytes:
        """A request of a client that will send no other."""
        host = f"127.0.0.1:{self.port}"
        head = (f"POST {path} HTTP/1.1", f"Host: {host}", "Connection: close", f"Content-Length: {len(body)}", *lines)
        return self.ask("\r\n".join((*head, "", "")).encode(), body, leave_after=leave_after)

    def record(self, count: int = 1) -> Span:
        """The newest record, once there are so many."""
        deadline = time.monotonic() + 10
        while len(self.memory.kept) < count:
            assert time.monotonic() < deadline, "there is no record"
            time.sleep(0.002)
        return self.memory.kept[-1]


@contextlib.contextmanager
def rig(directory: Path) -> Iterator[Rig]:
    """A running gateway and its upstream."""
    made = Rig(directory)
    thread = threading.Thread(target=made.run, name="gateway-rig")
    thread.start()
    try:
        made.wait()
        yield made
    finally:
        made.stop()
        thread.join(20)
        made.keyring.close()
        made.keyring.engine.dispose()


def split(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and raw rest of an answer."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    named = dict(line.split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value for name, value in named.items()}, rest


def unchunked(rest: bytes) -> tuple[bytes, bool]:
    """The body in a chunked answer, and whether its end was said."""
    body = b""
    while rest:
        size, _, after = rest.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return body, True
        body += after[:length]
        rest = after[length + 2 :]
    return body, False
