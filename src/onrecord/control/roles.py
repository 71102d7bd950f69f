"""Roles of people and scopes of keys, and the content level that each one opens. The whole table is here.

| role      | sees            | manages |
|-----------|-----------------|---------|
| `owner`   | exact           | projects, users, keys, erasure |
| `exact`   | exact           | nothing |
| `reader`  | pseudonymised   | nothing |
| `auditor` | metadata only   | nothing |

A key with scope `read` sees what a reader sees; with `admin` what an owner sees; with `write` it sees nothing. A key
with `rate` sees nothing either and may only judge: it is made to stand in a front end, where everybody can read it.
"""

import enum
from typing import Final

from onrecord.model.access import Level

ALL_PROJECTS: Final = "*"
"""In a membership: every project, also those to come."""


class Role(enum.StrEnum):
    """What a person may do in a project."""

    OWNER = "owner"
    EXACT = "exact"
    READER = "reader"
    AUDITOR = "auditor"

    @property
    def level(self) -> Level:
        """The most that this role may see."""
        return _LEVELS[self]


class Scope(enum.StrEnum):
    """What a key may do in its project."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    RATE = "rate"


_LEVELS: Final = {
    Role.OWNER: Level.EXACT,
    Role.EXACT: Level.EXACT,
    Role.READER: Level.PSEUDONYMISED,
    Role.AUDITOR: Level.METADATA,
}
