"""Access: who asks, for which projects, at which content level, and why.

Every query function takes one; there is no way to read without it. Levels are ordered: a reader of ``exact`` content
may see all that a reader of ``pseudonymised`` content sees.
"""

import enum

import msgspec


class Level(enum.IntEnum):
    """How much of a record's content a reader sees."""

    METADATA = 0
    PSEUDONYMISED = 1
    EXACT = 2


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """The right to read that one request carries."""

    actor: str
    """Server-made id of the user or API key that asks."""
    projects: frozenset[str]
    """Ids of the projects that it may read; never empty."""
    level: Level = Level.PSEUDONYMISED
    purpose: str = ""
    """Why exact content is read, as the reader said it; recorded with the read."""
