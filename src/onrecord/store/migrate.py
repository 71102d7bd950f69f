"""Opening a store: which database holds the tables, and the numbered migrations ``schema/NNN_name.sql``.

The tables stand in a database of their own, ``onrecord_1``; a rebuild fills ``onrecord_2`` and then moves on to it. The
table ``onrecord_databases`` in the database that the URL names says which one counts: the last that was noted.

The numbers that were applied stand in the table ``schema_version``. A statement is written so that running it again is
harmless (``IF NOT EXISTS``): a crash between two statements is mended by the next start. A store that was made by a
newer version is refused, never downgraded; as the store is a projection, ``onrecord rebuild`` is always a way out.
"""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import msgspec

from onrecord.errors import Rejected
from onrecord.store.client import Store

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS schema_version (number UInt32, name String)
ENGINE = ReplacingMergeTree ORDER BY number SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""
_POINTER: Final = """
CREATE TABLE IF NOT EXISTS onrecord_databases (number UInt32)
ENGINE = MergeTree ORDER BY number SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""


class Migration(msgspec.Struct, frozen=True):
    """One file of ``schema/``."""

    number: int
    name: str
    statements: tuple[str, ...]


def open_store(url: str) -> Store:
    """Open the store at ``url``, make what is missing and bring its schema up to date.

    Raises:
        Rejected: no such kind of store, or it was made by a newer version.
        Unavailable: the engine does not start, the directory is in use, or the server does not answer.
    """
    store = Store(url)
    try:
        base = store.within(store.connections.database)
        base.command(_POINTER)
        base.command(f"CREATE DATABASE IF NOT EXISTS `{empty_database(base)}`")
        number = current(base)
        drop_others(base, number)
        if number:
            store.use(name_of(base, number))
            migrate(store)
        else:
            store.use(make_database(base, 1))
            note(base, 1)
            store.made = True
    except BaseException:
        store.close()
        raise
    return store


def current(base: Store) -> int:
    """Number of the database that counts; 0 when there is none yet."""
    return int(base.query("SELECT max(number) FROM onrecord_databases").result_rows[0][0])


def note(base: Store, number: int) -> None:
    """Make it durable that database ``number`` counts from now on."""
    base.command("INSERT INTO onrecord_databases VALUES ({number:UInt32})", {"number": number})


def name_of(base: Store, number: int) -> str:
    """Name of a database of tables."""
    return f"{_prefix(base)}_{number}"


def empty_database(base: Store) -> str:
    """Name of a database without tables, for a connection in which a bare name must never be one."""
    return f"{_prefix(base)}_empty"


def _prefix(base: Store) -> str:
    return "onrecord" if base.database == "default" else base.database


def make_database(base: Store, number: int) -> str:
    """Make database ``number`` anew, with every table and nothing in them, and return its name."""
    name = name_of(base, number)
    base.command(f"DROP DATABASE IF EXISTS `{name}` SYNC")
    base.command(f"CREATE DATABASE `{name}`")
    migrate(base.within(name))
    return name


def drop_others(base: Store, number: int) -> None:
    """Drop every database of tables but ``number``, and its files: what an unfinished rebuild left behind."""
    prefix = name_of(base, 0).removesuffix("0")
    sql = "SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})"
    for (name,) in base.query(sql, {"prefix": prefix}).result_rows:
        if name.removeprefix(prefix).isdecimal() and name != name_of(base, number):
            base.command(f"DROP DATABASE `{name}` SYNC")


def migrations() -> tuple[Migration, ...]:
    """Every migration of this version, in order."""
    return tuple(sorted(_read(), key=lambda migration: migration.number))


def migrate(store: Store) -> list[int]:
    """Bring the schema up to date and return the numbers that were applied now.

    Raises:
        Rejected: the store was made by a newer version.
        Unavailable: the engine does not answer; nothing that was applied is undone.
    """
    store.command(_TABLE)
    applied = {number for (number,) in store.query("SELECT DISTINCT number FROM schema_version").result_rows}
    known = migrations()
    newer = applied - {migration.number for migration in known}
    if newer:
        raise Rejected(
            f"the store was made by a newer version of onrecord (schema {max(newer)})",
            hint="Install that version again, or move the store away and run onrecord rebuild.",
        )
    fresh = [migration for migration in known if migration.number not in applied]
    for migration in fresh:
        for statement in migration.statements:
            store.command(statement)
        store.command(
            "INSERT INTO schema_version VALUES ({number:UInt32}, {name:String})",
            {"number": migration.number, "name": migration.name},
        )
    return [migration.number for migration in fresh]


def _read() -> Iterator[Migration]:
    for file in files("onrecord.store").joinpath("schema").iterdir():
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            text = file.read_text(encoding="utf-8")
            statements = tuple(part.strip() for part in text.split(";\n") if part.strip())
            yield Migration(int(number), name, statements)
