"""Completeness of a data directory, live or dead: which numbers of which producers are missing.

Read from the newest month file alone, without any key: numbers and locators say nothing of a person.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from onrecord.model.numbering import Numbering
from onrecord.vault.month import MonthReader
from onrecord.vault.producers import Totals


class Incomplete(msgspec.Struct, frozen=True, kw_only=True):
    """A producer with gaps."""

    producer: bytes
    """Its locator."""
    seen_us: int
    """When one of its records came last."""
    numbering: Numbering


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a project's producers."""

    number: int
    project: str
    """Id of the project; empty when no record of it is in the newest month."""
    totals: Totals
    incomplete: tuple[Incomplete, ...]
    """The oldest gap first."""


def totals_of(directory: Path, project: int | None = None) -> Totals:
    """Sums over the producers of a project, or of all. ``directory`` is the vault's."""
    with _newest(directory) as reader:
        return Totals() if reader is None else reader.producers.totals(project)


def read_project(directory: Path, project: int, limit: int) -> Kept:
    """A project's producers; at most ``limit`` of those with gaps."""
    with _newest(directory) as reader:
        if reader is None:
            return Kept(number=project, project="", totals=Totals(), incomplete=())
        return _kept(reader, project, limit)


def read_all(directory: Path, limit: int) -> list[Kept]:
    """Every project that has producers."""
    with _newest(directory) as reader:
        return [] if reader is None else [_kept(reader, number, limit) for number in reader.producers.projects()]


def _kept(reader: MonthReader, project: int, limit: int) -> Kept:
    found = reader.producers.incomplete(project, limit)
    return Kept(
        number=project,
        project=reader.project_ids().get(project, ""),
        totals=reader.producers.totals(project),
        incomplete=tuple(Incomplete(producer=who, seen_us=seen, numbering=one) for who, seen, one in found),
    )


@contextlib.contextmanager
def _newest(directory: Path) -> Iterator[MonthReader | None]:
    paths = sorted(directory.glob("????-??.db"))
    if not paths:
        yield None
        return
    with contextlib.closing(MonthReader(paths[-1])) as reader:
        yield reader
