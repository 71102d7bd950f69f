"""The client side of the gateway: one request to an upstream, its answer as the bytes that arrive.

Connections are ``gateway.connection``; here they are opened, kept while idle, and used one request at a time. Nothing
is added to a request but what frames it, and nothing is done that was not asked: no redirects, no cookies, no proxies
from the environment, no second attempt. What goes wrong is one of few words, because it becomes part of the record.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec

from onrecord.gateway.connection import Connection, Failed
from onrecord.limits import GATEWAY_CONNECT_SECONDS, GATEWAY_IDLE_SECONDS

_BODILESS: Final = ("GET", "HEAD", "DELETE")


class Place(msgspec.Struct, frozen=True):
    """A server to connect to."""

    host: str
    port: int
    named: str
    """As the ``Host`` header says it."""
    secure: bool

    @classmethod
    def at(cls, scheme: str, authority: str) -> Self:
        """The server at an address of the settings."""
        parts = urlsplit(f"{scheme}://{authority}")
        host = (parts.hostname or "").encode("idna" if not authority.isascii() else "ascii").decode()
        secure = scheme == "https"
        named = f"[{host}]" if ":" in host else host
        port = parts.port or (443 if secure else 80)
        return cls(host, port, named if parts.port is None else f"{named}:{port}", secure)


class Answer:
    """An answer under way."""

    def __init__(self, connection: Connection, idle: deque[Connection]) -> None:
        self._connection = connection
        self._idle = idle
        self.status = connection.status
        self.headers: Sequence[tuple[bytes, bytes]] = connection.headers

    async def piece(self) -> bytes:
        """The next bytes of the body as soon as there are any; empty at its end.

        Raises:
            Failed: the connection broke or the provider fell silent. Everything that had arrived was given before.
        """
        return await self._connection.piece()

    def close(self) -> None:
        """Let go: of a whole answer the connection is kept for the next request, of any other it is closed."""
        connection = self._connection
        if connection.free:
            connection.rest(GATEWAY_IDLE_SECONDS)
            self._idle.append(connection)
        else:
            connection.close()


class Asked:
    """A request that is on its way."""

    def __init__(self, connection: Connection, idle: deque[Connection]) -> None:
        self._connection = connection
        self._idle = idle

    async def answer(self) -> Answer:
        """Wait for the head of its answer; raises ``Failed`` when there is none."""
        try:
            await self._connection.head()
        except BaseException:
            self._connection.close()
            raise
        return Answer(self._connection, self._idle)


class Client:
    """Connections to all upstreams. Used on the event loop only."""

    def __init__(self) -> None:
        self._idle: dict[Place, deque[Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def ask(self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> "Asked":
        """Send a request.

        Raises:
            Failed: there is nobody to send it to.
        """
        scheme, _, rest = url.partition("://")
        authority, _, target = rest.partition("/")
        place = _place(scheme, authority)
        idle = self._idle.setdefault(place, deque())
        connection = _waiting(idle) or await self._connect(place)
        try:
            connection.ask(_request(method, f"/{target}", place.named, headers, body), bodiless=method == "HEAD")
        except BaseException:
            connection.close()
            raise
        return Asked(connection, idle)

    async def close(self) -> None:
        """Close every connection that waits for a request."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()

    async def _connect(self, place: Place) -> Connection:
        """Raises ``Failed``."""
        loop = asyncio.get_running_loop()
        if place.secure and self._tls is None:
            self._tls = await asyncio.to_thread(_tls)  # reading the certificates takes tens of milliseconds
        tls = self._tls if place.secure else None
        try:
            async with asyncio.timeout(GATEWAY_CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop),
                    place.host,
                    place.port,
                    ssl=tls,
                    server_hostname=place.host if place.secure else None,
                )
        except TimeoutError:
            raise Failed("timeout") from None
        except OSError:
            raise Failed("refused") from None
        return connection


def _waiting(idle: deque[Connection]) -> Connection | None:
    """The connection that was used last, if one is still good; those that have ended are dropped."""
    while idle:
        connection = idle.pop()
        if connection.take():
            return connection
    return None


@lru_cache(maxsize=256)
def _place(scheme: str, authority: str) -> Place:
    return Place.at(scheme, authority)


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _request(method: str, target: str, host: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    """A request as sent (RFC 9112). The head goes with the body in one piece.

    Raises:
        Failed: a header would begin another; no parser that took the request in lets one through.
    """
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method not in _BODILESS:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines).encode("latin-1")
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        raise Failed("broken")
    return head + b"\r\n\r\n" + body
