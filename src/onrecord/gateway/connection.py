"""One connection to an upstream: bytes in, the pieces of an answer out, as HTTP/1.1 frames them.

httptools (llhttp) parses; here is only what waits and what went wrong. The parser sees everything, so what lies before
a fault in the same packet is given out before the fault is said. An answer that nobody framed (no length, not chunked)
ends with its connection.
"""

import asyncio
from collections import deque
from typing import Final, cast

import httptools

from onrecord.limits import GATEWAY_HEAD_BYTES, GATEWAY_READ_SECONDS

_BUFFER_BYTES: Final = 512 * 1024
"""Of an answer that is read more slowly than it arrives: beyond it the provider has to wait."""
_NO_CONTENT: Final = (204, 304)
_FIRST_FINAL: Final = 200


class Failed(Exception):
    """There is no whole answer. ``kind`` is ``refused``, ``timeout`` or ``broken``."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Connection(asyncio.Protocol):
    """Carries one exchange at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_s = 0.0
        self._paused = False
        self._ended = False
        """Nothing more will arrive."""
        self._resting = False
        self._begin(bodiless=True)

    def _begin(self, *, bodiless: bool) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless = bodiless
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._head_bytes = 0
        self._framed = False
        self._headed = False
        self._whole = False
        self._more = False
        self._keeps = False
        self._fault = ""
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []

    # --- the side of whoever asks ---------------------------------------------------------------------------

    def ask(self, request: bytes, *, bodiless: bool) -> None:
        """Send a request, head and body.

        Args:
            request: as bytes.
            bodiless: the answer has no body whatever its head says (HEAD).

        Raises:
            Failed: the connection has ended.
        """
        if self._transport is None or self._ended:
            raise Failed("broken")
        self._begin(bodiless=bodiless)
        self._transport.write(request)

    async def head(self) -> None:
        """Wait for the head of the answer: ``status`` and ``headers``; raises ``Failed`` when there is none."""
        while not self._headed:
            await self._wait()

    def _at_hand(self) -> bytes:
        """What has arrived of the body and was not given out yet."""
        if not self._pieces:
            return b""
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting_bytes = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def piece(self) -> bytes:
        """The next bytes of the body; empty at its end.

        Raises:
            Failed: there are no more, and the body is not whole.
        """
        while not self._pieces:
            if self._whole:
                return b""
            await self._wait()
        return self._at_hand()

    @property
    def free(self) -> bool:
        """Whether the answer was whole, and the connection may carry another one."""
        return self._whole and not self._more and not self._ended and self._keeps

    def rest(self, seconds: float) -> None:
        """Wait for another request, and close when none comes for so long."""
        self._resting = True
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, self.close)

    def take(self) -> bool:
        """Whether this connection, which waited, may still be used."""
        self._resting = False
        self._stop_timer()
        return not self._ended

    def close(self) -> None:
        """End the connection at once."""
        self._ended = True
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        """Wait until something has happened; raises ``Failed`` when nothing more can."""
        if self._fault:
            raise Failed(self._fault)
        self._heard_s = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(GATEWAY_READ_SECONDS, self._silent)
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None

    def _silent(self) -> None:
        """Whether the provider has said nothing for too long; one timer serves all the waiting of an answer."""
        self._timer = None
        if self._waiter is None:
            return
        left_s = self._heard_s + GATEWAY_READ_SECONDS - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._silent)
        else:
            self._fail("timeout")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, kind: str) -> None:
        self._ended = True
        if not self._whole:
            self._fault = self._fault or kind
        self._wake()
        if self._transport is not None:
            self._transport.abort()

    # --- the side of the event loop -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports are of no class of asyncio

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        if self._resting:  # nobody asked: whatever this is, the next answer must not begin with it
            self.close()
            return
        self._heard_s = self._loop.time()
        if not self._headed:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("broken")
            return
        if not self._headed and self._head_bytes > GATEWAY_HEAD_BYTES:
            self._fail("broken")
            return
        if self._waiting_bytes > _BUFFER_BYTES and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended."""
        self._ended = True
        self._stop_timer()
        del self._parser  # it refers to us: nobody has to look for the circle
        if self._headed and not self._framed and error is None and not self._fault:
            self._whole = True
        if not self._whole:
            self._fault = self._fault or "broken"
        self._wake()

    # --- the side of the parser -----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """An answer begins; after the one that was asked for, none should."""
        self._more = self._whole

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is nobody's."""
        if not self._headed and not self._more:
            self.headers.append((name, value))
            lowered = name.lower()
            self._framed |= lowered in {b"content-length", b"transfer-encoding"}

    def on_headers_complete(self) -> None:
        """The head is there. A provisional one (RFC 9110, 15.2) is followed by the real one."""
        if self._more:
            return
        status = self._parser.get_status_code()
        if status < _FIRST_FINAL:
            self.headers, self._framed = [], False
            return
        self.status = status
        self._keeps = self._parser.should_keep_alive()
        self._headed = True
        if self._bodiless or status in _NO_CONTENT:
            self._framed = self._whole = True
            self._keeps = self._keeps and not self._bodiless  # the parser waits for a body that will not come

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self._more and not self._whole:
            self._pieces.append(data)
            self._waiting_bytes += len(data)

    def on_message_complete(self) -> None:
        """The body is whole."""
        if self._headed and not self._more:
            self._whole = True
