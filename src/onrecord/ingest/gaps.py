"""Gaps that stay: after some days the ledger itself says that records of a producer are missing, and how many.

Looked at in the commit thread, between transactions, so that nothing changes meanwhile. A gap that is filled later is
gone from what is shown; the entry that said so stays, true of its time.
"""

from concurrent.futures import Future
from typing import Final

from onrecord.ingest.commit import CommitThread
from onrecord.ingest.item import Batch
from onrecord.ingest.prepare import prepare_gap
from onrecord.ingest.project import ProjectRuntimes
from onrecord.ingest.staging import Staging
from onrecord.limits import GAP_CHECK_S, GAP_HOURS
from onrecord.model.time import Clock

_SECOND_US: Final = 1_000_000


class GapWatch:
    """Writes the records of gaps that have become old."""

    def __init__(self, commits: CommitThread, staging: Staging, runtimes: ProjectRuntimes, clock: Clock) -> None:
        self._commits = commits
        self._staging = staging
        self._runtimes = runtimes
        self._clock = clock
        self._looked_us = 0
        commits.on_idle.append(self.look)
        commits.on_commit.append(self.look)

    def look(self) -> None:
        """Put a record of every gap that is due on its way. In the commit thread."""
        now_us = self._clock.now_us()
        if now_us - self._looked_us < GAP_CHECK_S * _SECOND_US:
            return
        self._looked_us = now_us
        until_us = now_us - GAP_HOURS * 3_600 * _SECOND_US
        items = [
            prepare_gap(producer, gaps, until_us, self._runtimes.numbered(project))
            for project, producer, gaps in self._staging.due_gaps(until_us)
        ]
        if items:
            self._commits.put(Batch(items=items), Future())
