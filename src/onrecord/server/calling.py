"""The gateway, put together: its upstreams from the settings, its client, its way to the record, its own process."""

from concurrent.futures import wait
from functools import cache

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from onrecord.config import Settings
from onrecord.control.keyring import Keyring
from onrecord.errors import Unavailable
from onrecord.gateway import app
from onrecord.gateway.handover import is_call, passing
from onrecord.gateway.port import Services, Tally, added
from onrecord.gateway.recorder import Recorder
from onrecord.gateway.upstream import Client
from onrecord.gateway.upstreams import Upstreams
from onrecord.limits import GATEWAY_CALLS, GATEWAY_INFLIGHT_BYTES
from onrecord.model.time import Clock
from onrecord.receive.inflight import Inflight
from onrecord.server.lifecycle import HttpServer, http_server
from onrecord.server.recording import Recording
from onrecord.server.relaying import Relaying
from onrecord.server.relayprocess import Begin


class Calling:
    """The gateway as the server holds it: in its own process once there is a call, and in the server until then."""

    def __init__(self, settings: Settings, services: Services, relaying: Relaying, recording: Recording) -> None:
        self._settings = settings
        self._services = services
        self._relaying = relaying
        self._recording = recording

    def tally(self) -> Tally:
        """Its counts."""
        return added(self._services.tally, self._relaying.report().tally)

    def waiting(self) -> int:
        """Calls that are durable and not yet on the record."""
        return self._recording.journal.waiting + self._relaying.report().waiting

    def processes(self) -> int:
        """Processes that relay calls: one once there was a call; none under TLS, where the server does it itself."""
        return int(self._relaying.ready)

    def condition(self) -> str:
        """``ok``, or why the last call could not be recorded."""
        failure = self.tally().failure
        return f"The last call could not be recorded: {failure}" if failure else "ok"

    def journal(self) -> str:
        """``ok``, or why what is durable is not on the record."""
        own = self._recording.journal.condition()
        return self._relaying.report().condition if own == "ok" else own

    def empty(self, timeout_s: float) -> None:
        """Wait until every call that was answered so far is on the record and nowhere else.

        Raises:
            Unavailable: it lasts longer.
        """
        emptied = wait((self._recording.journal.empty(), self._relaying.empty()), timeout_s)
        if emptied.not_done or any(done.exception() for done in emptied.done):
            raise Unavailable("The journal of the gateway can not be emptied.", hint="See /health.")

    def routes(self) -> list[BaseRoute]:
        """Its addresses."""
        return app.routes(self._services)

    def http_server(self, routed: ASGIApp) -> HttpServer:
        """The HTTP server over an application, which gives calls to their own process as far as it can."""
        listen = self._settings.listen
        # Under TLS a connection can not change the process: its keys are in ours.
        connections = None if listen.tls_cert else passing(is_call, self._relaying.give)
        server = http_server(routed, listen, connections)
        server.on_stop = (self._relaying.end,)
        server.on_last_request = (self._services.client.close,)
        self._relaying.attach(server)
        return server

    def stop(self, within_s: float) -> None:
        """Wait until the calls of the other process have ended."""
        self._relaying.stop(within_s)


def calling(settings: Settings, keyring: Keyring, recording: Recording, clock: Clock) -> Calling:
    """The gateway that ``settings`` describe.

    Raises:
        Rejected: an upstream is not one.
    """

    @cache
    def key_of(number: int) -> bytes:
        return recording.keys.project_key(number, "gateway")

    services = Services(
        upstreams=Upstreams(settings.gateway.upstream, settings.gateway.default_upstream),
        client=Client(),
        recorder=Recorder(recording.journal),
        keyring=keyring,
        inflight=Inflight(GATEWAY_INFLIGHT_BYTES, GATEWAY_CALLS),
        clock=clock,
        tally=Tally(),
        body_bytes=settings.bounds.body_bytes,
        key_of=lambda project: key_of(project.number),
    )
    begin = Begin(
        data=str(settings.data.absolute()),
        control=str(settings.control_file.absolute()),
        upstreams=settings.gateway.upstream,
        default_upstream=settings.gateway.default_upstream,
        body_bytes=settings.bounds.body_bytes,
        trusted_proxies=settings.listen.trusted_proxies,
        journal_key=recording.journal_key,
    )
    return Calling(settings, services, Relaying(begin, recording), recording)
