"""What the client knows is missing, and says: records dropped, and records left out by the sample rate.

A declaration is a log record ``onrecord.drop`` or ``onrecord.sampling``. It has no number of its own: when it is lost,
the numbers that it would have excused are a gap.
"""

import os
import time
from typing import Final, Literal

import zstandard

from onrecord.sdk.otlp import PRODUCER, declaration_json, logs_body
from onrecord.sdk.outbox import Batch, Outbox
from onrecord.sdk.spool import Spool

Reason = Literal["queue_full", "spool_full", "too_large", "refused", "unreadable", "killed"]
"""Why records were dropped: memory full, spool or disk full, a record that no request can carry, a request that the
server will never take, a batch on disk that does not open, a process that ended before it could write."""

DROP: Final = "onrecord.drop"
SAMPLING: Final = "onrecord.sampling"


class Declarations:
    """Declarations that wait to be written. One thread."""

    def __init__(self, spool: Spool, scope: tuple[str, str], sample_rate: float) -> None:
        self._spool = spool
        self._scope = scope
        self._sample_rate = sample_rate
        self._drops: list[tuple[str, int, int]] = []
        self._sampled = 0
        self.dropped_total = 0

    def batch(self, outbox: Outbox, signal: str, count: int) -> Batch:
        """The next batch of this producer."""
        return Batch(outbox.numbered + count, count, os.urandom(4).hex(), signal)

    def dropped(self, outbox: Outbox, count: int, reason: Reason) -> None:
        """Give numbers to records that are dropped."""
        first = outbox.numbered + 1
        outbox.numbered += count
        self.excuse(first, outbox.numbered, reason)

    def excuse(self, first: int, last: int, reason: Reason) -> None:
        """Records with these numbers will never come."""
        self.dropped_total += last - first + 1
        if self._drops and self._drops[-1][0] == reason and self._drops[-1][2] + 1 == first:
            first = self._drops.pop()[1]
        self._drops.append((reason, first, last))

    def sampled(self, outbox: Outbox) -> None:
        """Take note of what the sample rate left out since the last time."""
        self._sampled = outbox.counter.sampled - outbox.counter.declared

    @property
    def silent(self) -> bool:
        """Nothing waits to be declared."""
        return not self._drops and not self._sampled

    def write(self, outbox: Outbox, packer: zstandard.ZstdCompressor) -> bool:
        """Put what waits into the spool; false when there was nothing or the disk does not take it."""
        now_ns = time.time_ns()  # noqa: TID251 - the client has no clock of the server's
        records = [
            declaration_json(DROP, {"reason": reason, "first": first, "last": last, "count": last - first + 1}, now_ns)
            for reason, first, last in self._drops
        ]
        if self._sampled:
            told = {"rate": self._sample_rate, "count": self._sampled, "total": outbox.counter.sampled}
            records.append(declaration_json(SAMPLING, told, now_ns))
        if not records:
            return False
        body = packer.compress(logs_body({PRODUCER: outbox.producer}, self._scope, records))
        batch = Batch(outbox.counter.numbered, 0, os.urandom(4).hex(), "logs")
        if not self._spool.put(outbox, batch, body, durable=True):
            return False
        outbox.settle(max((last for _, _, last in self._drops), default=0))
        outbox.counter.declared += self._sampled
        self._drops, self._sampled = [], 0
        return True
