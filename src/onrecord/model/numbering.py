"""The numbers that a producer gave to its records: which have come, which are missing and since when. Pure.

Numbers begin at 1 and rise by one. Kept is the highest number seen and the gaps below it, so that a producer of whom
everything came costs one row, however much it sent. The same number twice changes nothing; a filled gap is gone.
"""

from bisect import bisect_left, bisect_right

import msgspec


class Gap(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Numbers that are missing."""

    first: int
    last: int
    since_us: int
    """When a higher number came first, by the server's clock."""
    recorded: bool = False
    """A ``gap`` record says so in the ledger."""

    @property
    def missing(self) -> int:
        """How many numbers it is."""
        return self.last - self.first + 1


class Numbering(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of one producer."""

    top: int = 0
    """The highest number that has come or was declared as dropped."""
    gaps: tuple[Gap, ...] = ()
    """In order, none touching another."""
    forgotten: int = 0
    """Gaps beyond the bound, which are not told apart any more: how many ..."""
    forgotten_missing: int = 0
    """... and how many numbers they were."""
    dropped: int = 0
    """Records that the producer declared as dropped."""
    sampled: int = 0
    """Records that the producer declared as left out by its sample rate."""

    def with_range(self, first: int, last: int, now_us: int) -> "Numbering":
        """This, after the numbers ``first`` to ``last`` have come."""
        if first > self.top:  # nearly always
            new = () if first == self.top + 1 else (Gap(self.top + 1, first - 1, now_us),)
            return msgspec.structs.replace(self, top=last, gaps=self.gaps + new)
        low = bisect_left(self.gaps, first, key=lambda gap: gap.last)
        high = bisect_right(self.gaps, last, key=lambda gap: gap.first)
        if low >= high and last <= self.top:
            return self
        left = tuple(piece for gap in self.gaps[low:high] for piece in _without(gap, first, last))
        gaps = self.gaps[:low] + left + self.gaps[max(low, high) :]
        return msgspec.structs.replace(self, top=max(self.top, last), gaps=gaps)

    def bounded(self, keep: int) -> "Numbering":
        """This, with at most ``keep`` gaps told apart, the highest ones; of the others their count is left."""
        beyond = self.gaps[: max(0, len(self.gaps) - keep)]
        if not beyond:
            return self
        return msgspec.structs.replace(
            self,
            gaps=self.gaps[len(beyond) :],
            forgotten=self.forgotten + len(beyond),
            forgotten_missing=self.forgotten_missing + sum(gap.missing for gap in beyond),
        )

    def with_recorded(self, until_us: int) -> "Numbering":
        """This, after the gaps that are there since ``until_us`` or longer were recorded."""
        marked = (msgspec.structs.replace(gap, recorded=True) if gap.since_us <= until_us else gap for gap in self.gaps)
        return msgspec.structs.replace(self, gaps=tuple(marked))

    def due(self, until_us: int) -> tuple[Gap, ...]:
        """Gaps that are there since ``until_us`` or longer and not recorded yet."""
        return tuple(gap for gap in self.gaps if gap.since_us <= until_us and not gap.recorded)

    @property
    def gap_count(self) -> int:
        """All gaps, those included that are not told apart any more."""
        return len(self.gaps) + self.forgotten

    @property
    def missing(self) -> int:
        """All missing numbers."""
        return self.forgotten_missing + sum(gap.missing for gap in self.gaps)


def _without(gap: Gap, first: int, last: int) -> list[Gap]:
    """What is left of a gap when ``first`` to ``last`` came; as old as it was."""
    if last < gap.first or gap.last < first:
        return [gap]
    pieces = []
    if gap.first < first:
        pieces.append(msgspec.structs.replace(gap, last=first - 1))
    if last < gap.last:
        pieces.append(msgspec.structs.replace(gap, first=last + 1))
    return pieces
