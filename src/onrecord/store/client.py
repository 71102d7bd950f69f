"""The connection to the store: chDB inside this process (``chdb:///directory``) or ClickHouse (``clickhouse://...``).

One dialect and one code path, through clickhouse-connect. A client serves one call at a time, so a ``Store`` keeps
small pools of them and may be used from any thread. chDB allows one process per directory, one directory per process.

What goes wrong is one of two errors without a byte of what was asked or stored: ``Refused``, when the engine says that
these very rows or this very question can not be taken, and ``Unavailable``, when trying again may help.
"""

import os
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from clickhouse_connect.driver import create_client
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.query import QueryResult

from onrecord.durable import make_directory
from onrecord.errors import Rejected, Unavailable
from onrecord.limits import QUERY_BYTES, QUERY_ROWS, QUERY_SECONDS, STORE_READERS, STORE_WAIT_S, STORE_WRITERS

ENGINE_OPTIONS: Final[Mapping[str, str]] = {
    # Caches are sized for one server with other work to do; the defaults take gigabytes before they give any back.
    "mark_cache_size": "33554432",
    "index_mark_cache_size": "33554432",
    "primary_index_cache_size": "33554432",
    "text_index_tokens_cache_size": "16777216",
    "text_index_header_cache_size": "16777216",
    "text_index_postings_cache_size": "33554432",
    "query_condition_cache_size": "8388608",
    "compiled_expression_cache_size": "8388608",
    # Threads that nobody uses go away; merges leave the processor to those who wait for an answer.
    "max_thread_pool_free_size": "2",
    "background_schedule_pool_initial_size": "2",
    "os_threads_nice_value_merge_mutate": "10",
    # Nobody reads the engine's own metrics.
    "asynchronous_metrics_update_period_s": "3600",
    "asynchronous_heavy_metrics_update_period_s": "86400",
}
"""What the in-process engine is started with."""

READER_SETTINGS: Final[Mapping[str, Any]] = {
    "max_threads": 2,
    "max_execution_time": QUERY_SECONDS,
    "max_memory_usage": QUERY_BYTES,
    "max_result_rows": QUERY_ROWS,
    "result_overflow_mode": "throw",
    # All revisions of a span have its first time of receipt, hence its partition.
    "do_not_merge_across_partitions_select_final": 1,
    # Last, because nothing can be set after it but per query.
    "readonly": 2,
}
"""Limits of every query; a query may ask for narrower ones."""

_ROW_FAULTS: Final = frozenset((6, 25, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 130, 131, 306, 321, 349, 407, 552, 691))
"""Error codes with which the engine refuses a value: it can not be read as its column's type."""
_TOO_MUCH: Final = frozenset((158, 159, 160, 241, 307, 396))
"""Error codes with which the engine gives up a question that takes too long or too much memory."""
_SICK: Final = frozenset((0, 74, 75, 76, 81, 209, 210, 243, 252, 394, 439, 999))
"""Error codes of an engine that can not work now: disk, network, too many parts, no threads, being stopped."""
_NO_CODE: Final = 0


class Refused(Rejected):
    """The engine does not take this: the rows are at fault, or the statement is. ``code`` is ClickHouse's."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, hint="The code is ClickHouse's; docs/format/rows.md says what a row holds.")
        self.code = code

    @property
    def is_row_fault(self) -> bool:
        """Whether a value can not be read as its column's type, so that trying again changes nothing."""
        return self.code in _ROW_FAULTS


class Store:
    """An open store, and the database in it that holds the tables. All methods may be called from any thread.

    A rebuild fills a further database and then moves on to it (``use``); ``within`` looks into another one meanwhile.
    """

    def __init__(self, url: str, *, connections: "Connections | None" = None, database: str = "") -> None:
        """Open the store at ``url``. Its tables are looked for when ``migrate.open_store`` says where.

        Raises:
            Rejected: the URL names no store that we know.
            Unavailable: the engine does not start, the directory is in use, or the server does not answer.
        """
        self.url = url
        self.connections = connections or Connections(url)
        self.database = database or self.connections.database
        self.made = False
        """Whether its tables were made just now: whatever is kept elsewhere is not in it (see ``rebuild``)."""

    @property
    def directory(self) -> Path | None:
        """Where the in-process engine keeps its files; None for a server."""
        return self.connections.directory

    def within(self, database: str) -> "Store":
        """The same connections, another database."""
        return Store(self.url, connections=self.connections, database=database)

    def use(self, database: str) -> None:
        """Ask everything that follows of another database. What is running ends where it began."""
        self.database = database

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> QueryResult:
        """The answer of a SELECT, read-only and bounded. Values are bound by name: ``{name:Type}``.

        Raises:
            Refused: the statement is at fault. Unavailable: it took too much, or the engine does not answer.
        """
        with self.connections.readers.take(self.database, "query") as client:
            return client.query(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that answers nothing.

        Raises:
            Refused: the statement is at fault. Unavailable: try again.
        """
        with self.connections.writers.take(self.database, "statement") as client:
            client.command(sql, parameters=dict(parameters or {}))

    def insert(self, table: str, block: bytes, form: str, settings: Mapping[str, Any]) -> None:
        """Insert an encoded block; it is on disk, synced, when this returns.

        Raises:
            Refused: a row of it is at fault, and nothing of it was kept. Unavailable: it may or may not be kept;
            insert it again with the same token.
        """
        with self.connections.writers.take(self.database, "insert") as client:
            if self.directory is not None and hasattr(os, "memfd_create"):
                _insert_from_memory(client, table, block, form, settings)
            else:
                client.raw_insert(table, insert_block=block, fmt=form, settings=dict(settings))

    def close(self) -> None:
        """Close every connection, of every view of this store. What is running is waited for."""
        self.connections.close()


class Connections:
    """Two pools: one that can only read, one for everything else. chDB ends with the last of their clients.

    The engine keeps ``readonly`` for as long as a connection lives, also when only one statement asked for it, so a
    reader is a connection of its own that never does anything else.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options: dict[str, Any] = {}
        self.directory: Path | None = None
        self.database = parts.path.strip("/") or "default"
        if parts.scheme == "chdb":
            self.database = "default"
            self.directory = Path(parts.path)
            make_directory(self.directory)
            options = {"chdb_options": dict(ENGINE_OPTIONS)}
        elif parts.scheme not in {"clickhouse", "clickhouses"}:
            raise Rejected("a store is chdb:///directory or clickhouse://host/database")
        self.upkeep = threading.Lock()
        """Held by whoever rewrites the store: an erasure and a rebuild take turns."""
        self._url = url
        self._options = options
        self.writers = _Pool(url, options, STORE_WRITERS)
        self.readers = _Pool(url, {**options, "settings": dict(READER_SETTINGS)}, STORE_READERS)

    def alone(self, settings: Mapping[str, Any]) -> Client:
        """A client that belongs to no pool, with settings of its own; whoever asked for it closes it."""
        return _connect(self._url, {**self._options, "settings": dict(settings)})

    def close(self) -> None:
        """Close all clients; what is running is waited for.

        Raises:
            Unavailable: something is still running. It goes on; an insert that does is whole or not there.
        """
        self.readers.close()
        self.writers.close()


class _Pool:
    """Clients of one kind, made when they are needed."""

    def __init__(self, url: str, options: Mapping[str, Any], bound: int) -> None:
        self._url = url
        self._options = options
        self._bound = bound
        self._idle: queue.LifoQueue[Client] = queue.LifoQueue()
        self._open = 0
        self._lock = threading.Lock()
        self._closed = False
        with self._lock:
            self._idle.put(self._connect())

    @contextmanager
    def take(self, database: str, what: str) -> Iterator[Client]:
        """A client that speaks to ``database``, for one call. ``what`` is the word for it in errors.

        Raises:
            Unavailable: all are busy for too long, the engine is closed, or the call failed on the way.
            Refused: the engine refused the call.
        """
        client = self._next()
        try:
            client.database = database
            yield client
        except ClickHouseError as error:
            raise _translated(error, what) from None
        except (OSError, RuntimeError) as error:
            raise Unavailable(f"the store failed during the {what} ({type(error).__name__})") from None
        finally:
            self._idle.put(client)

    def close(self) -> None:
        """Close every client, waiting for busy ones at most STORE_WAIT_S each."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for _ in range(self._open):
            try:
                self._idle.get(timeout=STORE_WAIT_S).close()
            except queue.Empty:
                raise Unavailable("the store is still busy and could not be closed") from None

    def _connect(self) -> Client:
        client = _connect(self._url, self._options)
        self._open += 1
        return client

    def _next(self) -> Client:
        if self._closed:
            raise Unavailable("the store is closed")
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        with self._lock:
            if self._open < self._bound:
                return self._connect()
        try:
            return self._idle.get(timeout=STORE_WAIT_S)
        except queue.Empty:
            raise Unavailable("all connections to the store are busy", hint="Try again in a few seconds.") from None


def _connect(url: str, options: Mapping[str, Any]) -> Client:
    try:
        return create_client(dsn=url, **options)
    except Exception as error:  # noqa: BLE001 - the engine raises many kinds, all of them mean the same
        raise Unavailable(
            f"the store could not be opened ({type(error).__name__})",
            hint="Is another process using this directory, or is the server down?",
        ) from None


def _insert_from_memory(client: Client, table: str, block: bytes, form: str, settings: Mapping[str, Any]) -> None:
    """As ``raw_insert`` does for the in-process engine, without its temporary file: a crash would leave that behind."""
    descriptor = os.memfd_create("block", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(block)
        clause = ", ".join(f"{name} = '{value}'" for name, value in settings.items())
        client.command(f"INSERT INTO {table} FROM INFILE '/proc/self/fd/{descriptor}' SETTINGS {clause} FORMAT {form}")
    finally:
        os.close(descriptor)


def _translated(error: ClickHouseError, what: str) -> Refused | Unavailable:
    code = int(getattr(error, "code", None) or _NO_CODE)
    if code in _TOO_MUCH:
        return Unavailable(
            f"the {what} took more than its share of time or memory (code {code})", hint="Narrow the time range."
        )
    if code in _SICK:
        return Unavailable(f"the store failed during the {what} (code {code})")
    return Refused(f"the store refused the {what} (code {code})", code)
