"""The keys as the hot path needs them: all in memory, never stale.

A lookup is a hash and a dictionary. Another connection may change the database at any time (`onrecord keys create`
beside a running server), so every lookup first asks SQLite whether somebody committed (``PRAGMA data_version``, a few
microseconds); only then are the keys read again. So the keyless rule ends with the very next request, and a revoked
key with it.
"""

import sqlite3
import threading
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from onrecord.control import apikeys, projects
from onrecord.control.apikeys import ApiKey
from onrecord.control.caller import Caller
from onrecord.control.roles import Role, Scope
from onrecord.control.secrets import digest_of
from onrecord.errors import Denied
from onrecord.model.project import Project


class _Snapshot(msgspec.Struct, frozen=True):
    """One consistent reading."""

    data_version: int
    keys: dict[bytes, ApiKey]
    projects: dict[str, Project]
    default: Project | None


class Keyring:
    """All API keys. Safe for threads."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self.engine = engine
        self._watch = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._snapshot = self._read()

    def writer(self, key: str) -> Project:
        """The project that ``key`` may write into.

        Raises:
            Denied: 401 when the key is not known or revoked, 403 when it may not write.
        """
        snapshot, found = self._find(key)
        if Scope.WRITE not in found.scopes:
            raise Denied("This key may not write.", hint="Make one with `onrecord keys create --scope write`.")
        return snapshot.projects[found.project_id]

    def rater(self, key: str) -> tuple[Project, str]:
        """The project whose records ``key`` may judge, and the id of the key when that is all it may do.

        Raises:
            Denied: 401 when the key is not known or revoked, 403 when it may not judge.
        """
        snapshot, found = self._find(key)
        if not found.scopes & {Scope.WRITE, Scope.RATE}:
            raise Denied("This key may not rate.", hint="Make one with `onrecord keys create --scope rate`.")
        return snapshot.projects[found.project_id], "" if Scope.WRITE in found.scopes else found.id

    def reader(self, key: str) -> Caller:
        """The caller that ``key`` stands for.

        Raises:
            Denied: 401 when the key is not known or revoked, 403 when it may not read.
        """
        snapshot, found = self._find(key)
        if not found.scopes & {Scope.READ, Scope.ADMIN}:
            raise Denied("This key may not read.", hint="Make one with `onrecord keys create --scope read`.")
        role = Role.OWNER if Scope.ADMIN in found.scopes else Role.READER
        project = snapshot.projects[found.project_id]
        return Caller(actor=found.id, name=found.note or "API key", roles={project.id: role}, projects=(project,))

    def keyless_project(self) -> Project | None:
        """The default project while no key was ever made, else nothing."""
        snapshot = self._current()
        return None if snapshot.keys else snapshot.default

    def every_project(self) -> tuple[Project, ...]:
        """All projects by number, the reserved one first."""
        return tuple(self._current().projects.values())

    def close(self) -> None:
        """Let go of the database."""
        self._watch.close()

    def _find(self, key: str) -> tuple[_Snapshot, ApiKey]:
        snapshot = self._current()
        found = snapshot.keys.get(digest_of(key))
        if found is None or found.revoked_us:
            raise Denied("The API key is not known.", hint="`onrecord keys list` shows the keys that are.", status=401)
        return snapshot, found

    def _current(self) -> _Snapshot:
        with self._lock:
            if self._data_version() != self._snapshot.data_version:
                self._snapshot = self._read()
            return self._snapshot

    def _data_version(self) -> int:
        row: tuple[int] = self._watch.execute("PRAGMA data_version").fetchone()
        return row[0]

    def _read(self) -> _Snapshot:
        seen = self._data_version()  # before the reading: a commit in between is read again
        found = projects.every(self.engine)
        return _Snapshot(
            seen,
            {key.digest: key for key in apikeys.every(self.engine)},
            {project.id: project for project in found},
            next((project for project in found if project.name == projects.DEFAULT_PROJECT), None),
        )
