"""The life of the process: start in order, serve, and stop so that nothing acknowledged is ever in doubt.

Parts start in the order in which a record passes them and stop in the same order, each one draining into the next:
the door closes, waiting commits finish, the ledger publishes, the store catches up. A stop is bounded in time; what is
not drained by then lies in the spool and is taken up at the next start. A second signal ends the process at once,
which loses nothing either: everything acknowledged is on disk.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from onrecord.config import Listen
from onrecord.errors import Rejected

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_REQUESTS_SECONDS: Final = 10
"""How long a stop waits for requests under way."""
_BACKLOG: Final = 2048

_logger = logging.getLogger(__name__)


class Part(msgspec.Struct, frozen=True):
    """Something that runs while the server does."""

    name: str
    start: Callable[[], None]
    stop: Callable[[float], None]
    """Drain and end, within so many seconds."""


class Parts:
    """All parts in order. Stopping takes each one that was started, whatever the others do."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._started: list[Part] = []

    def start(self) -> None:
        """Start every part; when one does not start, those before it are stopped."""
        try:
            for part in self._parts:
                part.start()
                self._started.append(part)
        except BaseException:
            self.stop(within_s=1)
            raise

    def stop(self, within_s: float) -> list[str]:
        """Stop what was started, in order; the answer names the parts that did not end well."""
        deadline_s = time.monotonic() + within_s
        failed = []
        for part in self._started:
            try:
                part.stop(max(0.1, deadline_s - time.monotonic()))
            except Exception as error:  # noqa: BLE001 - the next part must still be stopped
                _logger.error("%s did not stop well: %s", part.name, type(error).__name__)
                failed.append(part.name)
        self._started.clear()
        return failed


class HttpServer(uvicorn.Server):
    """uvicorn, but for signals: those are ours, because draining goes on after the last request is answered."""

    on_start: Sequence[Callable[[], object]] = ()
    """Called inside the event loop, once requests are answered."""
    on_stop: Sequence[Callable[[], object]] = ()
    """Called inside the event loop, when no more are to be taken."""
    on_last_request: Sequence[Callable[[], Awaitable[None]]] = ()
    """Called inside the event loop, once the last request is answered."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin as uvicorn does, then say so."""
        await super().startup(sockets)
        for begin in self.on_start:
            begin()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End as uvicorn does, then let go of what lives in the event loop."""
        for end in self.on_stop:
            end()
        await super().shutdown(sockets)
        for let_go in self.on_last_request:
            await let_go()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def bind(listen: Listen) -> socket.socket:
    """Take the port before anything else is opened, so that a second server fails at once and touches nothing.

    Raises:
        Rejected: the address is not ours or is taken.
    """
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((listen.host, listen.port))
        taken.listen(_BACKLOG)  # who connects from now on waits for the start instead of being refused
    except OSError as error:
        taken.close()
        raise Rejected(
            f"Port {listen.port} on {listen.host} can not be used: {error.strerror}.",
            hint="Another server may be running; choose another with --port.",
        ) from None
    return taken


def http_server(app: ASGIApp, listen: Listen, connections: type[HttpToolsProtocol] | None = None) -> HttpServer:
    """The HTTP server over ``app``; ``connections`` is the class of its connections when it is not uvicorn's."""
    return HttpServer(
        uvicorn.Config(
            app,
            loop="uvloop",
            http=connections or "httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            proxy_headers=bool(listen.trusted_proxies),
            forwarded_allow_ips=list(listen.trusted_proxies),
            ssl_certfile=listen.tls_cert,
            ssl_keyfile=listen.tls_key,
            timeout_graceful_shutdown=_REQUESTS_SECONDS,
        )
    )


@contextmanager
def stopping_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` at the first SIGINT or SIGTERM; end the process at the second."""
    first = threading.Event()

    def handle(number: int, _: FrameType | None) -> None:
        if first.is_set():
            os._exit(128 + number)
        first.set()
        stop()

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
