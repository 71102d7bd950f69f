"""A connection of its own for one statement of a person, with settings that nothing can change any more.

The pools of ``client`` are for statements of ours: they let a statement narrow its limits. Here ``readonly`` is 1 from
the first moment, so that not even a statement that got past every check could widen one. The connection stands in a
database that is empty, so that a name without a database can never be a table.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, Final, cast

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from onrecord.errors import Unavailable
from onrecord.store.client import Store
from onrecord.store.faults import EngineFault
from onrecord.store.migrate import empty_database

TOO_LARGE: Final = 396
"""ClickHouse's code of a result that is larger than it may be; the in-process engine does not look itself."""
_ROWS: Final = "JSONCompactEachRow"
"""One line a row, and nothing before the first: the engine can give it away block by block."""
_PIECE: Final = 4 * 1024 * 1024


class Session:
    """An open connection. For one thread."""

    def __init__(self, client: Client, database: str) -> None:
        self._client = client
        self.database = database
        """Where the store's tables stand."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Sequence[Any]]:
        """The rows of a statement of ours whose answer is small.

        Raises:
            EngineFault: it failed. Unavailable: no answer.
        """
        with _translated():
            return self._client.query(sql, parameters=dict(parameters or {})).result_rows

    def lines(self, sql: str, most_bytes: int) -> Iterator[bytes]:
        """Each row as a JSON array, as the engine writes it; no value becomes an object of ours on the way.

        Raises:
            EngineFault: it failed, or its rows are larger than ``most_bytes``. Unavailable: no answer.
        """
        with _translated(), closing(cast("BinaryIO", self._client.raw_stream(sql, fmt=_ROWS))) as stream:
            yield from _split(stream, most_bytes)

    def encoded(self, sql: str, form: str) -> bytes:
        """The answer in one of the engine's formats; raises as ``rows``."""
        with _translated():
            return bytes(self._client.raw_query(sql, fmt=form))


@contextmanager
def session(store: Store, settings: Mapping[str, Any]) -> Iterator[Session]:
    """Open one; ``settings`` hold until it is closed.

    Raises:
        Unavailable: the engine does not answer.
    """
    client = store.connections.alone({**settings, "readonly": 1})
    client.database = empty_database(store.within(store.connections.database))
    try:
        yield Session(client, store.database)
    finally:
        client.close()


def _split(stream: BinaryIO, most_bytes: int) -> Iterator[bytes]:
    """The lines of a stream; a line feed inside a value is escaped."""
    taken, rest = 0, bytearray()
    while piece := stream.read(_PIECE):
        taken += len(piece)
        if taken > most_bytes:
            raise EngineFault(TOO_LARGE, "the result is too large")
        rest += piece
        *whole, last = rest.split(b"\n")
        rest = last
        yield from map(bytes, whole)
    if rest:
        yield bytes(rest)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClickHouseError as error:
        raise EngineFault(int(getattr(error, "code", None) or 0), str(error)) from None
    except (OSError, RuntimeError) as error:
        raise Unavailable(f"the store failed during a statement ({type(error).__name__})") from None
