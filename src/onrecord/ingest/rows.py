"""What the projector follows: the spool's rows, with each ``revise`` mark turned into the row of the merged span.

A mark names the first record of a span and the part that came. Reading the vault up to that part gives the same row
whenever it is read, so a replay after a crash inserts what was inserted before it.

Content that can not be read costs its own row only: what stands for it is set aside, and a rebuild tries again.
"""

import contextlib
import logging
from collections.abc import Callable

import msgspec

from onrecord.errors import Corrupt, Missing, Rejected
from onrecord.ingest.content import ContentReader, facts_of
from onrecord.ingest.prepare import SPANS
from onrecord.ingest.project import ProjectRuntimes
from onrecord.ingest.spool import Spool
from onrecord.ingest.staging import REVISE
from onrecord.ledger.entry import Entry, decode_entry
from onrecord.model.record import Place
from onrecord.store.row import DAMAGED, damaged_line

_log = logging.getLogger(__name__)
_mark = msgspec.msgpack.Decoder(tuple[int, int, int, int, int, int]).decode


class RowGroup(msgspec.Struct, frozen=True):
    """The rows of one transaction."""

    id: int
    lines: list[tuple[str, bytes]]

    def rows(self) -> list[tuple[str, bytes]]:
        """Table and line of each row."""
        return self.lines


class RowFeed:
    """Groups of rows in the order of commits. Keep it to one thread."""

    def __init__(
        self,
        spool: Spool,
        content: ContentReader,
        runtimes: ProjectRuntimes,
        published_entry: Callable[[int, Place], Entry | None],
    ) -> None:
        """``published_entry`` gives an entry that is under a signed checkpoint, None when it is not yet."""
        self._spool = spool
        self._content = content
        self._runtimes = runtimes
        self._published_entry = published_entry

    def read(self, after: int, limit: int = 64) -> list[RowGroup]:
        """Groups with an id above ``after``, in order, at most ``limit``.

        Raises:
            Corrupt: when a group is not what was committed.
        """
        return [RowGroup(group.id, self._expand(group.rows())) for group in self._spool.read(after, limit)]

    def _expand(self, rows: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        if all(table != REVISE for table, _ in rows):
            return rows
        lines: list[tuple[str, bytes]] = []
        for table, line in rows:
            if table != REVISE:
                lines.append((table, line))
                continue
            with contextlib.suppress(Missing):  # erased since: there is nothing to show
                lines.append(self._revised(_mark(line)))
        return lines

    def _revised(self, mark: tuple[int, int, int, int, int, int]) -> tuple[str, bytes]:
        number, shard, index, part_shard, part_index, revision = mark
        first, last = Place(shard, index), Place(part_shard, part_index)
        facts = facts_of(self._entry(number, first), self._runtimes.numbered(number))
        try:
            return SPANS, self._content.row(number, facts, first, last, revision)
        except (Corrupt, Rejected) as error:  # altered, or its merged text can not be screened
            _log.error(
                "the row of %s/%d/%d with its part %d/%d is set aside: %s",
                facts.project, first.shard, first.index, last.shard, last.index, error.message,
            )  # fmt: skip
            return DAMAGED, damaged_line(facts.project, first, revision, facts.retention)

    def _entry(self, project: int, place: Place) -> Entry:
        entry = self._published_entry(project, place)
        if entry is not None:
            return entry
        for group in self._spool.read(0, -1):
            for number, shard, index, data in group.entries():
                if (number, shard, index) == (project, place.shard, place.index):
                    return decode_entry(data)
        raise Missing("the entry of a revised span is neither published nor spooled")
