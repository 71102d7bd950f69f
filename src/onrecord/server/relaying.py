"""The server's side of the process that relays calls: started by the first call, fed with connections, listened to.

Until it is ready, and whenever it is not, calls are relayed in the server itself, more slowly and as completely. When
it ends unasked, what it had made durable is taken up here, and the next call starts another.
"""

import contextlib
import logging
import math
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from typing import Any, Final

import msgspec

from onrecord.errors import Unavailable
from onrecord.gateway.handover import Adopter, send
from onrecord.gateway.port import Tally, added
from onrecord.receive.port import Delivery
from onrecord.server.channel import Channel, Handler
from onrecord.server.lifecycle import HttpServer
from onrecord.server.recording import Recording
from onrecord.server.relayprocess import Begin, Report

_AGAIN_S: Final = 5.0
"""How long a process that ended unasked is not followed by another."""
_REPORT_S: Final = 2.0
_COMMAND: Final = (sys.executable, "-P", "-m", "onrecord.server.relayprocess")
_log = logging.getLogger(__name__)


class _Running(msgspec.Struct):
    """One process, as long as it lives."""

    process: "subprocess.Popen[bytes]"
    handover: socket.socket
    channel: Channel | None = None
    ready: bool = False


class Relaying:
    """At most one process at a time. ``give`` and ``attach`` belong to the event loop."""

    def __init__(self, begin: Begin, recording: Recording) -> None:
        self._begin = begin
        self._recording = recording
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._ended_s = -_AGAIN_S
        self._mute_s = 0.0
        self._stopping = False
        self._earlier = Tally()
        """Counts of processes that have ended."""
        self._last = Report(Tally(), 0, "ok")
        self._server: HttpServer | None = None

    def attach(self, server: HttpServer) -> None:
        """Take back into ``server`` the connections whose next request is no call."""
        self._server = server

    def give(self, connection: socket.socket, data: bytes) -> bool:
        """Give a connection whose request is a call to the process; whether it was given."""
        running = self._running
        if running is None:
            self._want()
            return False
        return running.ready and send(running.handover, connection, data)

    @property
    def ready(self) -> bool:
        """Whether calls are given to the process now."""
        running = self._running
        return running is not None and running.ready

    def report(self) -> Report:
        """How the process is; its counts are those of all processes since the start, when it answers not, the last."""
        running = self._running
        if running is not None and running.channel is not None and running.ready and time.monotonic() > self._mute_s:
            try:
                told = running.channel.ask("report").result(_REPORT_S)
                self._last = msgspec.msgpack.decode(told, type=Report)
            except (Unavailable, TimeoutError):  # its counts as they were, and others do not wait for it as well
                self._mute_s = time.monotonic() + _AGAIN_S
        return Report(added(self._earlier, self._last.tally), self._last.waiting, self._last.condition)

    def empty(self) -> "Future[Any]":
        """Completes when everything that the process had made durable is on the record and gone from its journal."""
        running = self._running
        if running is not None and running.channel is not None:
            return running.channel.ask("empty")
        nothing: Future[Any] = Future()
        nothing.set_result(None)
        return nothing

    def end(self) -> None:
        """Tell the process to finish its calls and end; returns at once."""
        with self._lock:
            self._stopping = True
            running = self._running
        if running is not None and running.channel is not None:
            running.channel.ask("stop")

    def stop(self, within_s: float) -> None:
        """Wait until the process has ended; one that does not end in time is killed, and loses nothing durable."""
        self.end()
        running = self._running
        if running is None:
            return
        try:
            running.process.wait(within_s)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()
        if running.channel is not None:
            running.channel.join()

    # --- inside ---------------------------------------------------------------------------------------------

    def _want(self) -> None:
        with self._lock:
            if self._stopping or self._running is not None or time.monotonic() < self._ended_s + _AGAIN_S:
                return
            try:
                process, ours, asks = _spawned()
            except OSError as error:  # no process, or a system without sockets of whole messages
                _log.error("no process for calls can be started (%s); the server relays them", type(error).__name__)
                self._ended_s = math.inf
                return
            running = self._running = _Running(process, ours)
            handlers: dict[str, Handler] = {"take": self._take, "key": self._key, "ready": lambda: self._ready(running)}
            channel = running.channel = Channel(asks.detach(), handlers, lambda: self._ended(running))
        if self._server is not None:
            Adopter(ours, self._server).start()
        channel.start()
        channel.ask("begin", msgspec.msgpack.encode(self._begin))

    def _take(self, project: int, signal: str, media: str, body: bytes) -> "Future[Any]":
        found = self._recording.numbered(project)
        taken = self._recording.submit(Delivery(project=found, signal=signal, media=media, body=body, patient=True))
        told: Future[Any] = Future()

        def answer(done: "Future[Any]") -> None:
            error = done.exception()
            if error is None:
                told.set_result(None)
            else:
                told.set_exception(error)

        taken.add_done_callback(answer)
        return told

    def _key(self, project: int) -> bytes:
        return self._recording.keys.project_key(project, "gateway")

    def _ready(self, running: _Running) -> None:
        running.ready = True

    def _ended(self, running: _Running) -> None:
        """In the channel's thread."""
        running.ready = False
        code = running.process.wait()
        with self._lock:
            self._running = None
            self._ended_s = time.monotonic()
            self._earlier = added(self._earlier, self._last.tally)
            self._last = Report(Tally(), 0, "ok")
        self._recording.journal.inherit("relay")
        if not self._stopping or code:
            _log.error("the process for calls ended with %d; what it had made durable is taken up", code)


def _spawned() -> "tuple[subprocess.Popen[bytes], socket.socket, socket.socket]":
    """A process, the socket for connections and the one for questions; raises ``OSError``."""
    with contextlib.ExitStack() as both:
        ours, theirs = map(both.enter_context, socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        asks, answers = map(both.enter_context, socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM))
        fds = theirs.fileno(), answers.fileno()
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*_COMMAND, *map(str, fds)], pass_fds=fds, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        ours = ours.dup()
        ours.setblocking(False)  # noqa: FBT003 - named so
        return process, ours, asks.dup()
