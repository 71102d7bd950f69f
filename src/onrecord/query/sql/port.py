"""What the console needs of the rest of the server. Put together in wiring."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from onrecord.model.access import Access
from onrecord.model.project import Project


class Session(Protocol):
    """A connection of its own. Implemented by ``store.session.Session``."""

    database: str
    """Where the store's tables stand."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Sequence[Any]]:
        """The rows of a statement of ours whose answer is small; raises ``EngineFault`` and ``Unavailable``."""
        ...

    def lines(self, sql: str, most_bytes: int) -> Iterator[bytes]:
        """Each row as a JSON array; raises as ``rows``, also beyond ``most_bytes``."""
        ...

    def encoded(self, sql: str, form: str) -> bytes:
        """The answer in one of the engine's formats; raises as ``rows``."""
        ...


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One statement, as it is recorded."""

    project: Project
    statement: str
    outcome: str
    """``answered``, ``refused`` (not allowed, never run), ``failed``, or ``turned away`` (never read)."""
    rows: int
    took_us: int
    form: str
    """``table``, ``csv`` or ``parquet``."""
    reason: str = ""
    """Why it was not answered."""
    attempts: int = 1
    """More than one: so many were turned away for the same reason, and this is the last of them."""


OpenSession = Callable[[Mapping[str, Any]], AbstractContextManager[Session]]
"""Opens a connection with settings that nothing can change: ``store.session.session`` over the open store."""
CurrentDatabase = Callable[[], str]
"""The database that holds the store's tables now."""
RecordStatement = Callable[[Access, Asked], None]
"""Appends an ``access`` record, durable when it returns. Any error means that nothing may be shown."""
