"""Records: the closed list of kinds, and what the server knows of a record besides what the client sent."""

from typing import Final

import msgspec

RECORD_KINDS: Final = (
    "span", "part", "score", "prediction", "intent", "decision", "review", "consent", "notice", "subject", "access",
    "reveal", "request", "erasure", "erasure.done", "expiry", "hold", "restriction", "policy", "prompt", "exposure",
    "admin", "login", "key", "gap", "sampling", "drop", "heartbeat", "selftest", "shard", "incident", "media",
)  # fmt: skip
"""A new kind needs an ADR and a line in docs/format/entry.md."""
SPAN_KINDS: Final = ("span", "part", "intent")
"""Kinds whose content is a span, or a piece of one."""


class Place(msgspec.Struct, frozen=True, gc=False, order=True):
    """Where a record stands in the ledgers of one project on this node."""

    shard: int
    """Year (UTC) of the ledger that holds its entry."""
    index: int
    """Zero-based index of the entry in that ledger."""


class RecordFacts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the server knows about a record before its entry has an index; the same at ingest and at rebuild."""

    project: str
    """Project id."""
    record_id: str
    """Server-made random id, as in the entry."""
    kind: str
    received_us: int
    """When its transaction began; 0 before that (`ingest.staging` decides, so that it never falls)."""
    mode: str
    """Content mode under which it was kept."""
    retention: str
    """Retention class."""
