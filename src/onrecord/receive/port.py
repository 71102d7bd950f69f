"""The one seam behind every door: a delivery goes in, an acknowledgement comes out once it is durable."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import msgspec

from onrecord.model.project import Project


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One request body, authenticated and decompressed but not decoded."""

    project: Project
    signal: str
    """``traces`` or ``logs``; later doors add their own."""
    media: str
    """``protobuf`` or ``json``."""
    body: bytes
    user_agent: str = ""
    application: str = ""
    """The application that the request as a whole names; a span that names one itself keeps its own."""
    patient: bool = False
    """Nobody waits for it: what is prepared for somebody who does goes first."""


class Ack(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a delivery. Everything accepted is on disk, synced."""

    accepted: int
    duplicates: int = 0
    """Accepted earlier with the same bytes; not kept twice."""
    rejected: int = 0
    reasons: tuple[str, ...] = ()
    """A sentence per distinct fault, at most ten, without a byte of the payload."""


class Intake(Protocol):
    """Whoever keeps deliveries. Implemented by ``ingest.pipeline``."""

    def submit(self, delivery: Delivery) -> Future[Ack]:
        """Take a delivery; the future completes after the records are durable.

        The future raises ``Rejected`` when the body as a whole is malformed (nothing was kept).

        Raises:
            Pushback: at once, when memory or the queue is full. Nothing was kept.
        """
        ...


class Journal(Protocol):
    """Whoever keeps deliveries of one piece for a caller who waits for nothing but durability.

    Implemented by ``ingest.journaling``.
    """

    def keep(self, delivery: Delivery, done: Callable[[Exception | None], None]) -> None:
        """Take a delivery; ``done`` is called once, in any thread: with nothing when it is durable, else with why not.

        What is durable becomes a record, also when the process ends before it did.
        """
        ...
