"""A connection of its own for one statement of a person, with settings that nothing can change any more.

The pools of ``client`` are for statements of ours: they let a statement narrow its limits. Here ``readonly`` is 1 from
the first moment, so that not even a statement that got past every check could widen one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from onrecord.errors import Unavailable
from onrecord.store.client import Store
from onrecord.store.faults import EngineFault

TOO_LARGE: Final = 396
"""ClickHouse's code of a result that is larger than it may be; the in-process engine does not look itself."""
_SMALL: Final = 4 * 1024 * 1024
_VALUE: Final = 8


class Table(msgspec.Struct, frozen=True):
    """What a statement answered."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


class Session:
    """An open connection. For one thread."""

    def __init__(self, client: Client, database: str) -> None:
        self._client = client
        self.database = database
        """Where the store's tables stand."""

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None, *, most_bytes: int = _SMALL) -> Table:
        """The rows of a statement, taken from the engine block by block.

        Raises:
            EngineFault: it failed, or its values are larger than ``most_bytes``. Unavailable: no answer.
        """
        with _translated(), self._client.query_row_block_stream(sql, parameters=dict(parameters or {})) as stream:
            rows: list[Sequence[Any]] = []
            size = 0
            for block in stream:
                rows += block
                size += sum(_size(value) for row in block for value in row)
                if size > most_bytes:
                    raise EngineFault(TOO_LARGE, "the result is too large")
            source = stream.source
            types = tuple(str(one.name) for one in source.column_types)
            return Table(tuple(source.column_names), types, rows)

    def encoded(self, sql: str, form: str) -> bytes:
        """The answer in one of the engine's formats; raises as ``table``."""
        with _translated():
            return bytes(self._client.raw_query(sql, fmt=form))


@contextmanager
def session(store: Store, settings: Mapping[str, Any]) -> Iterator[Session]:
    """Open one; ``settings`` hold until it is closed.

    Raises:
        Unavailable: the engine does not answer.
    """
    client = store.connections.alone({**settings, "readonly": 1})
    try:
        yield Session(client, store.database)
    finally:
        client.close()


def _size(value: Any) -> int:
    """About the bytes of a value."""
    if isinstance(value, (str, bytes)):
        return _VALUE + len(value)
    if isinstance(value, (list, tuple)):
        return _VALUE + sum(map(_size, value))
    if isinstance(value, dict):
        return _VALUE + sum(_size(key) + _size(inner) for key, inner in value.items())
    return _VALUE


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClickHouseError as error:
        raise EngineFault(int(getattr(error, "code", None) or 0), str(error)) from None
    except (OSError, RuntimeError) as error:
        raise Unavailable(f"the store failed during a statement ({type(error).__name__})") from None
