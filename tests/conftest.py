"""Fixtures that more than one part needs: the one ClickHouse engine that a process can have."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import settings

from onrecord.store.client import Store
from onrecord.store.migrate import make_database
from tests.parts import pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

settings.register_profile("facts", deadline=None)  # how long an example takes says nothing about the code
settings.load_profile("facts")
_numbers = count(1_000)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The in-process engine. chDB allows one directory per process: other engines need a process of their own."""
    store = Store(f"chdb://{tmp_path_factory.mktemp('engine')}/store")
    yield store
    store.close()


@pytest.fixture
def store(engine: Store) -> Iterator[Store]:
    """Fresh, empty tables in the engine."""
    base = engine.within(engine.connections.database)
    name = make_database(base, next(_numbers))
    yield engine.within(name)
    base.command(f"DROP DATABASE IF EXISTS `{name}` SYNC")
