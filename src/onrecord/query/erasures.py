"""The erasures of a project, as its ledgers tell them: when, how many records, and whether it is done.

Who was erased and why is nowhere here: the ledger never knew, and the reason lies sealed with the erasure's record.
"""

from collections.abc import Callable, Sequence

import msgspec

from onrecord.errors import Corrupt, Missing
from onrecord.ledger.entry import Entry, UnknownVersion, decode_entry
from onrecord.ledger.reader import LedgerReader
from onrecord.model.access import Access
from onrecord.model.project import Project
from onrecord.model.record import Place
from onrecord.query.port import FindLedgers, FindProject

NEWEST = 100
"""Entries about erasures that are read; each has one that announces it (per year of records) and one that ends it."""


class ErasureRow(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure."""

    shard: int
    index: int
    """Where the entry stands that announced it."""
    received_us: int
    records: int
    """Of that year's ledger."""
    done_shard: int | None = None
    done_index: int | None = None
    """Where the entry stands that says it is done; ``None`` while it is not."""


class Erasures:
    """The erasures of every project. Methods may be called from any thread."""

    def __init__(
        self, places: Callable[[Project], Sequence[Place]], projects: FindProject, ledgers: FindLedgers
    ) -> None:
        """``places`` finds where the records about erasures stand, oldest first, without reading a ledger through."""
        self._places = places
        self._projects = projects
        self._ledgers = ledgers

    def listed(self, access: Access, project: str) -> tuple[ErasureRow, ...]:
        """The newest erasures, newest first.

        Raises:
            Missing: the project is not there for this reader. Corrupt: an entry can not be read.
        """
        found = self._projects(project) if project in access.projects else None
        if found is None:
            raise Missing("There is no such project.", hint="The list of projects shows those that you may see.")
        readers = dict(self._ledgers(found))
        rows: list[ErasureRow] = []
        done: dict[str, Place] = {}
        for place in reversed(self._places(found)[-NEWEST:]):
            entry = _entry(readers.get(place.shard), place)
            if entry is not None and entry.kind == "erasure.done":
                done[entry.tag] = place
            elif entry is not None and entry.kind == "erasure":
                rows.append(_row(place, entry, done.get(entry.tag)))
        return tuple(rows)


def _entry(reader: LedgerReader | None, place: Place) -> Entry | None:
    """The entry of a place; nothing while no checkpoint covers it."""
    try:
        if reader is None or place.index >= (size := reader.checkpoint().size):
            return None
        return decode_entry(reader.entry(place.index, size))
    except UnknownVersion:
        return None
    except (Missing, ValueError):
        raise Corrupt("An entry about an erasure can not be read.", hint="Run onrecord verify.") from None


def _row(place: Place, entry: Entry, done: Place | None) -> ErasureRow:
    return ErasureRow(
        shard=place.shard,
        index=place.index,
        received_us=entry.received_us,
        records=entry.records or 0,
        done_shard=done.shard if done else None,
        done_index=done.index if done else None,
    )
