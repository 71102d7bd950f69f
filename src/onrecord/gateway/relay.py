"""One call: its request to the provider, the answer back as it arrives, and the record before the last byte.

    body ─► [intent, durable] ─► provider ─► pieces ─► caller
                                              └─► tee ─► record, durable ─► last piece ─► caller

The last piece is the one that fulfils ``Content-Length``, or the last event of a stream, or, where neither is known,
the end of the body itself. When the caller leaves, the answer is read on, within bounds, so that its tokens are
counted. When the record fails, the project decides: ``pass`` releases the answer and counts the failure, ``block``
never releases the last piece.
"""

import asyncio
import logging
from typing import Final

from msgspec.structs import replace

from onrecord.errors import OnrecordError, Pushback, Unavailable, where
from onrecord.gateway import headers
from onrecord.gateway.admission import Call
from onrecord.gateway.connection import Failed
from onrecord.gateway.outlet import Outlet
from onrecord.gateway.port import Services
from onrecord.gateway.tee import Tee
from onrecord.gateway.upstream import Answer
from onrecord.limits import GATEWAY_BODY_BYTES, GATEWAY_HOLD_SECONDS, GATEWAY_RECORD_SECONDS
from onrecord.model.exchange import Exchange
from onrecord.receive.inflight import Reservation

_LAST_EVENTS: Final = (
    b"data: [DONE]", b"event: message_stop", b'"message_stop"', b"event: response.completed",
    b"event: response.incomplete", b"event: response.failed",
)  # fmt: skip
_TAIL_BYTES: Final = 300
_logger = logging.getLogger(__name__)


class NoAnswer(OnrecordError):
    """The provider gave no answer, or broke off before a byte of it."""

    title = "No answer of the provider"

    def __init__(self, kind: str) -> None:
        super().__init__(_NO_ANSWER[kind])
        self.status = 504 if kind == "timeout" else 502


_NO_ANSWER: Final = {
    "refused": "The provider could not be reached.",
    "timeout": "The provider did not answer in time.",
    "broken": "The provider ended the connection before it had answered.",
}


class Relay:
    """One call under way."""

    def __init__(self, services: Services, call: Call, body: bytes, outlet: Outlet, held: Reservation) -> None:
        self._services = services
        self._call = call
        self._body = body
        self._outlet = outlet
        self._tee = Tee(held.grow)
        self._answer: Answer | None = None
        self._said: dict[str, str] = {}
        self._last = b""
        self._exchange: Exchange | None = None

    async def run(self) -> None:
        """Make the call.

        Raises:
            Pushback: it was not made, because it can not be recorded and the project wants none without a record.
            NoAnswer: it was made, recorded, and has no answer.
            Unavailable: it was made, and its record failed in a project that releases nothing unrecorded.
        """
        if self._call.blocks:
            await self._intend()
        self._services.tally.calls += 1
        failure = await self._carry()
        await self._record(self._ended(failure))
        if failure and not self._outlet.started and not self._last:
            raise NoAnswer(failure)
        if failure:
            await self._outlet.piece(self._last)  # and no end: the caller must not take it for a whole answer
        else:
            await self._outlet.finish(self._last)

    async def _carry(self) -> str:
        """Send the request and pass the answer on, but for its last piece; what went wrong, or an empty string."""
        call, tally = self._call, self._services.tally
        try:
            asked = await self._services.client.ask(call.method, call.url, call.onward, self._body)
            async with self._outlet.watched():  # this, and all that is known so far, while the provider thinks
                self._begun()
                self._answer = await asked.answer()
                self._begin(self._answer)
                await self._pieces(self._answer)
        except Failed as failed:
            tally.failed += 1
            return failed.kind
        except TimeoutError:  # the caller is gone, and the rest of the answer takes too long
            return ""
        except asyncio.CancelledError:  # the server stops: the intake drains after the last request
            self._services.recorder.keep(call.project, self._ended("stopped"))
            raise Pushback("the server is stopping", hint="Send again.", retry_after_s=1) from None
        finally:
            if self._answer is not None:
                self._answer.close()
            tally.cancelled += self._outlet.left
        return ""

    def _begin(self, answer: Answer) -> None:
        """The head of the answer has arrived."""
        self._said = headers.texts(answer.headers)
        begun, wanted = self._begun(), self._call.said.get("helicone-request-id", "")
        self._outlet.head(answer.status, headers.back(answer.headers, begun.trace_id, begun.span_id, wanted))

    async def _pieces(self, answer: Answer) -> None:
        """Pass on what arrives as it arrives, and hold back what may be the last of it."""
        is_stream = self._said.get("content-type", "").startswith("text/event-stream")
        length = self._said.get("content-length", "")
        whole_at = int(length) if length.isdecimal() else -1
        drained = 0
        while True:
            if self._last and whole_at < 0:
                try:
                    piece = await asyncio.wait_for(answer.piece(), GATEWAY_HOLD_SECONDS)
                except TimeoutError:
                    await self._let_go()
                    continue
            else:
                piece = await answer.piece()
            if not piece:
                return
            at_end = self._tee.size + len(piece) == whole_at or (is_stream and _is_last(piece))
            await self._pass(piece, hold=at_end)
            if self._outlet.left:
                drained += len(piece)
                if drained > GATEWAY_BODY_BYTES:
                    return

    async def _pass(self, piece: bytes, *, hold: bool = False) -> None:
        """Note a piece and send it, or hold it back; what was held before it goes first."""
        if not piece:
            return
        self._tee.add(piece, self._services.clock.now_us() * 1_000)
        if self._last:
            await self._let_go()
        if hold:
            self._last = piece
        elif not self._outlet.left:
            await self._outlet.piece(piece)

    async def _let_go(self) -> None:
        piece, self._last = self._last, b""
        if not self._outlet.left:
            await self._outlet.piece(piece)

    def _ended(self, failure: str) -> Exchange:
        """The exchange as it stands now."""
        said, begun = self._said, self._begun()
        if self._answer is not None:
            begun = replace(
                begun,
                status=self._answer.status,
                request_id=headers.request_id(said),
                headers={**begun.headers, **headers.kept(said)},
                notes=begun.notes + headers.withheld(said),
            )
        return replace(
            begun,
            ended_unix_nano=self._services.clock.now_us() * 1_000,
            response=self._tee.kept(said.get("content-type", ""), said.get("content-encoding", "")),
            marks=self._tee.marks,
            failure=failure,
            cancelled=self._outlet.left,
        )

    def _begun(self) -> Exchange:
        """The exchange as it stood when the request was sent."""
        if self._exchange is None:
            call, request = self._call, Tee(lambda _: True)
            request.add(self._body, 0)
            kept = request.kept(call.said.get("content-type", ""), call.said.get("content-encoding", ""))
            self._exchange = replace(call.begun(self._services.key_of(call.project)), request=kept)
        return self._exchange

    async def _intend(self) -> None:
        """Make it durable that a call is about to be made, or refuse to make it."""
        try:
            async with asyncio.timeout(GATEWAY_RECORD_SECONDS):
                await self._services.recorder.keep(self._call.project, self._begun())
        except Exception as error:  # noqa: BLE001 - whatever it is, no call without a record
            self._services.tally.blocked += 1
            self._say(error)
            raise Pushback(
                "The call was not made, because it can not be recorded now.",
                hint="This project makes no call without a record.",
                retry_after_s=5,
            ) from None

    async def _record(self, exchange: Exchange) -> None:
        """Make the record durable, or count that it is not."""
        tally = self._services.tally
        try:
            async with asyncio.timeout(GATEWAY_RECORD_SECONDS):
                await self._services.recorder.keep(self._call.project, exchange)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and shown
            tally.unrecorded += 1
            self._say(error)
            if self._call.blocks:
                raise Unavailable("The answer is not released, because it could not be recorded.") from None
        else:
            tally.failure = ""

    def _say(self, error: Exception) -> None:
        """Never silent, and without a word of the payload."""
        reason = error.message if isinstance(error, OnrecordError) else where(error)
        if not self._services.tally.failure:
            _logger.error("a gateway call could not be recorded: %s", reason)
        self._services.tally.failure = reason


def _is_last(piece: bytes) -> bool:
    """Whether a piece of a stream ends with an event after which none comes."""
    if not piece.endswith((b"\n", b"\r")):
        return False
    tail = piece[-_TAIL_BYTES:]
    return any(event in tail for event in _LAST_EVENTS) or piece.startswith(_LAST_EVENTS[3:])
