"""The next index of every ledger: what the commit thread hands out, and how it is known again after a restart.

An index is given in the transaction that makes its entry durable. After a restart the next one follows the last signed
checkpoint, the spool and the vault, whichever reaches furthest.
"""

from collections.abc import Mapping

from onrecord.vault.month import MonthReader


class Indexes:
    """Next free index per (project number, year). Only the commit thread changes it."""

    def __init__(self, signed: Mapping[tuple[int, int], int]) -> None:
        """``signed`` is the size of each ledger's last signed checkpoint, by project number and year."""
        self._next = {ledger: size for ledger, size in signed.items() if size}

    def follow(self, month: MonthReader) -> None:
        """Take in what a month file holds, at start."""
        for group in month.spool():
            for project, year, index, _ in group.entries():
                self._reach(project, year, index + 1)
        for project in month.projects():
            self._reach(project, month.year, month.last_index(project) + 1)

    def next_index(self, project: int, year: int) -> int:
        """The index that the next entry of this ledger gets."""
        return self._next.get((project, year), 0)

    def advance(self, project: int, year: int, index: int) -> None:
        """Say which index is the next one."""
        self._next[project, year] = index

    def before(self, year: int) -> list[tuple[int, int, int]]:
        """Project, year and size of each project's newest ledger before ``year``."""
        newest = {project: of_year for project, of_year in sorted(self._next) if of_year < year}
        return [(project, of_year, self._next[project, of_year]) for project, of_year in newest.items()]

    def snapshot(self) -> dict[tuple[int, int], int]:
        """What is given out now; hand it to ``restore`` when the transaction fails."""
        return dict(self._next)

    def restore(self, snapshot: dict[tuple[int, int], int]) -> None:
        """Take back what was given out since ``snapshot``."""
        self._next = snapshot

    def _reach(self, project: int, year: int, size: int) -> None:
        self._next[project, year] = max(self._next.get((project, year), 0), size)
