"""A console over a real store with two projects; whatever comes out of it is looked through for what must not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from onrecord.buckets import Rate
from onrecord.model.access import Access, Level
from onrecord.model.score import Score
from onrecord.query.sql.answer import SqlAnswer
from onrecord.query.sql.console import Console
from onrecord.query.sql.port import Asked
from onrecord.store.client import Store
from onrecord.store.migrate import empty_database, make_database
from onrecord.store.session import session
from tests.contract.query_world import OURS, THEIRS, World, reader, said, step, trace_id

SECRET = "theirsecretword"
HOST = "hostsecretword"
"""Stands in a file of the host, the address of which the tests know."""
FAST = Rate(1e9, 1e9)
"""Tests ask faster than people."""
_numbers = count(70_000)


class Den:
    """Where statements are tried."""

    def __init__(self, world: World, root: Path) -> None:
        self.world = world
        self.file = root / "host.csv"
        self.file.write_text(f"{HOST}\n")
        self.recorded: list[tuple[Access, Asked]] = []
        self.record: Callable[[Access, Asked], None] = lambda access, asked: self.recorded.append((access, asked))
        self.console = self.made()

    def made(self, *, enabled: bool = True, at_once: int = 2, rate: Rate = FAST, files: int = 4) -> Console:
        """A console."""
        return Console(
            enabled=enabled,
            open_session=lambda bound: session(self.world.store, bound),
            database=lambda: self.world.store.database,
            projects={one.id: one for one in (OURS, THEIRS)}.get,
            record=lambda access, asked: self.record(access, asked),  # noqa: PLW0108 - tests replace it
            at_once=at_once,
            files=files,
            rate=rate,
        )

    def ask(self, statement: str, form: str = "table", *, level: Level = Level.PSEUDONYMISED) -> SqlAnswer:
        """What becomes of a statement; nothing of another project or of the host is in it, whatever it is."""
        answer = self.console.ask(reader(OURS, level=level), OURS.id, statement, form)
        shown = msgspec.json.encode((answer.columns, answer.rows)) + answer.file
        for word in (SECRET, HOST, THEIRS.id, "their shop", "their score"):
            assert word.encode() not in shown, statement
        if answer.outcome != "answered":
            assert not answer.rows, statement
            assert not answer.file, statement
            assert answer.reason, statement
        return answer

    def rows(self, statement: str) -> tuple[tuple[object, ...], ...]:
        """The rows of one that is answered."""
        answer = self.ask(statement)
        assert answer.outcome == "answered", (statement, answer.reason)
        return answer.rows


@contextmanager
def den(engine: Store, root: Path) -> Iterator[Den]:
    """Ours has three steps and a score; theirs two that use the same trace and one of their own."""
    base = engine.within(engine.connections.database)
    name = make_database(base, next(_numbers))
    base.command(f"CREATE DATABASE IF NOT EXISTS `{empty_database(base)}`")
    base.command("CREATE OR REPLACE TABLE hoard (word String) ENGINE = MergeTree ORDER BY word")
    base.command(f"INSERT INTO hoard VALUES ('{SECRET}')")
    world = World(engine.within(name), root)
    ours: dict[str, Any] = {
        "application": "our shop",
        "user_id": "our user",
        "session_id": "our session",
        "kind": "llm",
    }
    world.keep([
        step(1, number, number - 1, **ours, model_served="gpt-4o", input=(said("user", f"our question {number}"),),
             output=(said("assistant", "=1+1"),))
        for number in (1, 2, 3)
    ])  # fmt: skip
    theirs: dict[str, Any] = {
        "application": "their shop",
        "input": (said("user", SECRET),),
        "tags": (SECRET,),
        "metadata": {"k": SECRET},
    }
    world.keep([step(1, 9, **theirs), step(7, 1, **theirs)], THEIRS)
    world.judge(Score(name="rating", value=0.5, trace_id=trace_id(1), comment="our comment"))
    world.judge(Score(name="their score", value=0.1, trace_id=trace_id(1), comment=SECRET), THEIRS)
    yield Den(world, root)
    world.close()
    base.command("DROP TABLE hoard SYNC")
    base.command(f"DROP DATABASE IF EXISTS `{name}` SYNC")
