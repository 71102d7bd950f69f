"""Users: people who read, and what they may read.

Making and resetting a user is done on the command line, by somebody who can read the data directory anyway; so there
is no default password and no page that makes the first account.
"""

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select, update

from onrecord.control.caller import Caller
from onrecord.control.projects import every as every_project
from onrecord.control.roles import ALL_PROJECTS, Role
from onrecord.control.schema import login_links, memberships, sessions, transaction, users
from onrecord.control.secrets import PASSWORD_CHARACTERS, Passwords
from onrecord.errors import Missing, Rejected
from onrecord.model.ids import new_id
from onrecord.model.project import SYSTEM_PROJECT
from onrecord.model.time import Clock

_NAME_CHARACTERS = 128


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who may log in."""

    id: str
    name: str
    password: str = ""
    """Argon2id; empty when only a login link lets in."""
    created_us: int = 0
    last_login_us: int = 0
    roles: dict[str, Role] = {}
    """Role by project id, or by ``*`` for every project."""


def add(
    engine: Engine, passwords: Passwords, clock: Clock, *, name: str, password: str, role: Role, project: str
) -> User:
    """Make a user with a role in one project, or in all with ``*``.

    Raises:
        Rejected: the name is taken or does not fit, or the password is too short. An empty password is allowed.
    """
    name = name.strip()
    if not name or len(name) > _NAME_CHARACTERS or not name.isprintable():
        raise Rejected(f"A user's name has 1 to {_NAME_CHARACTERS} printable characters.")
    user = User(id=new_id(), name=name, password=_hashed(passwords, password), created_us=clock.now_us())
    with transaction(engine) as connection:
        if connection.execute(select(users.c.id).where(users.c.name == name)).first():
            raise Rejected("A user of this name exists.", hint="`onrecord users reset` gives a new password.")
        connection.execute(
            insert(users).values(id=user.id, name=name, password=user.password, created_us=user.created_us)
        )
        connection.execute(insert(memberships).values(user_id=user.id, project_id=project, role=role.value))
    return msgspec.structs.replace(user, roles={project: role})


def reset(engine: Engine, passwords: Passwords, name: str, password: str) -> None:
    """Give a user a new password; whoever is logged in under the name is logged out.

    Raises:
        Missing: there is no such user.
        Rejected: the password is too short.
    """
    hashed = _hashed(passwords, password)
    with transaction(engine) as connection:
        user = _by_name(connection, name)
        connection.execute(update(users).where(users.c.id == user.id).values(password=hashed))
        connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
        connection.execute(delete(login_links).where(login_links.c.user_id == user.id))


def remove(engine: Engine, name: str) -> None:
    """Remove a user and everything that lets the person in; raises ``Missing``."""
    with transaction(engine) as connection:
        user = _by_name(connection, name)
        for table in (sessions, login_links, memberships):
            connection.execute(delete(table).where(table.c.user_id == user.id))
        connection.execute(delete(users).where(users.c.id == user.id))


def every(engine: Engine) -> list[User]:
    """All users by name, with their roles."""
    with engine.connect() as connection:
        names = connection.execute(select(users.c.name).order_by(users.c.name)).scalars().all()
        return [_by_name(connection, name) for name in names]


def by_name(engine: Engine, name: str) -> User:
    """The user of this name; raises ``Missing``."""
    with engine.connect() as connection:
        return _by_name(connection, name)


def caller(engine: Engine, user_id: str) -> Caller:
    """What the user with this id may do now.

    Raises:
        Missing: the user was removed.
    """
    with engine.connect() as connection:
        name = connection.execute(select(users.c.name).where(users.c.id == user_id)).scalar()
        if name is None:
            raise Missing("There is no such user.")
        granted = _roles(connection, user_id)
    everywhere = granted.get(ALL_PROJECTS)
    visible = {
        project.id: (project, role)
        for project in every_project(engine)
        if (role := granted.get(project.id, everywhere)) is not None
        and (project.id != SYSTEM_PROJECT or role is Role.OWNER)
    }
    return Caller(
        actor=user_id,
        name=name,
        roles={id_: role for id_, (_, role) in visible.items()},
        projects=tuple(project for project, _ in visible.values()),
        is_person=True,
    )


def _by_name(connection: Connection, name: str) -> User:
    row = connection.execute(select(users).where(users.c.name == name)).first()
    if row is None:
        raise Missing("There is no such user.", hint="`onrecord users list` shows the names.")
    return User(
        id=row.id,
        name=row.name,
        password=row.password,
        created_us=row.created_us,
        last_login_us=row.last_login_us,
        roles=_roles(connection, row.id),
    )


def _roles(connection: Connection, user_id: str) -> dict[str, Role]:
    rows = connection.execute(select(memberships).where(memberships.c.user_id == user_id))
    return {row.project_id: Role(row.role) for row in rows}


def _hashed(passwords: Passwords, password: str) -> str:
    if not password:
        return ""
    if len(password) < PASSWORD_CHARACTERS:
        raise Rejected(f"A password has at least {PASSWORD_CHARACTERS} characters.")
    return passwords.hash(password)
