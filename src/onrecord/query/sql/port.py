"""What the console needs of the rest of the server. Put together in wiring."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from onrecord.model.access import Access
from onrecord.model.project import Project


class Table(Protocol):
    """What a statement answered."""

    @property
    def names(self) -> Sequence[str]:
        """Names of its columns."""
        ...

    @property
    def types(self) -> Sequence[str]:
        """ClickHouse's types of them."""
        ...

    @property
    def rows(self) -> Sequence[Sequence[Any]]:
        """Its rows."""
        ...


class Session(Protocol):
    """A connection of its own. Implemented by ``store.session.Session``."""

    database: str
    """Where the store's tables stand."""

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None, *, most_bytes: int = ...) -> Table:
        """The rows of a statement; raises ``EngineFault``, also beyond ``most_bytes``, and ``Unavailable``."""
        ...

    def encoded(self, sql: str, form: str) -> bytes:
        """The answer in one of the engine's formats; raises as ``table``."""
        ...


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One statement, as it is recorded."""

    project: Project
    statement: str
    outcome: str
    """``answered``, ``refused`` (not allowed, never run) or ``failed``."""
    rows: int
    took_us: int
    form: str
    """``table``, ``csv`` or ``parquet``."""
    reason: str = ""
    """Why it was not answered."""


OpenSession = Callable[[Mapping[str, Any]], AbstractContextManager[Session]]
"""Opens a connection with settings that nothing can change: ``store.session.session`` over the open store."""
CurrentDatabase = Callable[[], str]
"""The database that holds the store's tables now."""
RecordStatement = Callable[[Access, Asked], None]
"""Appends an ``access`` record, durable when it returns. Any error means that nothing may be shown."""
