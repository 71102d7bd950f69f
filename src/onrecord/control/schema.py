"""The control database: who may do what in which project.

Small, and the same statements on SQLite (one node) and PostgreSQL (several). It holds no content and no secret: of a
password its Argon2id hash, of an API key, a session or a login link the SHA-256 of a random value. Opening is safe
while another process has it open: the command line makes keys under a running server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.schema import CreateColumn

from onrecord.durable import make_directory
from onrecord.errors import Corrupt

VERSION: Final = 1

metadata = MetaData()

version = Table("version", metadata, Column("number", Integer, primary_key=True))

projects = Table(
    "projects",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(16), nullable=False, unique=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("mode", String(16), nullable=False),
    Column("retention", String(32), nullable=False),
    Column("demo", Integer, nullable=False, default=0),
    Column("created_us", Integer, nullable=False),
    Column("confirmed_us", Integer, nullable=False, default=0),  # when an owner chose the content mode; 0: nobody yet
    Column("on_log_failure", String(8), nullable=False, server_default="pass"),
)

users = Table(
    "users",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("password", String(256), nullable=False),  # empty: only a login link lets in
    Column("created_us", Integer, nullable=False),
    Column("last_login_us", Integer, nullable=False, default=0),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", String(22), primary_key=True),
    Column("project_id", String(16), primary_key=True),  # or *, every project
    Column("role", String(16), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("project_id", String(16), nullable=False),
    Column("scopes", String(64), nullable=False),
    Column("note", String(128), nullable=False, default=""),
    Column("created_us", Integer, nullable=False),
    Column("revoked_us", Integer, nullable=False, default=0),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("user_id", String(22), nullable=False),
    Column("expires_us", Integer, nullable=False),
)

login_links = Table(
    "login_links",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("user_id", String(22), nullable=False),
    Column("expires_us", Integer, nullable=False),
)

documents = Table(  # docs/format/keys.md: what a client named stands here as a locator, what it wrote is sealed
    "documents",
    metadata,
    Column("project", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), primary_key=True),
    Column("key", LargeBinary(16), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", LargeBinary(16), nullable=False, index=True),
    Column("parent", LargeBinary(16), nullable=False, index=True),
    Column("user", LargeBinary(16), nullable=False),
    Column("trace", LargeBinary(16), nullable=False),
    Column("created_us", Integer, nullable=False),
    Column("updated_us", Integer, nullable=False),
    Column("erasing", Integer, nullable=False, default=0),
    Column("body", LargeBinary, nullable=False),
)


def open_control(file: Path) -> Engine:
    """Open the control database, made at first use.

    Raises:
        Corrupt: the file was written by a version that this one does not know.
    """
    make_directory(file.parent)
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 10})
    event.listen(engine, "connect", _prepare)
    with transaction(engine) as connection:
        metadata.create_all(connection)
        _add_missing_columns(connection)
        found = connection.execute(select(version.c.number)).scalar()
        if found is None:
            connection.execute(insert(version).values(number=VERSION))
        elif found != VERSION:
            raise Corrupt(
                f"The control database has version {found}; this program knows version {VERSION}.",
                hint="Start the version of onrecord that wrote it.",
            )
    file.chmod(0o600)
    return engine


def _add_missing_columns(connection: Connection) -> None:
    """Columns that a table got after the file was made. Older programs do not see them; new ones need their default."""
    for table in metadata.sorted_tables:
        known = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                described = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {described}")


@contextmanager
def opened(file: Path) -> Iterator[Engine]:
    """The control database for the length of one command."""
    engine = open_control(file)
    try:
        yield engine
    finally:
        engine.dispose()


def emptied(engine: Engine) -> None:
    """Leave no byte of what was deleted in the write-ahead log."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: the write lock is taken first, so that what is read before the write still holds."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def _prepare(connection: Any, _: object) -> None:
    """What every connection needs: durable commits, erased values overwritten, transactions begun by us."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
