"""Counts of what came in: plain numbers that health and metrics read.

Kept on the event loop only, so that a count is an addition and nothing more.
"""

import collections

import msgspec


class Tally(msgspec.Struct):
    """Since the start of the process. Per signal: ``traces``, ``logs``, ``metrics``."""

    requests: collections.Counter[tuple[str, int]] = msgspec.field(default_factory=collections.Counter)
    """By signal and HTTP status."""
    accepted: collections.Counter[str] = msgspec.field(default_factory=collections.Counter)
    """Records durable, duplicates not counted."""
    duplicates: collections.Counter[str] = msgspec.field(default_factory=collections.Counter)
    rejected: collections.Counter[str] = msgspec.field(default_factory=collections.Counter)
    """Records refused inside accepted requests."""
    received_bytes: collections.Counter[str] = msgspec.field(default_factory=collections.Counter)
    """Bodies as sent."""
    decoded_bytes: collections.Counter[str] = msgspec.field(default_factory=collections.Counter)
    """Bodies after decompression."""
    shed: int = 0
    """Requests answered 503."""
