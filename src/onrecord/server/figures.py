"""The figures that an installation gives of itself: one table, read by /health, /metrics and the health page.

A figure is a name and a function that reads a number now. Reading must be cheap and must not block; a figure that can
not be read is unknown, which is written as null and never as 0.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from onrecord.receive.inflight import Inflight
from onrecord.receive.tally import Tally
from onrecord.server.projection import Projection
from onrecord.server.recording import Recording

if TYPE_CHECKING:
    from onrecord.store.projector import Status


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number about the server."""

    name: str
    """As in /metrics, without its prefix: ``ledger_lag_entries``."""
    words: str
    """What it means, in one sentence without a full stop."""
    read: Callable[[], float | None]
    unit: str = "count"
    """``count``, ``ms`` or ``bytes``."""
    counter: bool = False
    """Only ever grows while the process lives."""
    warn: float = float("inf")
    """From here on somebody should look."""
    bad: float = float("inf")
    """From here on the server is not healthy."""

    def value(self) -> float | None:
        """The number now; ``None`` is unknown."""
        try:
            return self.read()
        except Exception:  # noqa: BLE001 - a figure must never break the page that shows it
            return None

    def state(self, value: float | None) -> str:
        """``good``, ``warn`` or ``bad``; empty when the figure has no judgement or is unknown."""
        if value is None or self.warn == float("inf") == self.bad:
            return ""
        return "bad" if value >= self.bad else "warn" if value >= self.warn else "good"


def receiving(tally: Tally, inflight: Inflight) -> Sequence[Figure]:
    """What the door knows."""
    return (
        Figure(name="received", words="Records received and durable", counter=True, read=tally.accepted.total),
        Figure(
            name="duplicates",
            words="Records that were sent again and recognised",
            counter=True,
            read=tally.duplicates.total,
        ),
        Figure(
            name="rejected",
            words="Records refused inside accepted requests",
            counter=True,
            read=tally.rejected.total,
        ),
        Figure(
            name="shed",
            words="Requests answered 503 because the server was full",
            counter=True,
            read=lambda: tally.shed,
        ),
        Figure(name="pending_requests", words="Requests that wait for their commit", read=lambda: inflight.requests),
        Figure(name="pending_bytes", words="Memory held by those requests", unit="bytes", read=lambda: inflight.bytes),
    )


def recording(kept: Recording, projection: Projection) -> Sequence[Figure]:
    """What the write path knows."""
    staging, sequencer = kept.staging, kept.sequencer
    return (
        Figure(
            name="committed",
            words="Records durable since the start",
            counter=True,
            read=lambda: kept.commits.records_total,
        ),
        Figure(
            name="commits", words="Transactions since the start", counter=True, read=lambda: kept.commits.groups_total
        ),
        Figure(name="pending", words="Deliveries taken and not yet acknowledged", read=lambda: kept.pipeline.waiting),
        Figure(
            name="dead_letters",
            words="Records that could not be read, kept sealed for seven days",
            counter=True,
            read=lambda: staging.dead_total,
        ),
        Figure(
            name="dropped",
            words="Dead letters that went because there were too many",
            counter=True,
            read=lambda: staging.dropped_total,
            warn=1,
        ),
        Figure(
            name="ledger_lag_commits",
            words="Transactions whose entries are not under a checkpoint yet",
            read=lambda: staging.spool_id - sequencer.position,
            warn=100,
            bad=1_000,
        ),
        Figure(
            name="ledger_lag",
            words="Age of the oldest entry at the newest checkpoint",
            unit="ms",
            read=lambda: sequencer.lag_ms,
            warn=1_000,
            bad=10_000,
        ),
        Figure(
            name="store_lag_commits",
            words="Transactions whose rows are not in the store yet",
            read=lambda: staging.spool_id - projection.position(),
            warn=1_000,
            bad=10_000,
        ),
        Figure(
            name="store_lag",
            words="How long the oldest row waits for the store",
            unit="ms",
            read=lambda: _of(projection, lambda status: status.behind_s * 1000),
            warn=5_000,
            bad=60_000,
        ),
        Figure(
            name="store_rows",
            words="Rows inserted into the store",
            counter=True,
            read=lambda: _of(projection, lambda status: status.rows),
        ),
        Figure(
            name="set_aside",
            words="Rows that the store refused",
            counter=True,
            warn=1,
            read=lambda: _of(projection, lambda status: status.set_aside),
        ),
    )


def _of(projection: Projection, read: Callable[["Status"], float]) -> float | None:
    status = projection.status()
    return None if status is None else read(status)
