"""Rebuilding the store from ledger and vault, while it goes on answering.

A fresh database is filled beside the one that counts; then the store moves on to it in one durable step, and the old
one is dropped. From before the first row is read until that step every block of the projector goes into both, so that
nothing which arrives meanwhile is missing; a row that comes both ways is one row, because its place is its identity.
An erasure waits until the rebuild is done and then finds its rows in the new database. A rebuild that dies leaves a
database that nobody counts; the next start drops it.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Final

import msgspec

from onrecord.limits import BLOCK_BYTES, BLOCK_ROWS
from onrecord.model.time import Clock
from onrecord.store.client import Store
from onrecord.store.migrate import current, drop_others, make_database, note
from onrecord.store.writer import Writer

_GRACE_S: Final = 0.5
"""Between moving on and dropping the old database: a query that has chosen its database gets to begin."""


class Rebuilt(msgspec.Struct, frozen=True):
    """What a rebuild did."""

    rows: int
    set_aside: int
    seconds: float


def rebuild(
    store: Store,
    writer: Writer,
    clock: Clock,
    read: Callable[[], Iterable[tuple[str, bytes]]],
    pause: Callable[[], AbstractContextManager[object]],
) -> Rebuilt:
    """Fill a new database with ``read()``, the (table, stamped line) of all that is kept; move to it.

    ``writer`` is the projector's; ``pause()`` holds the projector between two blocks (``Projector.paused``). ``read``
    is called when every later block is already written twice.

    Raises:
        Unavailable: the store failed; it goes on with the database it had.
        Corrupt: what is kept can not be read; likewise.
    """
    began = time.monotonic()
    base = store.within(store.connections.database)
    with store.connections.upkeep:
        number = current(base) + 1
        fresh = store.within(make_database(base, number))
        with pause():
            writer.mirror = fresh
        try:
            rows, refused = _fill(Writer(fresh, clock), read(), number)
            with pause():
                note(base, number)
                store.use(fresh.database)
                writer.mirror = None
        finally:
            writer.mirror = None
        time.sleep(_GRACE_S)
        drop_others(base, number)
    return Rebuilt(rows, refused, time.monotonic() - began)


def _fill(writer: Writer, lines: Iterable[tuple[str, bytes]], number: int) -> tuple[int, int]:
    rows = refused = blocks = 0
    waiting: dict[str, list[bytes]] = {}
    sizes: dict[str, int] = {}
    for table, line in lines:
        block = waiting.setdefault(table, [])
        block.append(line)
        rows += 1
        sizes[table] = sizes.get(table, 0) + len(line)
        if len(block) >= BLOCK_ROWS or sizes[table] >= BLOCK_BYTES:
            refused += writer.insert(table, block, f"rebuild-{number}-{blocks}")
            blocks += 1
            waiting[table], sizes[table] = [], 0
    for table, block in sorted(waiting.items()):
        refused += writer.insert(table, block, f"rebuild-{number}-{blocks}-{table}")
    return rows, refused
