"""The next index of every ledger: what the commit thread hands out, and how it is known again after a restart.

An index is given in the transaction that makes its entry durable. After a restart the next one follows the last signed
checkpoint, the spool and the vault, whichever reaches furthest.
"""

from collections.abc import Callable

from onrecord.vault.month import MonthReader


class Ledgers:
    """Next free index per (project number, year). Only the commit thread changes it."""

    def __init__(self, published_size: Callable[[int, int], int]) -> None:
        """``published_size(project, year)`` is the size of the ledger's last signed checkpoint, 0 without one."""
        self._published_size = published_size
        self._spooled: dict[tuple[int, int], int] = {}
        self._next: dict[tuple[int, int], int] = {}

    def follow(self, month: MonthReader) -> None:
        """Take in what a month file holds, at start."""
        for group in month.spool():
            for project, year, index, _ in group.entries():
                self._reach(project, year, index + 1)
        for project in month.projects():
            self._reach(project, month.year, month.last_index(project) + 1)

    def next_index(self, project: int, year: int) -> int:
        """The index that the next entry of this ledger gets."""
        known = self._next.get((project, year))
        if known is None:
            known = max(self._spooled.get((project, year), 0), self._published_size(project, year))
            self._next[project, year] = known
        return known

    def advance(self, project: int, year: int, index: int) -> None:
        """Say which index is the next one."""
        self._next[project, year] = index

    def snapshot(self) -> dict[tuple[int, int], int]:
        """What is given out now; hand it to ``restore`` when the transaction fails."""
        return dict(self._next)

    def restore(self, snapshot: dict[tuple[int, int], int]) -> None:
        """Take back what was given out since ``snapshot``."""
        self._next = snapshot

    def open_in(self, year: int) -> list[int]:
        """Projects that have been given an index of that year's ledger since the start."""
        return sorted(project for project, of_year in {*self._next, *self._spooled} if of_year == year)

    def _reach(self, project: int, year: int, size: int) -> None:
        self._spooled[project, year] = max(self._spooled.get((project, year), 0), size)
