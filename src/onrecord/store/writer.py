"""Inserts into the store: one block, one token, exactly once.

A block is inserted with a token that the engine remembers: the same block again, after a crash or a timeout, changes
nothing, neither in the table nor in the tables that are fed by it. A row that the engine can not read is found by
halving the block (each half has a token of its own), set aside and counted; the rest of the block goes in. So is what
stands for a row that could not be made.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from onrecord.limits import SET_ASIDE_ROWS
from onrecord.model.time import Clock
from onrecord.store.client import Refused, Store
from onrecord.store.row import DAMAGED

FORM: Final = "JSONEachRow"
TABLES: Final = frozenset({"spans", "scores"})
"""Tables that rows are inserted into; all others are fed by these."""
UNKNOWN_TABLE: Final = 60
_PLACE: Final = (("shard", 2**16 - 1), ("idx", 2**64 - 1), ("revision", 2**32 - 1))
"""Columns of a row's place and the largest value of each."""
_SETTINGS: Final[Mapping[str, Any]] = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_partitions_per_insert_block": 0,
    # One block in, one part out: the engine must not cut the block at a place that depends on its threads.
    "max_threads": 1,
    "max_insert_threads": 1,
    "input_format_parallel_parsing": 0,
    "max_insert_block_size": 1_000_000,
    "max_insert_block_size_bytes": 0,
    "min_insert_block_size_rows": 0,
    "min_insert_block_size_bytes": 0,
}


class Writer:
    """Inserts rows. Used by one thread at a time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.mirror: Store | None = None
        """Where every block goes as well, while a rebuild fills another database."""

    def insert(self, table: str, lines: Sequence[bytes], token: str, *, doubt: bool = False) -> int:
        """Insert ``lines`` and return how many of them were set aside.

        ``token`` names this block for ever: the same lines always come with the same token. With ``doubt`` a row is
        set aside whatever the reason the engine gives, not only when it can not be read: for a block that has been
        refused again and again.

        Raises:
            Unavailable: nothing, part or all of the block is kept; insert it again with the same token.
            Refused: the engine refuses the block for a reason that is not in one of its rows.
        """
        if self.mirror is not None:
            self._insert(self.mirror, table, lines, token, doubt)
        return self._insert(self._store, table, lines, token, doubt)

    def trim(self) -> None:
        """Give the memory that inserts needed back to the system: a third of the engine's, after a busy time."""
        if self._store.directory is not None:
            self._store.command("SYSTEM JEMALLOC PURGE")

    def _insert(self, store: Store, table: str, lines: Sequence[bytes], token: str, doubt: bool) -> int:
        if not lines:
            return 0
        if table not in TABLES:
            self._set_aside(store, table, lines, 0 if table == DAMAGED else UNKNOWN_TABLE, token)
            return len(lines)
        settings = {**_SETTINGS, "insert_deduplication_token": token}
        try:
            store.insert(table, b"\n".join(lines), FORM, settings)
        except Refused as refused:
            if not (doubt or refused.is_row_fault):
                raise
            if len(lines) == 1:
                self._set_aside(store, table, lines, refused.code, token)
                return 1
        else:
            return 0
        middle = len(lines) // 2
        before = self._insert(store, table, lines[:middle], f"{token}.0", doubt)
        return before + self._insert(store, table, lines[middle:], f"{token}.1", doubt)

    def _set_aside(self, store: Store, table: str, lines: Sequence[bytes], code: int, token: str) -> None:
        kept = store.query("SELECT count() FROM set_aside").result_rows[0][0]
        noted_us = self._clock.now_us()
        rows = [_aside(table, line, code, noted_us, kept < SET_ASIDE_ROWS) for line in lines]
        settings = {**_SETTINGS, "insert_deduplication_token": token}
        store.insert("set_aside", b"\n".join(rows), FORM, settings)


def _aside(table: str, line: bytes, code: int, noted_us: int, keep: bool) -> bytes:
    """A refused row as a row of ``set_aside``: its place when that can be read, so that erasure finds it."""
    row: dict[str, Any] = {"table": table, "code": code, "noted_us": noted_us}
    try:
        read = orjson.loads(line)
    except ValueError:
        read = None
    readable = isinstance(read, dict)
    if readable:
        row |= {key: read[key] for key in ("project", "retention", "trace_id") if type(read.get(key)) is str}
        row |= {key: read[key] for key, most in _PLACE if type(read.get(key)) is int and 0 <= read[key] <= most}
    if keep and readable:
        row["line"] = line.decode("utf-8", "replace")
    return orjson.dumps(row)
