"""The figures that an installation gives of itself: one table, read by /health, /metrics and the health page.

A figure is a name and a function that reads a number now. Reading must be cheap and must not block; a figure that can
not be read is unknown, which is written as null and never as 0.
"""

from collections.abc import Callable, Sequence

import msgspec

from onrecord.receive.inflight import Inflight
from onrecord.receive.tally import Tally


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
