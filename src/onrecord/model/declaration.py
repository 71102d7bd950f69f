"""Declarations: what a producer says is missing of its records, and why."""

from typing import Final, Literal

import msgspec

from onrecord.model.source import Source

REASONS: Final = ("queue_full", "spool_full", "too_large", "refused", "unreadable", "killed", "other")
"""Closed list of reasons for a drop; the client's ``sdk/declare.py`` says what each means."""
LARGEST_NUMBER: Final = 2**53
"""No producer gets so far; a larger number is nonsense that would only make a gap of that size."""


class Declaration(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One declaration of a producer."""

    kind: Literal["drop", "sampling"]
    provenance: Source
    count: int
    """Records that were dropped, or left out by the sample rate."""
    reason: str = ""
    first: int = 0
    last: int = 0
    """Numbers of the dropped records, when they had any."""
    rate: float | None = None
    """Sample rate in force."""
    total: int = 0
    """Records left out since the producer began, these included."""
    time_unix_nano: int = 0
