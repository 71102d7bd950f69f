"""OTLP over HTTP: ``/v1/traces``, ``/v1/logs``, ``/v1/metrics``.

In this order, so that every refusal is as cheap as it can be: media type, key, content coding, room in memory; only
then is the body read, decompressed and handed on. The answer 200 leaves after the records are durable. Bodies that
are large enough to hold up the event loop are decompressed in a worker thread. Metrics are accepted and counted, so
that an exporter that sends all three signals is content; they are not kept.
"""

import asyncio
import logging
from concurrent.futures import Executor
from typing import Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord import limits
from onrecord.errors import OnrecordError, Pushback, Rejected
from onrecord.receive import answer, body
from onrecord.receive.auth import Keyring, authenticate
from onrecord.receive.inflight import Inflight, Reservation
from onrecord.receive.port import Ack, Delivery, Intake
from onrecord.receive.tally import Tally

SIGNALS: Final = ("traces", "logs", "metrics")
_MEDIA: Final = {
    "application/x-protobuf": "protobuf",
    "application/protobuf": "protobuf",
    "application/json": "json",
}
_CHUNK_RESERVE_BYTES: Final = 256 * 1024
"""Held for a chunked body, whose length nobody knows, before its first byte is read."""

_logger = logging.getLogger(__name__)


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """What the endpoints need."""

    intake: Intake
    keyring: Keyring
    inflight: Inflight
    tally: Tally
    workers: Executor
    """Threads that decompress."""
    body_bytes: int = limits.BODY_BYTES

    def routes(self) -> list[Route]:
        """The three endpoints."""
        return [Route(f"/v1/{signal}", self._endpoint, methods=["POST"], name=signal) for signal in SIGNALS]

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
        encoding = body.encoding_of(headers.get("content-encoding", ""))
        expected = self._expected_bytes(headers.get("content-length"))
        with self.inflight.enter(expected) as held:
            sent = await _read(request, held, expected)
            self.tally.received_bytes[signal] += len(sent)
            plain = await self._decompress(sent, encoding, held)
            del sent
            self.tally.decoded_bytes[signal] += len(plain)
            if signal == "metrics":
                return Ack(accepted=0)
            agent = headers.get("user-agent", "")[: limits.ID_BYTES]
            future = self.intake.submit(
                Delivery(project=project, signal=signal, media=media, body=plain, user_agent=agent)
            )
            # Shielded: a request that is cancelled must not cancel what the commit thread is about to answer.
            return await asyncio.shield(asyncio.wrap_future(future))

    def _expected_bytes(self, content_length: str | None) -> int:
        if content_length is None:
            return _CHUNK_RESERVE_BYTES
        expected = int(content_length) if content_length.isdecimal() else 0
        if expected > limits.BODY_COMPRESSED_BYTES:
            raise body.too_large(limits.BODY_COMPRESSED_BYTES)
        return expected

    async def _decompress(self, sent: bytes, encoding: str, held: Reservation) -> bytes:
        if encoding == "identity":
            if len(sent) > self.body_bytes:
                raise body.too_large(self.body_bytes)
            return sent
        if len(sent) <= limits.INLINE_BODY_BYTES:
            # A small body may still be a bomb, and a bomb must not hold up the event loop.
            plain = _try_inline(sent, encoding)
            if plain is not None:
                held.change(len(plain) - len(sent))
                return plain
        loop = asyncio.get_running_loop()
        plain = await loop.run_in_executor(self.workers, body.decompress, sent, encoding, self.body_bytes, held.change)
        held.change(-len(sent))
        return plain

    def _count(self, signal: str, ack: Ack) -> None:
        self.tally.accepted[signal] += ack.accepted - ack.duplicates
        self.tally.duplicates[signal] += ack.duplicates
        self.tally.rejected[signal] += ack.rejected

    def _count_failure(self, signal: str, error: OnrecordError) -> None:
        if isinstance(error, Pushback):
            self.tally.shed += 1
        elif error.status >= 500:  # noqa: PLR2004
            _logger.error("%s: %s", signal, error.message)


def _try_inline(sent: bytes, encoding: str) -> bytes | None:
    """The body when it stays small, nothing when it does not."""
    try:
        return body.decompress(sent, encoding, limits.INLINE_BODY_BYTES * 8)
    except Rejected as error:
        if error.status == 413:  # noqa: PLR2004
            return None
        raise


async def _read(request: Request, held: Reservation, expected: int) -> bytes:
    """The whole body as sent, within its bounds in bytes and in time."""
    pieces: list[bytes] = []
    length = 0
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            async for piece in request.stream():
                length += len(piece)
                if length > limits.BODY_COMPRESSED_BYTES:
                    raise body.too_large(limits.BODY_COMPRESSED_BYTES)
                if length > expected:
                    held.change(len(piece))
                pieces.append(piece)
    except TimeoutError:
        raise Rejected(f"The body did not arrive within {limits.BODY_SECONDS} s.", status=408) from None
    except ClientDisconnect:
        raise Rejected("The client left before the body was whole.") from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
