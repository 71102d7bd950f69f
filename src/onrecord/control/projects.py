"""Projects: made, found, listed.

A project's id is random, because it stands in the origin of its ledger, which strangers may read; its number is
small, because it is part of every row id of the vault. Neither ever changes or comes back.
"""

import secrets
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from onrecord.config import ProjectDefaults
from onrecord.control.schema import projects, transaction
from onrecord.errors import Missing, Rejected
from onrecord.model.project import SYSTEM_PROJECT, ContentMode, OnLogFailure, Project
from onrecord.model.time import Clock

DEFAULT_PROJECT: Final = "default"
_SYSTEM_NUMBER: Final = 1
_NAME_CHARACTERS: Final = 128


def ensure_first(engine: Engine, defaults: ProjectDefaults, clock: Clock, *, demo: bool = False) -> Project:
    """Make the reserved project and the default one unless they are there; the default one is returned."""
    with transaction(engine) as connection:
        if _find(connection, SYSTEM_PROJECT) is None:
            system = ProjectDefaults(content_mode=ContentMode.METADATA, retention="standard")
            _insert(
                connection,
                id_=SYSTEM_PROJECT,
                name=SYSTEM_PROJECT,
                number=_SYSTEM_NUMBER,
                defaults=system,
                clock=clock,
                demo=False,
            )
        found = _find(connection, DEFAULT_PROJECT)
        return found or _create(connection, DEFAULT_PROJECT, defaults, clock, demo=demo)


def create(engine: Engine, name: str, defaults: ProjectDefaults, clock: Clock) -> Project:
    """Make a project.

    Raises:
        Rejected: the name is taken, empty or too long.
    """
    name = name.strip()
    if not name or len(name) > _NAME_CHARACTERS or not name.isprintable():
        raise Rejected(f"A project's name has 1 to {_NAME_CHARACTERS} printable characters.")
    with transaction(engine) as connection:
        if _find(connection, name) is not None:
            raise Rejected("A project of this name exists.")
        return _create(connection, name, defaults, clock, demo=False)


def every(engine: Engine) -> list[Project]:
    """All projects by number, ``system`` first."""
    with engine.connect() as connection:
        return [_project(row) for row in connection.execute(select(projects).order_by(projects.c.number))]


def get(engine: Engine, name: str) -> Project:
    """The project with this id or name.

    Raises:
        Missing: there is none.
    """
    with engine.connect() as connection:
        found = _find(connection, name)
    if found is None:
        raise Missing("There is no such project.", hint="`onrecord doctor` lists the projects.")
    return found


def unconfirmed(engine: Engine) -> Project | None:
    """The first project whose content mode nobody has chosen yet."""
    wanted = select(projects).where(projects.c.confirmed_us == 0, projects.c.id != SYSTEM_PROJECT)
    with engine.connect() as connection:
        row = connection.execute(wanted.order_by(projects.c.number)).first()
    return None if row is None else _project(row)


def choose_mode(engine: Engine, project: Project, mode: ContentMode, clock: Clock) -> None:
    """Set what the vault keeps of a project from now on; what is kept already stays as it is."""
    with transaction(engine) as connection:
        connection.execute(
            update(projects).where(projects.c.id == project.id).values(mode=mode.value, confirmed_us=clock.now_us())
        )


def choose_on_log_failure(engine: Engine, project: Project, chosen: OnLogFailure) -> None:
    """Set what the gateway does with a call of a project that can not be recorded, from the next call on."""
    with transaction(engine) as connection:
        connection.execute(update(projects).where(projects.c.id == project.id).values(on_log_failure=chosen.value))


def _create(connection: Connection, name: str, defaults: ProjectDefaults, clock: Clock, *, demo: bool) -> Project:
    highest = connection.execute(select(func.max(projects.c.number))).scalar() or _SYSTEM_NUMBER
    return _insert(
        connection,
        id_=secrets.token_hex(8),
        name=name,
        number=highest + 1,
        defaults=defaults,
        clock=clock,
        demo=demo,
    )


def _insert(
    connection: Connection, *, id_: str, name: str, number: int, defaults: ProjectDefaults, clock: Clock, demo: bool
) -> Project:
    project = Project(
        id=id_, number=number, name=name, mode=defaults.content_mode, retention=defaults.retention, demo=demo
    )
    connection.execute(
        insert(projects).values(
            id=project.id,
            number=project.number,
            name=project.name,
            mode=project.mode.value,
            retention=project.retention,
            demo=int(project.demo),
            created_us=clock.now_us(),
        )
    )
    return project


def _find(connection: Connection, name: str) -> Project | None:
    row = connection.execute(select(projects).where((projects.c.id == name) | (projects.c.name == name))).first()
    return None if row is None else _project(row)


def _project(row: Row[Any]) -> Project:
    return Project(
        id=row.id,
        number=row.number,
        name=row.name,
        mode=ContentMode(row.mode),
        retention=row.retention,
        demo=bool(row.demo),
        on_log_failure=OnLogFailure(row.on_log_failure),
    )
