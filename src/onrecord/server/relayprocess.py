"""The process that relays calls of providers: connections come in, records go out, and nothing else happens here.

It shares no lock and no interpreter with the recording part, so that preparing a record never makes a call wait. Its
journal makes every call durable; from there the server takes it (``server.relaying`` is the other side). It ends with
the server: what is durable is in files, and the next start takes it up.
"""

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cache
from pathlib import Path

import msgspec

from onrecord.config import Listen
from onrecord.control.keyring import Keyring
from onrecord.control.schema import open_control
from onrecord.errors import Missing
from onrecord.gateway.app import OnlyGateway
from onrecord.gateway.handover import Adopter, is_no_call, passing, send
from onrecord.gateway.port import Services, Tally
from onrecord.gateway.recorder import Recorder
from onrecord.gateway.upstream import Client
from onrecord.gateway.upstreams import Upstreams
from onrecord.ingest.journaling import Journal
from onrecord.limits import GATEWAY_CALLS, GATEWAY_INFLIGHT_BYTES, GC_ALLOCATIONS
from onrecord.model.project import Project
from onrecord.model.time import SystemClock
from onrecord.receive.inflight import Inflight
from onrecord.receive.port import Ack, Delivery
from onrecord.server.channel import Channel, Handler
from onrecord.server.edge import Edge
from onrecord.server.lifecycle import HttpServer, http_server
from onrecord.server.logs import start_logging

_ANSWER_S = 30
_SWITCH_S = 0.0005
"""The journal's thread comes back from a sync to a loop that is busy: a tenth of Python's own interval is waited."""


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """What the server tells this process first."""

    data: str
    control: str
    upstreams: tuple[str, ...]
    default_upstream: str
    body_bytes: int
    trusted_proxies: tuple[str, ...]
    journal_key: bytes


class Report(msgspec.Struct, frozen=True):
    """How it is, when the server asks."""

    tally: Tally
    waiting: int
    condition: str


class RelayProcess:
    """Put together from what the server says; ``run`` ends when the server says so."""

    def __init__(self, handover: socket.socket, channel_fd: int) -> None:
        handlers: dict[str, Handler] = {
            "begin": self._begin,
            "report": self._report,
            "empty": self._empty,
            "stop": self._stop,
        }
        self._handover = handover
        self._channel = Channel(channel_fd, handlers, lambda: os._exit(1))
        self._begun: Future[Begin] = Future()
        self._tally = Tally()
        self._stopping = threading.Event()
        self._journal: Journal | None = None
        self._server: HttpServer | None = None

    def run(self) -> None:
        """Relay until told to stop, then hand over what is not yet on the record."""
        self._channel.start()
        begin = self._begun.result()
        keyring = Keyring(open_control(Path(begin.control)), Path(begin.control))
        journal = self._journal = Journal(
            Path(begin.data) / "journal",
            owner="relay",
            key=begin.journal_key,
            clock=SystemClock(),
            find=_finder(keyring),
            submit=self._take,
        )
        services = self._services(begin, keyring, journal)
        server = self._serving(begin, services)
        server.on_last_request = (services.client.close,)
        journal.prepare()
        journal.start()
        sys.setswitchinterval(_SWITCH_S)
        gc.freeze()
        gc.set_threshold(GC_ALLOCATIONS, 10, 10)
        self._server = server
        if self._stopping.is_set():
            server.should_exit = True
        server.run(sockets=[])
        journal.stop()

    def _services(self, begin: Begin, keyring: Keyring, journal: Journal) -> Services:
        @cache
        def key_of(number: int) -> bytes:
            key: bytes = self._channel.ask("key", number).result(_ANSWER_S)
            return key

        return Services(
            upstreams=Upstreams(begin.upstreams, begin.default_upstream),
            client=Client(),
            recorder=Recorder(journal),
            keyring=keyring,
            inflight=Inflight(GATEWAY_INFLIGHT_BYTES, GATEWAY_CALLS),
            clock=SystemClock(),
            tally=self._tally,
            body_bytes=begin.body_bytes,
            key_of=lambda project: key_of(project.number),
        )

    def _serving(self, begin: Begin, services: Services) -> HttpServer:
        through = self._handover
        connections = passing(is_no_call, lambda connection, data: send(through, connection, data))
        listen = Listen(trusted_proxies=begin.trusted_proxies)
        server = http_server(Edge(OnlyGateway(services)), listen, connections)
        adopter = Adopter(through, server)
        server.on_start = (adopter.start, lambda: self._channel.ask("ready"))
        server.on_stop = (adopter.stop,)
        return server

    def _take(self, delivery: Delivery) -> "Future[Ack]":
        return self._channel.ask("take", delivery.project.number, delivery.signal, delivery.media, delivery.body)

    # --- what the server asks -------------------------------------------------------------------------------

    def _begin(self, begin: bytes) -> None:
        self._begun.set_result(msgspec.msgpack.decode(begin, type=Begin))

    def _report(self) -> bytes:
        journal = self._journal
        waiting, condition = (0, "ok") if journal is None else (journal.waiting, journal.condition())
        return msgspec.msgpack.encode(Report(self._tally, waiting, condition))

    def _empty(self) -> "Future[None]":
        if self._journal is not None:
            return self._journal.empty()
        nothing: Future[None] = Future()
        nothing.set_result(None)
        return nothing

    def _stop(self) -> None:
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True


def _finder(keyring: Keyring) -> Callable[[int], Project]:
    def find(number: int) -> Project:
        for project in keyring.every_project():
            if project.number == number:
                return project
        raise Missing("There is no such project any more.")

    return find


def main(arguments: Sequence[str] | None = None) -> None:
    """The process: two descriptors are its arguments, the sockets to the server."""
    handover_fd, channel_fd = map(int, sys.argv[1:] if arguments is None else arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # they go to the whole group; the server says when we end
        signal.signal(number, signal.SIG_IGN)
    start_logging()
    handover = socket.socket(fileno=handover_fd)
    handover.setblocking(False)  # noqa: FBT003 - named so
    RelayProcess(handover, channel_fd).run()


if __name__ == "__main__":
    main()
