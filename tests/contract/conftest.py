"""A world to ask questions of, with tables of its own in the engine that all tests share."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from onrecord.store.client import Store
from onrecord.store.migrate import make_database
from tests.contract.query_world import World

_numbers = count(50_000)


@pytest.fixture(scope="module")
def shared_world(engine: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all tests of a module, for those that fill it once."""
    yield from _world(engine, tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(engine: Store, tmp_path: Path) -> Iterator[World]:
    """A world in which nothing happened yet."""
    yield from _world(engine, tmp_path)


def _world(engine: Store, root: Path) -> Iterator[World]:
    base = engine.within(engine.connections.database)
    name = make_database(base, next(_numbers))
    made = World(engine.within(name), root)
    yield made
    made.close()
    base.command(f"DROP DATABASE IF EXISTS `{name}` SYNC")
