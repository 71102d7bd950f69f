"""From finished exchanges to durable records: those that wait while others commit go together.

One delivery at a time per turn of the disk: what arrives meanwhile makes the next one, so that the price of a commit
is shared by exactly those who would have waited for it. A delivery of several that fails is tried again one by one.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

import msgspec

from onrecord.errors import Pushback
from onrecord.limits import GATEWAY_BATCH, GATEWAY_BATCH_BYTES
from onrecord.model.exchange import Exchange
from onrecord.model.project import Project
from onrecord.receive.exchanges import MEDIA, SIGNAL, pack
from onrecord.receive.port import Ack, Delivery, Intake

_AT_ONCE: Final = 2
"""Deliveries under way: one is prepared while the other is committed."""


class _Waiting(msgspec.Struct, frozen=True):
    """An exchange and whoever waits for it."""

    project: Project
    exchange: Exchange
    done: "asyncio.Future[None]"

    @property
    def bytes(self) -> int:
        return len(self.exchange.request.data) + len(self.exchange.response.data)


class Recorder:
    """Gives exchanges to the intake. Used on the event loop only."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._queue: deque[_Waiting] = deque()
        self._under_way = 0

    def keep(self, project: Project, exchange: Exchange) -> "asyncio.Future[None]":
        """Take an exchange; the future completes once it is durable, or raises what the intake raised."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(project, exchange, loop.create_future())
        self._queue.append(waiting)
        self._go(loop)
        return waiting.done

    def _go(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._queue and self._under_way < _AT_ONCE:
            self._send(loop, self._next())

    def _next(self) -> list[_Waiting]:
        """Those at the head of the queue that are of one project, within the bounds of a delivery."""
        batch = [self._queue.popleft()]
        size = batch[0].bytes
        while self._queue and len(batch) < GATEWAY_BATCH and self._queue[0].project == batch[0].project:
            size += self._queue[0].bytes
            if size > GATEWAY_BATCH_BYTES:
                break
            batch.append(self._queue.popleft())
        return batch

    def _send(self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting]) -> None:
        body = pack([one.exchange for one in batch])
        self._under_way += 1
        try:
            kept = self._intake.submit(Delivery(project=batch[0].project, signal=SIGNAL, media=MEDIA, body=body))
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            self._answer(loop, batch, error)
            return

        def answered(done: "Future[Ack]") -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody who waited
                loop.call_soon_threadsafe(self._answer, loop, batch, done.exception())

        kept.add_done_callback(answered)

    def _answer(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting], error: BaseException | None) -> None:
        self._under_way -= 1
        if error is not None and len(batch) > 1 and not isinstance(error, Pushback):
            for one in batch:
                self._send(loop, [one])
        else:
            for one in batch:
                _settle(one.done, error)
        self._go(loop)


def _settle(done: "asyncio.Future[None]", error: BaseException | None) -> None:
    if done.done():
        return  # nobody waits any more
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
