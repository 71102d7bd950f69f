"""Storage: what every byte of a data directory is for, in numbers and in sentences.

Counting is bounded in time: what is not counted by then is unknown (``None``), never 0 and never waited for. Files
are read at the moment they are, so that sums of a busy installation may be a transaction apart.
"""

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from onrecord.control.caller import Caller
from onrecord.durable import open_database
from onrecord.errors import OnrecordError
from onrecord.limits import STORAGE_SECONDS
from onrecord.query.port import Select

_STEPS: Final = 20_000
"""Steps of SQLite's machine between two looks at the clock: about a millisecond."""
_RESPONSE_BYTES: Final = " + ".join(f"length({one})" for one in ("name", "kept", "span", "trace", "session", "mark"))
_ROWS: Final = {
    "record": ("records", "length(body)", "sealed content of {count} records"),
    "spool": ("spool", "length(entries) + length(rows)", "{count} transactions that ledger or store have yet to take"),
    "dead": ("dead letters", "length(body)", "{count} sealed pieces that could not be kept as records, for seven days"),
    "response": ("responses", _RESPONSE_BYTES, "{count} answers of models of which a part may still come"),
}
"""Tables of a month file: name, bytes of a row, and what they are for."""
_PARTS_SQL: Final = (
    "SELECT table, partition, sum(rows), sum(data_compressed_bytes), sum(data_uncompressed_bytes), sum(marks_bytes), "
    "sum(secondary_indices_compressed_bytes), sum(bytes_on_disk), count() FROM system.parts "
    "WHERE active AND database = currentDatabase() GROUP BY table, partition ORDER BY table, partition"
)


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of bytes and what it is for."""

    name: str
    bytes: int | None
    """``None`` is unknown."""
    words: str
    """A sentence without a full stop."""


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """One file or folder: its size, and what of it is for what. The amounts add up to the size."""

    name: str
    bytes: int | None
    words: str
    amounts: tuple[Amount, ...] = ()


class TableSize(msgspec.Struct, frozen=True, kw_only=True):
    """One table of the store in one retention class and month."""

    table: str
    partition: str
    rows: int
    compressed: int
    uncompressed: int
    marks: int
    indexes: int
    on_disk: int
    parts: int


class StorageReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on disk."""

    total: int | None
    free: int | None
    """Bytes that the file system still has."""
    shelves: tuple[Shelf, ...]
    tables: tuple[TableSize, ...]
    store_fault: str = ""
    """Why the store does not say how it is made up."""


class _Clock:
    """How long there is left to count."""

    def __init__(self, seconds: float) -> None:
        self._until_s = time.monotonic() + seconds

    def is_over(self) -> bool:
        return time.monotonic() > self._until_s


class Storage:
    """What a data directory is made of, for owners. Safe for threads."""

    def __init__(self, data: Path, control: Path, select: Select, seconds: float = STORAGE_SECONDS) -> None:
        self._data = data
        self._control = control
        self._select = select
        self._seconds = seconds

    def report(self, caller: Caller, project: str) -> StorageReport:
        """Every file of the installation.

        Raises:
            Denied: for anybody but an owner of the project.
        """
        owned = caller.require_owner(project)
        clock = _Clock(self._seconds)
        shelves = [
            self._ledger(owned.id, clock),
            *(self._month(path, clock) for path in sorted((self._data / "vault").glob("????-??.db"))),
            _database(self._data / "keys.db", "Keys", _KEYS, clock),
            _database(self._control, "Control", _CONTROL, clock),
            Shelf(name="Journal", bytes=_folder(self._data / "journal", clock), words=_JOURNAL_WORDS),
            Shelf(name="Store", bytes=_folder(self._data / "store", clock), words=_STORE_WORDS),
        ]
        total = _folder(self._data, clock)
        shelves.append(Shelf(name="Other", bytes=_rest(total, [shelf.bytes or 0 for shelf in shelves]), words=_OTHER))
        tables, fault = self._tables()
        return StorageReport(
            total=total, free=_free(self._data), shelves=tuple(shelves), tables=tables, store_fault=fault
        )

    def _ledger(self, project: str, clock: _Clock) -> Shelf:
        """All ledgers; those of other projects together, so that nobody learns their names here."""
        root = self._data / "ledger"
        whole, own = _folder(root, clock), _folder(root / project, clock)
        amounts = (
            Amount(name="this project", bytes=own, words="its entries, tiles of hashes, and signed checkpoints"),
            Amount(name="other projects", bytes=_rest(whole, [own]), words="the same of every other project"),
        )
        return Shelf(name="Ledger", bytes=whole, words=_LEDGER_WORDS, amounts=amounts)

    def _month(self, path: Path, clock: _Clock) -> Shelf:
        whole = _database(path, f"Vault, {path.stem}", _ROWS, clock)
        return msgspec.structs.replace(whole, words=_VAULT_WORDS)

    def _tables(self) -> tuple[tuple[TableSize, ...], str]:
        try:
            rows = self._select(_PARTS_SQL, {})
        except OnrecordError as error:
            return (), error.message
        except Exception as error:  # noqa: BLE001 - a store that is not ours to ask must not break the page
            return (), f"The store does not say ({type(error).__name__})."
        return tuple(_table(*row) for row in rows), ""


_LEDGER_WORDS: Final = "proof that every record was kept: entries, hashes and signed checkpoints, for ever, no content"
_VAULT_WORDS: Final = "what was said, sealed, until its retention ends or the person is erased"
_JOURNAL_WORDS: Final = "calls of the gateway on their way into the vault, sealed; its files are used again and again"
_OTHER: Final = "positions, locks and other small files of the server"
_STORE_WORDS: Final = "pseudonymised rows and their search index; can be made again from ledger and vault at any time"
_KEYS: Final = {
    "partition": (
        "conversations",
        "length(wrapped) + length(locator)",
        "{count} keys, one a conversation and month",
    ),
    "subject": ("people", "length(locator) + length(tag)", "{count} data subjects, by keyed digest"),
    "trace": (
        "traces",
        "length(locator)",
        "{count} ties of traces to keys, so that erasing finds all of a person",
    ),
}
_CONTROL: Final = {
    "documents": ("documents", "length(body)", "{count} sealed prompts, dataset items and other documents"),
}


def _table(*row: object) -> TableSize:
    names = ("table", "partition", "rows", "compressed", "uncompressed", "marks", "indexes", "on_disk", "parts")
    said = dict(zip(names, row, strict=True))
    class_, _, month = str(said["partition"]).strip("()").replace("'", "").partition(",")
    said["partition"] = f"{class_}, {month[:4]}-{month[4:]}" if month else ""
    return msgspec.convert(said, TableSize, strict=False)


def _database(path: Path, name: str, tables: Mapping[str, tuple[str, str, str]], clock: _Clock) -> Shelf:
    """An SQLite file: its rows, its free pages, the rest of its pages, and what its write-ahead log holds twice."""
    words = {"Keys": _KEY_WORDS, "Control": _CONTROL_WORDS}.get(name, "")
    if not path.exists():
        return Shelf(name=name, bytes=None, words=words)
    whole = path.stat().st_size + _beside(path)
    amounts: list[Amount] = []
    try:
        with contextlib.closing(open_database(path, schema="", read_only=True)) as sql:
            sql.set_progress_handler(clock.is_over, _STEPS)
            known = {row[0] for row in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            amounts += [_amount(sql, table, *said) for table, said in tables.items() if table in known]
            page, pages, free = (
                sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
            )
    except sqlite3.Error as error:
        reason = Amount(name="not counted", bytes=None, words=f"the file could not be read ({type(error).__name__})")
        return Shelf(name=name, bytes=whole, words=words, amounts=(reason,))
    amounts.append(Amount(name="free pages", bytes=free * page, words="empty, overwritten, given back when idle"))
    counted = [amount.bytes for amount in amounts]
    rest = _rest(page * pages, counted)
    amounts.append(Amount(name="order", bytes=rest, words="indexes, small tables, and room in pages that are not full"))
    amounts.append(Amount(name="write-ahead log", bytes=max(0, whole - page * pages), words=_LOG_WORDS))
    return Shelf(name=name, bytes=whole, words=words, amounts=tuple(amounts))


_LOG_WORDS: Final = "changes that are durable already and stand here twice until they are folded in"
_KEY_WORDS: Final = "the keys that open the vault, themselves sealed; destroying one is what erasing means"
_CONTROL_WORDS: Final = "projects, users, API keys, logins, prompts and datasets"


def _amount(sql: sqlite3.Connection, table: str, name: str, size: str, words: str) -> Amount:
    """Rows of a table, and the bytes of their values."""
    try:
        count, total_bytes = sql.execute(f"SELECT count(*), coalesce(sum({size}), 0) FROM {table}").fetchone()
    except sqlite3.OperationalError:  # the time is over
        return Amount(name=name, bytes=None, words="not counted within the time that this page may take")
    return Amount(name=name, bytes=total_bytes, words=words.format(count=f"{count:,}"))


def _rest(whole: int | None, parts: Sequence[int | None]) -> int | None:
    """What is left of a whole; unknown when anything of it is."""
    known = [part for part in parts if part is not None]
    return None if whole is None or len(known) < len(parts) else max(0, whole - sum(known))


def _beside(path: Path) -> int:
    found = 0
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(OSError):
            found += path.with_name(path.name + suffix).stat().st_size
    return found


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            yield Path(root, name)


def _folder(folder: Path, clock: _Clock) -> int | None:
    """Bytes of all files below a folder; unknown when counting takes too long or there is none."""
    if not folder.is_dir():
        return None
    total = 0
    for path in _files(folder):
        if clock.is_over():
            return None
        with contextlib.suppress(OSError):  # removed meanwhile
            total += path.stat().st_size
    return total


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
