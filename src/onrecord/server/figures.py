"""The figures that an installation gives of itself: one table, read by /health, /metrics and the health page.

A figure is a name and a function that reads a number now. Reading must be cheap and must not block; a figure that can
not be read is unknown, which is written as null and never as 0.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from onrecord.api.allowance import Allowance
from onrecord.receive.bodies import Bodies
from onrecord.server.calling import Calling
from onrecord.server.completeness import CompletenessFigures
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


def receiving(bodies: Bodies) -> Sequence[Figure]:
    """What the door knows."""
    tally, inflight = bodies.tally, bodies.inflight
    return (
        _count("received", "Records received and durable", tally.accepted.total),
        _count("duplicates", "Records that were sent again and recognised", tally.duplicates.total),
        _count("rejected", "Records refused inside accepted requests", tally.rejected.total),
        _count("shed", "Requests answered 503 because the server was full", lambda: tally.shed),
        Figure(name="pending_requests", words="Requests that wait for their commit", read=lambda: inflight.requests),
        Figure(name="pending_bytes", words="Memory held by those requests", unit="bytes", read=lambda: inflight.bytes),
    )


def rating(allowance: Allowance) -> Sequence[Figure]:
    """What the address for ratings knows."""
    refused = "Ratings answered 429 because a public key was used too often"
    return (_count("ratings_refused", refused, lambda: allowance.refused),)


def completing(known: CompletenessFigures) -> Sequence[Figure]:
    """What the numbers of producers tell."""
    return (
        Figure(name="producers", words="Producers that number their records", read=lambda: known.totals().producers),
        Figure(name="gaps", words="Gaps in the numbers of producers", read=lambda: known.totals().gaps, warn=1),
        Figure(name="missing", words="Records in those gaps", read=lambda: known.totals().missing, warn=1),
        Figure(
            name="oldest_gap",
            words="How long the oldest gap has been there",
            unit="ms",
            read=known.oldest_gap_ms,
            warn=60_000,
        ),
        Figure(
            name="declared_drops",
            words="Records that producers declared as dropped",
            read=lambda: known.totals().dropped,
        ),
        Figure(
            name="declared_sampled",
            words="Records that producers declared as left out by their sample rate",
            read=lambda: known.totals().sampled,
        ),
    )


def calling(called: Calling) -> Sequence[Figure]:
    """What the gateway knows."""
    tally = called.tally
    return (
        Figure(
            name="journal_waiting",
            words="Calls of the gateway that are durable and not yet on the record",
            read=called.waiting,
            warn=5_000,
        ),
        Figure(name="gateway_processes", words="Processes that relay calls of providers", read=called.processes),
        _count("gateway_calls", "Calls of providers through the gateway", lambda: tally().calls),
        _count("gateway_failed", "Calls that the provider did not answer whole", lambda: tally().failed),
        _count("gateway_cancelled", "Calls whose client left before the answer was whole", lambda: tally().cancelled),
        _count("gateway_blocked", "Calls not made because they could not be recorded", lambda: tally().blocked, warn=1),
        _count("gateway_unrecorded", "Calls that are not on the record", lambda: tally().unrecorded, warn=1),
    )


def recording(kept: Recording, projection: Projection) -> Sequence[Figure]:
    """What the write path knows."""
    return (*_committing(kept), *_sequencing(kept), *_projecting(kept, projection))


def _committing(kept: Recording) -> Sequence[Figure]:
    commits, staging = kept.commits, kept.staging
    return (
        _count("committed", "Records durable since the start", lambda: commits.records_total),
        _count("commits", "Transactions since the start", lambda: commits.groups_total),
        Figure(name="pending", words="Deliveries taken and not yet acknowledged", read=lambda: kept.pipeline.waiting),
        _count(
            "dead_letters", "Records that could not be read, kept sealed for seven days", lambda: staging.dead_total
        ),
        _count("dropped", "Dead letters that went because there were too many", lambda: staging.dropped_total, warn=1),
    )


def _sequencing(kept: Recording) -> Sequence[Figure]:
    staging, sequencer = kept.staging, kept.sequencer
    return (
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
    )


def _projecting(kept: Recording, projection: Projection) -> Sequence[Figure]:
    def of(read: Callable[["Status"], float]) -> float | None:
        status = projection.status()
        return None if status is None else read(status)

    return (
        Figure(
            name="store_lag_commits",
            words="Transactions whose rows are not in the store yet",
            read=lambda: kept.staging.spool_id - projection.position(),
            warn=1_000,
            bad=10_000,
        ),
        Figure(
            name="store_lag",
            words="How long the oldest row waits for the store",
            unit="ms",
            read=lambda: of(lambda status: status.behind_s * 1_000),
            warn=5_000,
            bad=60_000,
        ),
        _count("store_rows", "Rows inserted into the store", lambda: of(lambda status: status.rows)),
        _count(
            "set_aside",
            "Rows not in the store: refused, or not readable",
            lambda: of(lambda status: status.set_aside),
            warn=1,
        ),
    )


def _count(name: str, words: str, read: Callable[[], float | None], warn: float = float("inf")) -> Figure:
    return Figure(name=name, words=words, read=read, counter=True, warn=warn)
