"""OTLP over HTTP: ``/v1/traces``, ``/v1/logs``, ``/v1/metrics``.

In this order, so that every refusal is as cheap as it can be: media type, key, content coding, room in memory; only
then is the body read, decompressed and handed on. The answer 200 leaves after the records are durable. Metrics are
accepted and counted, so that an exporter that sends all three signals is content; they are not kept.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord import limits
from onrecord.errors import OnrecordError, Pushback, Rejected
from onrecord.receive import answer
from onrecord.receive.auth import Keyring, authenticate
from onrecord.receive.bodies import Bodies
from onrecord.receive.port import Ack, Delivery, Intake
from onrecord.receive.tally import Tally

SIGNALS: Final = ("traces", "logs", "metrics")
_MEDIA: Final = {
    "application/x-protobuf": "protobuf",
    "application/protobuf": "protobuf",
    "application/json": "json",
}
_PROJECT_NAMES: Final = ("x-project-name", "langsmith-project")
"""Headers by which clients and collectors of Phoenix and LangSmith name a project; to us it is an application."""
_logger = logging.getLogger(__name__)


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """What the endpoints need."""

    intake: Intake
    keyring: Keyring
    bodies: Bodies
    tally: Tally
    prefix: str = ""
    """In front of ``/v1/``: other products take OTLP at an address of their own."""
    doors: Mapping[str, str] = {}
    """``Delivery.signal`` by the signal of the address, where it is another."""

    def routes(self) -> list[Route]:
        """The three endpoints."""
        return [
            Route(f"{self.prefix}/v1/{signal}", self._endpoint, methods=["POST"], name=self.doors.get(signal, signal))
            for signal in SIGNALS
        ]

    async def _endpoint(self, request: Request) -> Response:
        """Answer one request, whatever happens, in its own media type."""
        signal = request.url.path.rpartition("/")[2]
        media = _MEDIA.get(request.headers.get("content-type", "").partition(";")[0].strip().lower(), "")
        form = media or "json"
        try:
            ack = await self._take(request, signal, media)
        except OnrecordError as error:
            self._count_failure(signal, error)
            content, status, headers = answer.failure(error, form), error.status, answer.failure_headers(error)
        else:
            self._count(signal, ack)
            content, status, headers = answer.success(ack, signal, form), 200, {}
        self.tally.requests[signal, status] += 1
        return Response(content, status, headers, media_type=answer.MEDIA_TYPES[form])

    async def _take(self, request: Request, signal: str, media: str) -> Ack:
        headers = request.headers
        if not media:
            raise Rejected(
                "The media type is not one that OTLP knows.",
                hint="Send application/x-protobuf or application/json.",
                status=415,
            )
        project = authenticate(self.keyring, request.client.host if request.client else "", headers)
        async with self.bodies.plain(request, signal) as plain:
            if signal == "metrics":
                return Ack(accepted=0)
            future = self.intake.submit(
                Delivery(
                    project=project,
                    signal=self.doors.get(signal, signal),
                    media=media,
                    body=plain,
                    user_agent=headers.get("user-agent", "")[: limits.ID_BYTES],
                    application=_application(headers),
                )
            )
            # Shielded: a request that is cancelled must not cancel what the commit thread is about to answer.
            return await asyncio.shield(asyncio.wrap_future(future))

    def _count(self, signal: str, ack: Ack) -> None:
        self.tally.accepted[signal] += ack.accepted - ack.duplicates
        self.tally.duplicates[signal] += ack.duplicates
        self.tally.rejected[signal] += ack.rejected

    def _count_failure(self, signal: str, error: OnrecordError) -> None:
        if isinstance(error, Pushback):
            self.tally.shed += 1
        elif error.status >= 500:  # noqa: PLR2004
            _logger.error("%s: %s", signal, error.message)


def _application(headers: Mapping[str, str]) -> str:
    """The application that a request names for everything in it; empty when it names none."""
    named = (headers.get(name, "").strip() for name in _PROJECT_NAMES)
    return next((name for name in named if name), "")[: limits.ID_BYTES]
