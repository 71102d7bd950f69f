"""The one place where project and content level are enforced.

``enter`` is the only way to a ``View``, a ``View`` the only way to the store. Every table that a statement reads must
be followed by the view's project, literally, or the statement is not sent. Columns of text go through ``shown``.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from onrecord.errors import Corrupt, Denied, Missing
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.query.fields import find
from onrecord.query.port import FindProject, Select
from onrecord.query.syntax import And, At, Compare, Exists, Filter, In, Not, Or

SCOPED: Final = "project = {project:String}"
"""What follows the ``WHERE`` of every table."""
_TABLE: Final = re.compile(r"\b(?:FROM|JOIN)\s+(?!\()\w+")
_SCOPED_TABLE: Final = re.compile(
    r"\bFROM (?:spans|scores|trace_names)(?: FINAL)? (?:PRE)?WHERE "
    + re.escape(SCOPED)
    + r"(?= AND | GROUP | ORDER |\)|$)"
)


class View(msgspec.Struct, frozen=True):
    """One project at one content level, for the length of one question."""

    project: Project
    level: Level
    access: Access
    store: Select

    def select(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Rows of a statement that reads this project only."""
        if not _is_scoped(sql):
            raise Corrupt("a query would read more than one project and was not sent")
        return self.store(sql, {**parameters, "project": self.project.id})

    def shown(self, column: str) -> str:
        """A column of text, or nothing at level ``metadata``."""
        return column if self.level >= Level.PSEUDONYMISED else "''"


def enter(store: Select, projects: FindProject, access: Access, project: str, *filters: Filter) -> View:
    """The view that this reader has of a project.

    Raises:
        Missing: there is no such project, or not for this reader: the two look the same.
        Denied: a filter asks for text that the reader may not see.
    """
    found = projects(project) if project in access.projects else None
    if found is None:
        raise Missing("There is no such project.", hint="The list of projects shows those that you may see.")
    if access.level < Level.PSEUDONYMISED and any(map(_reads_text, filters)):
        raise Denied("You may not search in text.", hint="Filter by time, model, status, tokens or ids instead.")
    return View(found, access.level, access, store)


def _reads_text(where: Filter) -> bool:
    if isinstance(where, And | Or):
        return any(map(_reads_text, where.parts))
    if isinstance(where, Not):
        return _reads_text(where.part)
    if isinstance(where, Compare | In | Exists):
        return reads_text(where.field)
    return not isinstance(where, At)


def reads_text(name: str) -> bool:
    """Whether a field's values are text that a reader of metadata may not see."""
    field = find(name)
    return field is None or (field.screened and field.name != "name")


@lru_cache(maxsize=512)
def _is_scoped(sql: str) -> bool:
    return len(_TABLE.findall(sql)) == len(_SCOPED_TABLE.findall(sql)) > 0
