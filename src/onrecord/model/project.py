"""Projects: the unit of ownership, of keys, of policy and of the ledger."""

import enum

import msgspec

SYSTEM_PROJECT = "system"
"""Reserved project that records what concerns the installation: logins, administration."""


class ContentMode(enum.StrEnum):
    """What the vault keeps of a project's content."""

    FULL = "full"
    """Verbatim, but for secrets and card numbers."""
    PSEUDONYMISED = "pseudonymised"
    """The vault, too, holds pseudonymised text only."""
    METADATA = "metadata"
    """No text at all; attributes of a closed list."""


class OnLogFailure(enum.StrEnum):
    """What the gateway does with a call that can not be recorded."""

    PASS = "pass"  # noqa: S105 - it lets pass
    """The call goes on; the failure is counted and shown."""
    BLOCK = "block"
    """The call is not made: its intent is durable first."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project as the ingest path needs it."""

    id: str
    """Random, 16 lower-case hex digits, or ``system``. Stands in the ledger's origin."""
    number: int
    """Small number, unique in this installation: the upper bits of a record's rowid in the vault."""
    name: str
    mode: ContentMode = ContentMode.FULL
    retention: str = "standard"
    """Retention class; with the month of receipt it names the bucket key."""
    demo: bool = False
    on_log_failure: OnLogFailure = OnLogFailure.PASS
