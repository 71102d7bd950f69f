"""From exchanges to durable records, for the event loop.

The journal answers in a thread of its own, often many calls at once: they are taken over in one turn of the loop.
"""

import asyncio
import contextlib
from collections import deque

import msgspec

from onrecord.model.exchange import Exchange
from onrecord.model.project import Project
from onrecord.receive.exchanges import MEDIA, SIGNAL, packed
from onrecord.receive.port import Delivery, Journal


class _Answered(msgspec.Struct, frozen=True):
    """What became of an exchange, and whoever waits for it."""

    waiter: "asyncio.Future[None]"
    error: Exception | None


class Recorder:
    """Gives exchanges to the journal. Used on one event loop only."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._answered: deque[_Answered] = deque()
        self._called = False

    def keep(self, project: Project, exchange: Exchange) -> "asyncio.Future[None]":
        """Take an exchange; the future completes once it is durable, or raises why it is not."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()

        def done(error: Exception | None) -> None:
            self._answered.append(_Answered(waiter, error))
            if not self._called:
                self._called = True
                with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody who waited
                    loop.call_soon_threadsafe(self._settle)

        self._journal.keep(Delivery(project=project, signal=SIGNAL, media=MEDIA, body=packed(exchange)), done)
        return waiter

    def _settle(self) -> None:
        self._called = False  # first: what is answered from now on calls again
        while self._answered:
            one = self._answered.popleft()
            if one.waiter.done():
                continue  # nobody waits any more
            if one.error is None:
                one.waiter.set_result(None)
            else:
                one.waiter.set_exception(one.error)
