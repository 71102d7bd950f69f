"""The thread that takes batches from the spool to the server, and removes what the server has acknowledged.

Oldest first, one request at a time. While the server does not answer the waits between attempts double, with some
chance in them; a Retry-After is honoured. A batch that the server will never take is set aside, sealed, and declared as
dropped. What other processes left behind is taken over at the start and from time to time.
"""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Final

import zstandard

from onrecord.limits import CLIENT_ADOPT_S, CLIENT_BACKOFF_S
from onrecord.sdk.declare import Declarations, Reason
from onrecord.sdk.http import Connection, Outcome
from onrecord.sdk.outbox import Batch, Outbox
from onrecord.sdk.spool import Spool

_log = logging.getLogger(__name__)
_IDLE_S: Final = 5.0


class Courier:
    """Sends until it is stopped. ``flush`` and ``poke`` may be called by any thread."""

    def __init__(self, spool: Spool, connection: Connection, declarations: Callable[[], Declarations]) -> None:
        """``declarations`` makes the notebook for what is found missing in an outbox."""
        self._spool = spool
        self._connection = connection
        self._declarations = declarations
        self._packer = zstandard.ZstdCompressor(level=3)
        self._missing: dict[str, Declarations] = {}
        """By producer, what is still to be declared."""
        self._wake = threading.Event()
        self._rounds = threading.Condition()
        self._asked = 0
        self._answered = 0
        self._empty = True
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._backoff_s = 0.0
        self._not_before = 0.0
        self._asked_to_wait = False
        self._adopted_at = float("-inf")
        self.acknowledged = 0
        self.refused = 0
        self.rejected = 0
        self.status = 0
        """HTTP status of the last answer, 0 when there was none."""

    @property
    def away(self) -> bool:
        """Whether the last attempt failed."""
        return self._backoff_s > 0

    def start(self) -> None:
        """Run; once."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run, name="onrecord-send", daemon=True)
        self._thread.start()

    def poke(self) -> None:
        """There is something to send."""
        if not self.away:
            self._wake.set()

    def flush(self, timeout_s: float) -> bool:
        """Try to send everything now; true when the server has acknowledged all of it in time."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return False
        deadline = time.monotonic() + timeout_s
        with self._rounds:
            self._asked += 1
            mine = self._asked
            self._wake.set()
            done = self._rounds.wait_for(lambda: self._answered >= mine, max(0.0, deadline - time.monotonic()))
            return done and self._empty

    def stop(self, timeout_s: float) -> None:
        """End after the request that is under way."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping:
            asked = self._asked
            empty = False
            try:
                empty = self._round(hurried=asked > self._answered)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever the disk does
                _log.error("sending met a fault (%s)", type(error).__name__)
                self._wait_longer(Outcome("later"))
            with self._rounds:
                self._empty = empty
                self._answered = max(self._answered, asked)
                self._rounds.notify_all()
            if not self._stopping:
                self._wake.wait(self._pause_s())
                self._wake.clear()
        self._connection.close()

    def _pause_s(self) -> float:
        if self._asked > self._answered:
            return 0.0
        return max(0.05, self._not_before - time.monotonic()) if self.away else _IDLE_S

    def _round(self, *, hurried: bool) -> bool:
        """Send what waits; true when nothing is left. ``hurried``: do not wait out our own backoff."""
        now = time.monotonic()
        if now - self._adopted_at > CLIENT_ADOPT_S:
            self._adopted_at = now
            for outbox in self._spool.adopt():
                self._take_over(outbox)
        if now < self._not_before and (self._asked_to_wait or not hurried):
            return False
        for outbox in self._spool.outboxes():
            self._declare(outbox)
            for batch in outbox.batches():
                if self._stopping or not self._send(outbox, batch):
                    return False
        for outbox in list(self._spool.adopted):
            if outbox.producer not in self._missing and not outbox.batches():
                self._spool.dissolve(outbox)
        return not any(outbox.batches() for outbox in self._spool.outboxes())

    def _take_over(self, outbox: Outbox) -> None:
        """What an ended process had taken and not written is lost, and is said to be."""
        lost = outbox.recover()
        missing = self._of(outbox)
        if lost:
            missing.dropped(outbox, lost, "killed")
        missing.sampled(outbox)

    def _of(self, outbox: Outbox) -> Declarations:
        return self._missing.setdefault(outbox.producer, self._declarations())

    def _declare(self, outbox: Outbox) -> None:
        missing = self._missing.get(outbox.producer)
        if missing is not None and (missing.write(outbox, self._packer) or missing.silent):
            del self._missing[outbox.producer]

    def _send(self, outbox: Outbox, batch: Batch) -> bool:
        """Send one batch; false when the server does not take anything now."""
        try:
            body = outbox.body(batch)
        except OSError:
            return True  # gone or unreadable now: looked at again in the next round
        if body is None:
            self._give_up(outbox, batch, "unreadable")
            return True
        outcome = self._connection.send(batch.signal, body)
        self.status = outcome.status
        if outcome.state == "later":
            self._wait_longer(outcome)
            return False
        self._backoff_s = self._not_before = 0.0
        if outcome.state == "refused":
            _log.error(
                "the server refuses a batch of %d records (HTTP %d); it is set aside", batch.count, outcome.status
            )
            self.refused += batch.count
            self._give_up(outbox, batch, "refused")
        else:
            self.acknowledged += batch.count
            self.rejected += outcome.rejected
            self._spool.remove(outbox, batch)
        return True

    def _give_up(self, outbox: Outbox, batch: Batch, reason: Reason) -> None:
        self._spool.set_aside(outbox, batch)
        if batch.count:
            self._of(outbox).excuse(batch.first, batch.last, reason)
            self._declare(outbox)

    def _wait_longer(self, outcome: Outcome) -> None:
        shortest, longest = CLIENT_BACKOFF_S
        if not self.away:
            why = f"answers {outcome.status}" if outcome.status else "does not answer"
            _log.warning("the server %s; records wait in the spool", why)
        self._backoff_s = min(longest, max(shortest, self._backoff_s * 2))
        wait_s = self._backoff_s * random.uniform(0.5, 1.0)  # noqa: S311 - so that clients do not come all at once
        self._asked_to_wait = outcome.retry_after_s > 0
        self._not_before = time.monotonic() + max(wait_s, outcome.retry_after_s)
        with contextlib.suppress(Exception):
            self._connection.close()
