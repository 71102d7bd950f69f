"""Connections that change the process: calls of providers are relayed by one, everything else is answered by another.

A connection is looked at where a request begins. When the request belongs to the other process, the socket goes there
with the bytes that were read of it, over a pair of sockets (``SCM_RIGHTS``), and nobody at the other end notices. So
one port serves both, and a connection may carry both in turns. A connection under TLS stays where its keys are, and
what is in the middle of anything stays until it is through: there the request is answered by whoever has it.
"""

import asyncio
import os
import re
import socket
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server

from onrecord.gateway.admission import METHODS

MESSAGE_BYTES: Final = 64 * 1024
"""Bytes of a request that may go with its connection: within what a socket takes at once. More is not read at once."""
_CALL: Final = re.compile(rb"(?:%b) /gateway/" % "|".join(METHODS).encode())
_BEGINNINGS: Final = tuple(f"{method} /gateway/".encode() for method in METHODS)

Give = Callable[[socket.socket, bytes], bool]


def is_call(data: bytes) -> bool | None:
    """Whether a request that begins so is one of the gateway's; None while that can not be said."""
    if _CALL.match(data):
        return True
    return None if any(begin.startswith(data) for begin in _BEGINNINGS) else False


def is_no_call(data: bytes) -> bool | None:
    """The opposite."""
    found = is_call(data)
    return None if found is None else not found


class Passing(HttpToolsProtocol):
    """uvicorn's connection, which may be passed on where a request begins. Use it through ``passing``."""

    foreign: Callable[[bytes], bool | None]
    give: Give

    def __init__(self, *arguments: Any, begun_with: bytes = b"", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._begun_with = begun_with
        self._unsure = b""
        self._between = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is open; one that was passed to this process has begun already."""
        super().connection_made(transport)
        if self._begun_with:
            super().data_received(self._begun_with)

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        cycle: RequestResponseCycle | None = self.cycle
        if self._between and (cycle is None or cycle.response_complete):
            data, self._unsure = self._unsure + data, b""
            foreign = type(self).foreign(data)
            if foreign is None:
                self._unset_keepalive_if_required()
                self._unsure = data
                return
            if foreign and self._pass(data):
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._between = True
        super().on_message_complete()

    def _pass(self, data: bytes) -> bool:
        """Pass the connection on, if it can be; whether it was."""
        transport = self.transport
        own = transport.get_extra_info("socket")
        inet = own is not None and own.family in (socket.AF_INET, socket.AF_INET6)
        if not inet or self.scheme == "https" or transport.get_write_buffer_size() or len(data) > MESSAGE_BYTES:
            return False
        transport.pause_reading()  # what arrives from now on is for the other process
        with socket.socket(fileno=os.dup(own.fileno())) as passed:
            given = type(self).give(passed, data)
        if given:
            self._unset_keepalive_if_required()
            transport.abort()  # closes our descriptor only: the connection lives on in the other's
        else:
            transport.resume_reading()
        return given


def passing(foreign: Callable[[bytes], bool | None], give: Give) -> type[Passing]:
    """A class of connections whose requests are ``foreign`` or not, and which are passed on by ``give``."""
    return type("Passing", (Passing,), {"foreign": staticmethod(foreign), "give": staticmethod(give)})


def send(through: socket.socket, connection: socket.socket, data: bytes) -> bool:
    """Send a connection with the bytes that were read of it; whether it went."""
    try:
        socket.send_fds(through, [data], [connection.fileno()])
    except OSError:  # full, or nobody is there any more
        return False
    return True


class Adopter:
    """Takes connections over from the other process, into a server's event loop."""

    def __init__(self, through: socket.socket, server: Server) -> None:
        """``through`` is a socket of whole messages that does not block."""
        self._through = through
        self._server = server
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Begin, inside the event loop."""
        asyncio.get_running_loop().add_reader(self._through.fileno(), self._arrived)

    def stop(self) -> None:
        """Take no more."""
        if self._through.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._through.fileno())

    def _arrived(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self._through, MESSAGE_BYTES, 1)
            except BlockingIOError:
                return
            except OSError:
                data, fds = b"", []
            if not fds:  # the other process is gone
                self.stop()
                self._through.close()
                return
            task = loop.create_task(self._adopt(socket.socket(fileno=fds[0]), data))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _adopt(self, connection: socket.socket, data: bytes) -> None:
        config, server = self._server.config, self._server

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=server.server_state, app_state=server.lifespan.state, begun_with=data
            )
            return made

        try:
            connection.setblocking(False)  # noqa: FBT003 - named so
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
        except OSError:  # it ended on the way
            connection.close()
