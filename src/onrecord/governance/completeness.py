"""Completeness of a data directory as a verdict: how many producers, which gaps, what was declared."""

import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from onrecord.errors import Corrupt, Missing
from onrecord.limits import PAGE_ROWS
from onrecord.vault.completeness import Kept, read_all
from onrecord.vault.producers import Totals

EXIT_INCOMPLETE: Final = 2


class CompletenessReport(msgspec.Struct, frozen=True):
    """What the numbers of producers tell, over all projects."""

    subject: str
    projects: list[Kept]

    @property
    def totals(self) -> Totals:
        """The sums over all projects."""
        every = [kept.totals for kept in self.projects]
        return Totals(
            producers=sum(one.producers for one in every),
            gaps=sum(one.gaps for one in every),
            missing=sum(one.missing for one in every),
            oldest_us=min((one.oldest_us for one in every if one.oldest_us is not None), default=None),
            dropped=sum(one.dropped for one in every),
            sampled=sum(one.sampled for one in every),
            declaring=sum(one.declaring for one in every),
        )

    @property
    def exit_code(self) -> int:
        """0 nothing is missing, 2 there are gaps."""
        return EXIT_INCOMPLETE if self.totals.gaps else 0


def read_completeness(data: Path) -> CompletenessReport:
    """Read a data directory, live or dead. Needs no key.

    Raises:
        Missing: it is not a data directory. Corrupt: its newest month file can not be read.
    """
    if not (data / "vault").is_dir():
        raise Missing("This is not a data directory.", hint="Name the directory that `onrecord serve --data` uses.")
    try:
        return CompletenessReport(str(data), read_all(data / "vault", PAGE_ROWS))
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise Corrupt(f"the newest month file can not be read: {type(error).__name__}") from error
