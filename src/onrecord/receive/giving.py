"""A large answer on its way: given away piece by piece, as fast as it is taken, and not for ever.

Handed over whole, an answer lies in the connection's buffer until its reader has taken it, uncounted. Here it is held
by the response, so that whoever made it knows when it is gone.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from onrecord.limits import GIVING_SECONDS

_PIECE: Final = 64 * 1024


class Given(Response):
    """A file. ``held`` lives as long as the file is on its way."""

    def __init__(self, content: bytes, headers: Mapping[str, str], media_type: str, held: object) -> None:
        super().__init__(content, 200, headers, media_type)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - of ASGI
        """Send it; a reader who takes too long gets no end, and the connection is closed."""
        body = memoryview(self.body)
        try:
            async with asyncio.timeout(GIVING_SECONDS):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                for place in range(0, len(body), _PIECE):
                    piece = bytes(body[place : place + _PIECE])
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return
        finally:
            self._held = None
