"""The gateway, put together: its upstreams from the settings, its client, its way to the record."""

from functools import cache

from starlette.routing import BaseRoute

from onrecord.config import Settings
from onrecord.control.keyring import Keyring
from onrecord.gateway import app
from onrecord.gateway.port import Services, Tally
from onrecord.gateway.recorder import Recorder
from onrecord.gateway.upstream import Client
from onrecord.gateway.upstreams import Upstreams
from onrecord.limits import GATEWAY_CALLS, GATEWAY_INFLIGHT_BYTES
from onrecord.model.project import Project
from onrecord.model.time import Clock
from onrecord.receive.inflight import Inflight
from onrecord.receive.port import Intake
from onrecord.server.recording import Recording


class Calling:
    """The gateway as the server holds it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def tally(self) -> Tally:
        """Its counts."""
        return self._services.tally

    def condition(self) -> str:
        """``ok``, or why the last call could not be recorded."""
        failure = self.tally.failure
        return f"The last call could not be recorded: {failure}" if failure else "ok"

    def routes(self) -> list[BaseRoute]:
        """Its addresses."""
        return app.routes(self._services)

    async def close(self) -> None:
        """Close the connections to the providers, inside the event loop."""
        await self._services.client.close()


def calling(settings: Settings, intake: Intake, keyring: Keyring, recording: Recording, clock: Clock) -> Calling:
    """The gateway that ``settings`` describe.

    Raises:
        Rejected: an upstream is not one.
    """

    @cache
    def key_of(number: int) -> bytes:
        return recording.keys.project_key(number, "gateway")

    def key_of_project(project: Project) -> bytes:
        return key_of(project.number)

    return Calling(
        Services(
            upstreams=Upstreams(settings.gateway.upstream, settings.gateway.default_upstream),
            client=Client(),
            recorder=Recorder(intake),
            keyring=keyring,
            inflight=Inflight(GATEWAY_INFLIGHT_BYTES, GATEWAY_CALLS),
            clock=clock,
            tally=Tally(),
            body_bytes=settings.bounds.body_bytes,
            key_of=key_of_project,
        )
    )
