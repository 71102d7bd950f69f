"""The caller: a person or a key that is known, and what it may ask for.

``Caller.access`` is the only place that makes an ``Access``, so that no request reads more than its role allows. Exact
content is never given by default: it must be asked for, with a purpose.
"""

from collections.abc import Sequence
from typing import Final, Self

import msgspec

from onrecord.control.roles import Role
from onrecord.errors import Denied, Missing, Rejected
from onrecord.model.access import Access, Level
from onrecord.model.project import SYSTEM_PROJECT, Project

OPERATOR: Final = "operator"
"""The actor in the records of whoever comes through the socket."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks."""

    actor: str
    """Server-made id of the user or the key."""
    name: str
    """What a page shows: the user's name or the key's note."""
    roles: dict[str, Role]
    """Role by project id; only projects that exist."""
    projects: tuple[Project, ...] = ()
    """The same projects, in the order of their numbers."""
    is_person: bool = False

    def project(self, name: str) -> Project:
        """The project with this id or name.

        Raises:
            Missing: there is none that this caller may see.
        """
        for project in self.projects:
            if name in (project.id, project.name):
                return project
        raise Missing("There is no such project.", hint="The list of projects shows those that you may see.")

    @classmethod
    def operator(cls, projects: Sequence[Project]) -> Self:
        """Whoever may open the socket in the data directory: everything, since the directory itself lies open to them.

        Exact content needs a purpose and is recorded, as everybody's does.
        """
        every = tuple(projects)
        return cls(
            actor=OPERATOR, name=OPERATOR, roles=dict.fromkeys((one.id for one in every), Role.OWNER), projects=every
        )

    def chosen(self, name: str) -> Project:
        """The project of this name, or the only one that the caller has when none is named.

        Raises:
            Missing: it is not one that the caller may see. Rejected: there are several and none is named.
        """
        if name:
            return self.project(name)
        own = [project for project in self.projects if project.id != SYSTEM_PROJECT]
        if len(own) != 1:
            raise Rejected("The parameter 'project' is missing.", hint="/api/v1/projects lists those that you may see.")
        return own[0]

    def access(self, project: str = "", *, level: Level | None = None, purpose: str = "") -> Access:
        """The right to read one project, or all of the caller's when none is named.

        Args:
            project: id or name; empty for all.
            level: content level; the default is the most that is not exact.
            purpose: why exact content is read; needed for it.

        Raises:
            Denied: the level is above the caller's, or exact content is asked for without a purpose.
            Missing: the project is not one that the caller may see.
        """
        ids = [self.project(project).id] if project else list(self.roles)
        if not ids:
            raise Denied("You may not read any project.", hint="An owner adds you with `onrecord users add`.")
        highest = min(self.roles[one].level for one in ids)
        wanted = min(highest, Level.PSEUDONYMISED) if level is None else level
        if wanted > highest:
            raise Denied(f"Your role does not open {wanted.name.lower()} content.", hint="Ask an owner of the project.")
        if wanted is Level.EXACT and not purpose:
            raise Denied("Exact content needs a purpose.", hint="Say why; the read is recorded with your words.")
        return Access(actor=self.actor, projects=frozenset(ids), level=wanted, purpose=purpose)

    def require_owner(self, project: str) -> Project:
        """The project, when the caller owns it; raises ``Denied`` or ``Missing``."""
        found = self.project(project)
        if self.roles[found.id] is not Role.OWNER:
            raise Denied("Only an owner of the project may do this.", hint="Ask an owner of the project.")
        return found
