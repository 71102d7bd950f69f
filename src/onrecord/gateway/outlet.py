"""The caller's side of a call: what was sent to it, and whether it is still there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.types import Receive, Send

from onrecord.limits import GATEWAY_DRAIN_SECONDS

Headers = Sequence[tuple[bytes, bytes]]


class Outlet:
    """An answer on its way to the caller. The head leaves with the first piece."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._head: tuple[int, Headers] | None = None
        self.started = False
        """A byte of the answer is out."""
        self.left = False
        """The caller is gone."""

    def head(self, status: int, headers: Headers) -> None:
        """Set what the first piece is sent with."""
        self._head = status, headers

    async def piece(self, data: bytes) -> None:
        """Send a piece at once."""
        await self._body(data, more=True)

    async def finish(self, data: bytes) -> None:
        """Send the last piece, and say that it is the last."""
        await self._body(data, more=False)

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer."""
        self.head(status, headers)
        await self.finish(body)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Notice when the caller leaves; from then on the block may last ``GATEWAY_DRAIN_SECONDS``.

        Raises:
            TimeoutError: it lasted longer.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            watching = loop.create_task(self._watch(limit, loop))
            try:
                yield
            finally:
                watching.cancel()

    async def _watch(self, limit: asyncio.Timeout, loop: asyncio.AbstractEventLoop) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        limit.reschedule(loop.time() + GATEWAY_DRAIN_SECONDS)

    async def _body(self, data: bytes, *, more: bool) -> None:
        if not self.started:
            assert self._head is not None, "an answer has a head"
            self.started = True
            status, headers = self._head
            await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await self._send({"type": "http.response.body", "body": data, "more_body": more})
