"""API keys: made, listed, revoked.

A key reads ``or_<project id>_<43 random characters>``: the project is visible, so that a person knows a key without
trying it, and scanners of leaked secrets know its form. It is shown once; its SHA-256 is kept.
"""

import secrets
from collections.abc import Iterable

import msgspec
from sqlalchemy import Engine, func, insert, select, update

from onrecord.control.roles import Scope
from onrecord.control.schema import api_keys, transaction
from onrecord.control.secrets import digest_of, new_token
from onrecord.errors import Missing, Rejected
from onrecord.model.project import SYSTEM_PROJECT, Project
from onrecord.model.time import Clock


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a key."""

    id: str
    project_id: str
    scopes: frozenset[Scope]
    note: str = ""
    created_us: int = 0
    revoked_us: int = 0
    """0 while it is good."""
    digest: bytes = b""


def create(
    engine: Engine, project: Project, scopes: Iterable[Scope], clock: Clock, note: str = ""
) -> tuple[ApiKey, str]:
    """Make a key; the second value is the key itself, which nobody can show again.

    Raises:
        Rejected: no scope, or a scope to write into the reserved project.
    """
    wanted = frozenset(scopes)
    if not wanted:
        raise Rejected("A key needs at least one scope.", hint=f"Choose from {', '.join(Scope)}.")
    if project.id == SYSTEM_PROJECT and wanted & {Scope.WRITE, Scope.RATE}:
        raise Rejected("Nobody writes into the reserved project but the server.")
    secret = f"or_{project.id}_{new_token()}"
    key = ApiKey(
        id=secrets.token_hex(8),  # typed on a command line: never begins with a hyphen
        project_id=project.id,
        scopes=wanted,
        note=note,
        created_us=clock.now_us(),
        digest=digest_of(secret),
    )
    with transaction(engine) as connection:
        connection.execute(
            insert(api_keys).values(
                id=key.id,
                digest=key.digest,
                project_id=key.project_id,
                scopes=" ".join(sorted(key.scopes)),
                note=key.note,
                created_us=key.created_us,
            )
        )
    return key, secret


def every(engine: Engine) -> list[ApiKey]:
    """All keys that were ever made, oldest first."""
    with engine.connect() as connection:
        rows = connection.execute(select(api_keys).order_by(api_keys.c.created_us)).all()
    return [
        ApiKey(
            id=row.id,
            project_id=row.project_id,
            scopes=frozenset(Scope(word) for word in row.scopes.split()),
            note=row.note,
            created_us=row.created_us,
            revoked_us=row.revoked_us,
            digest=row.digest,
        )
        for row in rows
    ]


def count(engine: Engine) -> int:
    """How many keys were ever made, revoked ones included: the keyless rule ends with the first."""
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(api_keys)).scalar_one()


def revoke(engine: Engine, id_: str, clock: Clock) -> None:
    """End a key. It stays in the list.

    Raises:
        Missing: there is no such key, or it is revoked already.
    """
    with transaction(engine) as connection:
        done = connection.execute(
            update(api_keys).where(api_keys.c.id == id_, api_keys.c.revoked_us == 0).values(revoked_us=clock.now_us())
        )
    if done.rowcount == 0:
        raise Missing("There is no such key, or it is revoked.", hint="`onrecord keys list` shows the ids.")
