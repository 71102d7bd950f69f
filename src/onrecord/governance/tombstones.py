"""Tombstones: the entries that say that content is gone, and which records each of them excuses."""

from bisect import bisect_right
from itertools import accumulate

import msgspec

from onrecord.errors import Corrupt, Missing
from onrecord.ledger.entry import Entry
from onrecord.ledger.manifest import decode_manifest
from onrecord.ledger.reader import LedgerReader


class Tombstone(msgspec.Struct):
    """An ``erasure`` or ``expiry`` entry."""

    index: int
    kind: str
    done: bool = False
    """A later ``erasure.done`` of the same data subject says that the content has been destroyed."""


class Tombstones:
    """The tombstones of one ledger. Only an entry of that ledger, with the manifest it commits to, excuses anything."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._starts: list[int] = []
        self._ranges: list[tuple[int, int, Tombstone]] = []
        self._reach: list[int] = []
        self._sorted = True
        self._by_tag: dict[str, list[Tombstone]] = {}

    def note(self, index: int, entry: Entry) -> None:
        """Take in an entry; most are no tombstones. A manifest that can not be read excuses nothing."""
        if entry.kind == "erasure.done":
            for stone in self._by_tag.pop(entry.tag, []):
                stone.done = True
        if entry.kind not in ("erasure", "expiry"):
            return
        stone = Tombstone(index, entry.kind)
        self._by_tag.setdefault(entry.tag, []).append(stone)
        try:
            ranges = decode_manifest(self._reader.source(f"manifest/{entry.manifest.hex()}"))
        except (Missing, Corrupt, ValueError):
            return
        self._ranges += [(first, end, stone) for first, end in ranges]
        self._sorted = False

    def of(self, index: int) -> Tombstone | None:
        """The tombstone that excuses a record. An entry never excuses what came after it."""
        if not self._sorted:
            self._ranges.sort(key=lambda each: each[:2])
            self._starts = [first for first, _, _ in self._ranges]
            self._reach = list(accumulate((end for _, end, _ in self._ranges), max))
            self._sorted = True
        at = bisect_right(self._starts, index) - 1
        while at >= 0 and self._reach[at] > index:
            _, end, stone = self._ranges[at]
            if index < end and index < stone.index:
                return stone
            at -= 1
        return None
