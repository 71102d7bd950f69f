"""The histogram strip above a list: one SVG bar per stretch of time, each a link that zooms to it.

Pure. Bars are on a square-root scale, so that one busy hour does not hide the quiet ones; failures stand in the same
bar from below. Every bar says its numbers in words.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from onrecord.query.results import Bucket

HEIGHT: Final = 40
"""Units of height, without the axis."""


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar."""

    x: float
    """Percent of the width."""
    width: float
    height: float
    """Units, 0 to ``HEIGHT``."""
    bad: float
    """The part of the height that failed."""
    since_us: int
    until_us: int
    count: int
    """Traces."""
    errors: int
    """Failed spans."""


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """A histogram."""

    bars: tuple[Bar, ...]
    since_us: int
    until_us: int


def strip(buckets: Sequence[Bucket], since_us: int, until_us: int, interval_s: int) -> Strip:
    """Buckets between two instants as bars; a stretch of which nothing is known is an empty bar, not a missing one."""
    step_us = interval_s * 1_000_000
    known = {bucket.time_us: bucket for bucket in buckets if bucket.time_us is not None}
    starts = list(range(since_us - since_us % step_us, max(until_us, since_us + 1), step_us))
    counts = [_value(known.get(start), "traces") for start in starts]
    errors = [_value(known.get(start), "errors") for start in starts]
    peak = max(counts, default=0)
    width = 100 / max(len(starts), 1)
    bars = tuple(
        Bar(
            x=round(number * width, 3),
            width=round(width, 3),
            height=_height(count, peak),
            bad=round(_height(count, peak) * min(failed, count) / count, 2) if count else 0.0,
            since_us=start,
            until_us=start + step_us,
            count=count,
            errors=failed,
        )
        for number, (start, count, failed) in enumerate(zip(starts, counts, errors, strict=True))
    )
    return Strip(bars=bars, since_us=since_us, until_us=until_us)


def _value(bucket: Bucket | None, measure: str) -> int:
    return int((bucket.values.get(measure) if bucket else None) or 0)


def _height(count: int, peak: int) -> float:
    return round(max((count / peak) ** 0.5 * HEIGHT, 2), 2) if count else 0.0
