"""What queries need of the rest of the server. Implemented below (store, ingest, ledger) and put together in wiring."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from onrecord.ledger.reader import LedgerReader
from onrecord.model.access import Access
from onrecord.model.media import Media
from onrecord.model.project import Project
from onrecord.model.record import Place
from onrecord.model.span import Span
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.screen import Screen


class Content(Protocol):
    """The vault, for reading. Implemented by ``ingest.content.ContentReader``."""

    def read(self, project: int, place: Place) -> Span:
        """The exact span whose first record stands there, parts merged.

        Raises:
            Missing: it was erased or has expired. Corrupt: it is altered.
        """
        ...

    def masked(self, project: int, place: Place) -> Span:
        """The same span with every text pseudonymised; raises as ``read``."""
        ...

    def media_place(self, project: int, trace_id: str, media_id: str) -> Place:
        """Where a medium of a trace stands; raises ``Missing`` when it is not kept."""
        ...

    def media(self, project: int, place: Place) -> Media:
        """The medium that stands there; raises as ``read``."""
        ...


class Lens(Protocol):
    """How a project's raw ids and texts look in the store. Implemented by ``ingest.project.ProjectRuntime``."""

    @property
    def pseudonyms(self) -> Pseudonyms:
        """Pseudonyms of ids."""
        ...

    @property
    def screen(self) -> Screen:
        """Pseudonyms of what stands in texts."""
        ...


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of exact content, as it is recorded."""

    project: Project
    kind: str
    """What was asked: ``span``, ``trace``, ``export``, ``media``."""
    places: tuple[Place, ...]
    """The records that were shown."""


Select = Callable[[str, Mapping[str, Any]], Sequence[Sequence[Any]]]
"""Rows of one SELECT with values bound by name, read-only and bounded: ``store.read.select`` over an open store."""
RecordAccess = Callable[[Access, Read], None]
"""Appends an ``access`` record, durable when it returns. Any error means that nothing may be shown."""
FindProject = Callable[[str], Project | None]
"""The project with an id."""
FindLens = Callable[[int], Lens]
"""The lens of the project with a number."""
FindLedgers = Callable[[Project], Sequence[tuple[int, LedgerReader]]]
"""Shard and reader of each ledger of a project, oldest first."""
