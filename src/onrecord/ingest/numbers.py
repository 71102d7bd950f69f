"""Producers' numbers as the commit thread sees them: kept in the transaction that keeps the records.

So an acknowledged record is never missing here and a record that was taken back was never seen. What changes is held
back until the transaction ends; what was read is remembered, within a bound.
"""

from collections import OrderedDict

from msgspec.structs import replace

from onrecord.ingest.item import Numbered
from onrecord.limits import GAPS_PER_PRODUCER, PRODUCERS_IN_MEMORY
from onrecord.model.numbering import Gap, Numbering
from onrecord.vault.month import MonthFile

_Key = tuple[int, bytes]
_IN_FLIGHT = 4 * GAPS_PER_PRODUCER
"""Gaps of one producer while a transaction runs: the records of a request need not be in the order of numbers."""


class Numbers:
    """What is known of every producer, with what the current transaction changes."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, Numbering] = OrderedDict()
        self._changed: dict[_Key, Numbering] = {}

    def note(self, project: int, numbers: Numbered, now_us: int, file: MonthFile, *, again: bool) -> None:
        """Take in what a record says; ``again`` when the same record was kept before."""
        key = (project, numbers.producer)
        before = self._changed.get(key) or self._of(key, file)
        after = before
        if numbers.first:
            after = after.with_range(numbers.first, numbers.last, now_us).bounded(_IN_FLIGHT)
        if not again:
            if numbers.dropped or numbers.sampled:
                after = replace(after, dropped=after.dropped + numbers.dropped, sampled=after.sampled + numbers.sampled)
            if numbers.recorded_us:
                after = after.with_recorded(numbers.recorded_us)
        if after is not before:
            self._changed[key] = after

    def write(self, file: MonthFile, now_us: int) -> None:
        """Put what changed into the transaction."""
        if self._changed:
            self._changed = {key: one.bounded(GAPS_PER_PRODUCER) for key, one in self._changed.items()}
            file.producers.put(self._changed, now_us)

    def keep(self) -> None:
        """The transaction is durable."""
        if not self._changed:
            return
        self._known |= self._changed
        self._changed = {}
        while len(self._known) > PRODUCERS_IN_MEMORY:
            self._known.popitem(last=False)

    def rollback(self) -> None:
        """The transaction was taken back."""
        self._changed = {}

    def due(self, until_us: int, file: MonthFile) -> list[tuple[int, bytes, tuple[Gap, ...]]]:
        """Project, producer and gaps that are there since ``until_us`` or longer without a record."""
        return [
            (project, producer, numbering.due(until_us))
            for project, producer, numbering in file.producers.due(until_us)
        ]

    def _of(self, key: _Key, file: MonthFile) -> Numbering:
        found = self._known.get(key)
        if found is None:
            found = file.producers.get(*key) or Numbering()
            self._known[key] = found
        else:
            self._known.move_to_end(key)
        return found
