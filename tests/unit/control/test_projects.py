"""Projects: the two that are always there, and those that are made."""

import contextlib
import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from onrecord.config import ProjectDefaults
from onrecord.control import projects
from onrecord.control.schema import open_control, transaction, version
from onrecord.errors import Corrupt, Missing, Rejected
from onrecord.model.project import ContentMode, OnLogFailure, Project
from onrecord.model.time import FixedClock, SystemClock


def test_the_first_start_makes_the_reserved_project_and_the_default_one(engine: Engine, project: Project) -> None:
    system, default = projects.every(engine)
    assert (system.id, system.number) == ("system", 1)
    assert default == project
    assert re.fullmatch("[0-9a-f]{16}", default.id)


def test_a_later_start_keeps_what_is_there(engine: Engine, project: Project, clock: FixedClock) -> None:
    other = ProjectDefaults(content_mode=ContentMode.METADATA)
    assert projects.ensure_first(engine, other, clock, demo=True) == project


def test_a_project_is_found_by_its_id_and_by_its_name(engine: Engine, project: Project, clock: FixedClock) -> None:
    made = projects.create(engine, "Shop", ProjectDefaults(retention="long"), clock)
    assert made.number == project.number + 1
    assert projects.get(engine, made.id) == projects.get(engine, "Shop") == made
    with pytest.raises(Missing):
        projects.get(engine, "shop")


@pytest.mark.parametrize("name", ["", "  ", "default", "x" * 129, "two\nlines"])
def test_a_name_that_does_not_fit_is_refused(engine: Engine, project: Project, clock: FixedClock, name: str) -> None:
    with pytest.raises(Rejected):
        projects.create(engine, name, ProjectDefaults(), clock)


def test_a_mode_is_unconfirmed_until_somebody_chooses_it(engine: Engine, project: Project, clock: FixedClock) -> None:
    assert projects.unconfirmed(engine) == project
    projects.choose_mode(engine, project, ContentMode.PSEUDONYMISED, clock)
    assert projects.unconfirmed(engine) is None
    assert projects.get(engine, project.id).mode is ContentMode.PSEUDONYMISED


def test_a_database_of_a_later_version_is_left_alone(engine: Engine, file: Path) -> None:
    with transaction(engine) as connection:
        connection.execute(update(version).values(number=99))
    with pytest.raises(Corrupt, match="99"):
        open_control(file)


def test_only_the_owner_of_the_files_can_read_the_database(engine: Engine, file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_from_before_a_column_gets_it_with_its_default(tmp_path: Path) -> None:
    file = tmp_path / "control.db"
    engine = open_control(file)
    projects.ensure_first(engine, ProjectDefaults(), SystemClock())
    engine.dispose()
    with contextlib.closing(sqlite3.connect(file)) as old:
        old.execute("ALTER TABLE projects DROP COLUMN on_log_failure")
    engine = open_control(file)
    found = projects.get(engine, "default")
    assert found.on_log_failure == OnLogFailure.PASS
    projects.choose_on_log_failure(engine, found, OnLogFailure.BLOCK)
    assert projects.get(engine, "default").on_log_failure == OnLogFailure.BLOCK
    engine.dispose()
