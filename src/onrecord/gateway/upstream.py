"""The client side of the gateway: one request to an upstream, its answer as the bytes that arrive.

aiohttp as it is, with everything switched off that would change a request or an answer: no redirects, no cookies, no
proxies from the environment, no headers of its own, no decompression. What goes wrong is one of few words, because it
becomes part of the record.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from onrecord.limits import GATEWAY_CONNECT_SECONDS, GATEWAY_IDLE_SECONDS, GATEWAY_READ_SECONDS

_OWN_HEADERS: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_READ_BYTES: Final = 256 * 1024


class Failed(Exception):
    """There is no whole answer. ``kind`` is ``refused``, ``timeout`` or ``broken``."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Answer:
    """An answer under way."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Sequence[tuple[bytes, bytes]] = response.raw_headers
        connection = response.connection
        protocol = connection.protocol if connection is not None else None
        self._closed = protocol.closed if protocol is not None else None
        if self._closed is not None:
            self._closed.add_done_callback(self._on_closed)

    def _on_closed(self, _: object) -> None:
        """The connection is gone. After a malformed chunk aiohttp closes it and lets whoever reads wait for ever."""
        content = self._response.content
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError())

    async def piece(self) -> bytes:
        """The next bytes of the body as soon as there are any; empty at its end.

        Raises:
            Failed: the connection broke or the provider fell silent. ``left`` has what had arrived by then.
        """
        try:
            return await self._response.content.readany()
        except TimeoutError:
            raise Failed("timeout") from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError, ValueError):
            raise Failed("broken") from None

    def left(self) -> bytes:
        """The bytes that had arrived when ``piece`` failed: aiohttp keeps them and gives them to nobody."""
        return self._response.content._read_nowait(-1)  # noqa: SLF001 - tests hold this fast with cut streams

    def close(self, *, whole: bool) -> None:
        """Let go: of a whole answer the connection is kept, of any other it is closed."""
        if self._closed is not None:
            self._closed.remove_done_callback(self._on_closed)
        if whole:
            self._response.release()
        else:
            self._response.close()


class Client:
    """Connections to all upstreams; made inside the event loop at the first call."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def open(self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send a request and wait for the head of its answer.

        Raises:
            Failed: there is none.
        """
        session = self._session or self._open()
        try:
            response = await session.request(
                method,
                URL(url, encoded=True),
                data=body or None,
                headers=CIMultiDict(headers),
                allow_redirects=False,
                skip_auto_headers=_OWN_HEADERS,
            )
        except TimeoutError:
            raise Failed("timeout") from None
        except aiohttp.ClientConnectorError:
            raise Failed("refused") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Failed("broken") from None
        return Answer(response)

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=GATEWAY_IDLE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=GATEWAY_CONNECT_SECONDS, sock_read=GATEWAY_READ_SECONDS
            ),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_READ_BYTES,
        )
        return self._session
