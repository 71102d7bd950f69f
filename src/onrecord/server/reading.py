"""What queries stand on, put together: the store, the vault, the ledgers' files, and the duty to record exact reads."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from onrecord.control.keyring import Keyring
from onrecord.ingest.pipeline import Pipeline
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.model.access import Access
from onrecord.model.project import ContentMode, Project
from onrecord.model.time import Clock
from onrecord.query.engine import Engine
from onrecord.query.port import Read
from onrecord.server.projection import Projection
from onrecord.server.recording import Recording
from onrecord.vault.completeness import read_project

_RECORDED_SECONDS: Final = 30


def engine(recording: Recording, projection: Projection, keyring: Keyring, clock: Clock) -> Engine:
    """All queries over one installation."""
    return Engine(
        store=projection.select,
        projects=lambda id_: next((project for project in keyring.every_project() if project.id == id_), None),
        # Questions are not kept: blanked as mode metadata blanks content, one would find everything.
        lenses=lambda number: recording.runtimes.under(number, ContentMode.FULL),
        ledgers=lambda project: ledgers_of(recording.data / "ledger", project),
        producers=lambda project, limit: read_project(recording.data / "vault", project.number, limit),
        vault=recording.content,
        record_access=recorder(recording.pipeline),
        clock=clock,
    )


def ledgers_of(root: Path, project: Project) -> Sequence[tuple[int, LedgerReader]]:
    """Shard and reader of each ledger of a project that has published something, oldest first."""
    found = sorted((int(path.parent.name), path.parent) for path in (root / project.id).glob("*/*/checkpoint"))
    return [(shard, LedgerReader(read_directory(directory))) for shard, directory in found]


def recorder(pipeline: Pipeline) -> Callable[[Access, Read], None]:
    """What puts a read of exact content on the record."""

    def record(access: Access, read: Read) -> None:
        """One ``access`` record, durable when this returns."""
        value = {
            "actor": access.actor,
            "purpose": access.purpose,
            "asked": read.kind,
            "places": [(place.shard, place.index) for place in read.places],
        }
        done = pipeline.append(read.project, "access", value, about=f"access {access.actor}", records=len(read.places))
        done.result(_RECORDED_SECONDS)

    return record
