"""Erasing rows so that no byte of them is left in any file of the store.

The engine deletes by writing each touched part anew without the rows and dropping the old part a moment later; this
module waits for that moment. Everything that one erasure names goes in one pass, because a pass costs as much as the
parts that it touches, not as much as the rows.

Order, so that a crash anywhere is mended by running the same erasure again:

1. the places go into ``erasing``;
2. ``trace_names`` of the traces they belong to is made anew from the spans that stay;
3. the rows go from ``spans``, ``scores`` and ``set_aside``;
4. ``erasing`` is emptied, and the old parts are waited for.
"""

import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

import orjson

from onrecord.errors import Unavailable
from onrecord.limits import ERASE_SECONDS
from onrecord.model.record import Place
from onrecord.store.client import Store

_HERE: Final = "(project, shard, idx) IN (SELECT project, shard, idx FROM erasing)"
_TRACES: Final = f"SELECT DISTINCT project, trace_id FROM spans WHERE {_HERE}"  # noqa: S608 - constants
_POLL_S: Final = 0.1
_CHUNK: Final = 100_000
_NO_PARTITION: Final = {
    "trace_names": "('', 0)",
    "spans": "('', 0)",
    "scores": "('', 0)",
    "set_aside": "'no such project'",
    "erasing": "'no such project'",
}
"""A partition that can not exist, of each table that holds what a person said or did."""


def erase(
    store: Store, project: str, places: Iterable[Place], *, crash_point: Callable[[str], None] = lambda _: None
) -> None:
    """Remove the rows of these records and return when no byte of them is left in the store's files.

    The caller makes sure that none of them is still on its way through the spool. Running it again is harmless.

    Raises:
        Unavailable: the engine did not finish in ``ERASE_SECONDS``; run it again to finish.
    """
    with store.connections.upkeep:
        store.command("TRUNCATE TABLE erasing SYNC")
        _note(store, project, places)
        crash_point("store.erase-noted")
        _renew_trace_names(store)
        crash_point("store.erase-names-renewed")
        for table in ("spans", "scores", "set_aside"):
            _delete(store, table, _HERE)
        crash_point("store.erase-rows-deleted")
        store.command("TRUNCATE TABLE erasing SYNC")
        wait_until_gone(store)


def expire(store: Store, retention: str, month: int) -> None:
    """Drop everything of a retention class that was received in ``month`` (202611), and wait until it is gone.

    Raises:
        Unavailable: the engine did not finish in time; run it again.
    """
    with store.connections.upkeep:
        for table in ("spans", "scores", "trace_names"):
            store.command(f"ALTER TABLE {table} DROP PARTITION ({_quoted(retention)}, {month:d})")
        wait_until_gone(store)


def wait_until_gone(store: Store, timeout_s: float = ERASE_SECONDS) -> None:
    """Return when no part of the store that was replaced is left on disk.

    Left alone the engine looks for old parts every half minute or so when it is idle. Dropping a partition makes it
    look at once, so one that can not exist is dropped until nothing is left.

    Raises:
        Unavailable: some still are after ``timeout_s``, for example because a long query reads them.
    """
    end = time.monotonic() + timeout_s
    while tables := _with_old_parts(store):
        if time.monotonic() > end:
            raise Unavailable("old parts of the store are still on disk", hint="Run it again when long queries ended.")
        for table in tables:
            store.command(f"ALTER TABLE {table} DROP PARTITION {_NO_PARTITION[table]}")
        time.sleep(_POLL_S)


def _with_old_parts(store: Store) -> list[str]:
    sql = "SELECT DISTINCT table FROM system.parts WHERE database = {database:String} AND NOT active"
    tables = {table for (table,) in store.query(sql, {"database": store.database}).result_rows}
    return sorted(tables & _NO_PARTITION.keys())


def _quoted(text: str) -> str:
    """A string literal, for the few statements that take no bound values."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _note(store: Store, project: str, places: Iterable[Place]) -> None:
    rest = iter(places)
    while chunk := list(islice(rest, _CHUNK)):
        lines = [orjson.dumps({"project": project, "shard": place.shard, "idx": place.index}) for place in chunk]
        store.insert("erasing", b"\n".join(lines), "JSONEachRow", {"async_insert": 0})


def _renew_trace_names(store: Store) -> None:
    """Take the erased records' share out of ``trace_names``; a name that another span of a trace bears out stays."""
    _delete(store, "trace_names", f"(project, trace_id) IN ({_TRACES})")
    store.command(f"""
        INSERT INTO trace_names
        SELECT project, pair.1 AS field, pair.2 AS value, trace_id, max(received_us) AS received_us, retention,
            toYYYYMM(fromUnixTimestamp64Micro(kept.received_us, 'UTC')) AS month
        FROM (SELECT * FROM spans FINAL WHERE (project, trace_id) IN ({_TRACES}) AND NOT ({_HERE})) AS kept
        ARRAY JOIN [('user', user), ('session', session), ('tenant', tenant)] AS pair
        WHERE pair.2 != ''
        GROUP BY project, field, value, trace_id, retention, month
    """)  # noqa: S608 - constants only


def _delete(store: Store, table: str, where: str) -> None:
    if store.query(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1").result_rows:  # noqa: S608 - constants only
        store.command(f"ALTER TABLE {table} DELETE WHERE {where} SETTINGS mutations_sync = 2")
