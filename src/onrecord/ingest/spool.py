"""Reading the spool: what the sequencer and the projector follow. Each follower has a ``Spool`` of its own."""

from pathlib import Path

from onrecord.vault.month import MonthReader, SpoolGroup


class Spool:
    """The spool over all month files, in the order of commits. Keep it to one thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._readers: dict[str, MonthReader] = {}

    def read(self, after: int, limit: int = 64) -> list[SpoolGroup]:
        """Groups with an id above ``after``, in order, at most ``limit`` (all when it is -1).

        Raises:
            Corrupt: when a group is not what was committed.
        """
        groups: list[SpoolGroup] = []
        for path in sorted(self._directory.glob("????-??.db")):
            reader = self._readers.get(path.stem)
            if reader is None:
                reader = self._readers[path.stem] = MonthReader(path)
            groups += reader.spool(after, limit - len(groups) if limit >= 0 else -1)
            if 0 <= limit <= len(groups):
                break
        for group in groups:
            group.check(None)
        return groups

    def close(self) -> None:
        """Close the month files."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
