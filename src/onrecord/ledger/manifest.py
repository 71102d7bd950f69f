"""Manifests: the sorted ranges of ledger indexes that an entry is about, as a file whose hash the entry carries. Pure.

One line ``onrecord-manifest/v1``, then a line ``FIRST END`` per half-open range, ascending and apart, in decimal.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

_MAGIC: Final = "onrecord-manifest/v1"


def ranges_of(indexes: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted, distinct indexes as half-open ranges."""
    if not indexes:
        return []
    breaks = [(a + 1, b) for a, b in pairwise(indexes) if b != a + 1]
    starts = [indexes[0], *(b for _, b in breaks)]
    ends = [*(a for a, _ in breaks), indexes[-1] + 1]
    return list(zip(starts, ends, strict=True))


def encode_manifest(ranges: Sequence[tuple[int, int]]) -> bytes:
    """The bytes of a manifest."""
    return "\n".join([_MAGIC, *(f"{first} {end}" for first, end in ranges), ""]).encode("ascii")


def decode_manifest(data: bytes) -> list[tuple[int, int]]:
    """The ranges of a manifest.

    Raises:
        ValueError: the bytes are not those of a manifest.
    """
    try:
        magic, *lines = data.decode("ascii").split("\n")
        ranges = [(int(first), int(end)) for first, end in (line.split(" ") for line in lines[:-1])]
    except ValueError:
        raise ValueError("the bytes are not a manifest") from None
    bounds = [bound for pair in ranges for bound in pair]
    if magic != _MAGIC or bounds != sorted(set(bounds)) or encode_manifest(ranges) != data:
        raise ValueError("the bytes are not a manifest as a manifest is spelled")
    return ranges
