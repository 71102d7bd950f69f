"""A control database in a directory of its own, a clock that is moved by hand, a hash that costs nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine

from onrecord.config import ProjectDefaults
from onrecord.control.projects import ensure_first
from onrecord.control.schema import open_control
from onrecord.control.secrets import Passwords
from onrecord.model.project import Project
from onrecord.model.time import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_800_000_000_000_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "control.db"


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    engine = open_control(file)
    yield engine
    engine.dispose()


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def project(engine: Engine, clock: FixedClock) -> Project:
    return ensure_first(engine, ProjectDefaults(), clock)
