"""What the pages need of the server: who is looking, keys, the state of the installation. Nothing else.

The server implements these three protocols over ``control/`` and hands them to ``app.routes`` in a :class:`Site`. The
pages hold no state of their own. Errors are those of ``onrecord.errors``: a failed login is ``Denied`` 401, too many
of them ``Denied`` 429; both sentences are shown as they are.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol

import msgspec

from onrecord.control.apikeys import ApiKey
from onrecord.control.caller import Caller
from onrecord.control.library import Library
from onrecord.control.roles import Scope
from onrecord.governance.selftest import SelfTest
from onrecord.model.project import ContentMode, Project
from onrecord.model.score import Score
from onrecord.model.time import Clock
from onrecord.query.engine import Engine
from onrecord.query.erasures import Erasures
from onrecord.query.letters import Letters
from onrecord.query.sql.console import Console
from onrecord.query.storage import Storage

SESSION_COOKIE: Final = "onrecord_session"
"""HttpOnly, SameSite=Lax, Secure when the request came over TLS; its value is whatever ``Gate.login`` returned."""


class Gate(Protocol):
    """Logins. A session is an opaque random text; the gate keeps only its digest."""

    def login(self, name: str, password: str, peer: str) -> str:
        """A session for a person. Raises ``Denied`` 401, or 429 beyond the rate limit."""
        ...

    def redeem(self, token: str, peer: str) -> str:
        """A session for a one-time link. Raises ``Denied`` when it is unknown, used or too old."""
        ...

    def caller(self, session: str) -> Caller | None:
        """Who the session belongs to; ``None`` when it is unknown or has ended."""
        ...

    def csrf(self, session: str) -> str:
        """The token that every form of this session carries; never the session itself."""
        ...

    def logout(self, session: str) -> None:
        """End a session; an unknown one is no error."""
        ...


class Keyring(Protocol):
    """API keys of one project, for its owners. Each raises ``Denied`` for anybody else."""

    def keys(self, caller: Caller, project: Project) -> Sequence[ApiKey]:
        """Every key that was ever made for the project, oldest first."""
        ...

    def make(self, caller: Caller, project: Project, scopes: frozenset[Scope], note: str) -> str:
        """A new key; the answer is the key itself, shown once."""
        ...

    def revoke(self, caller: Caller, project: Project, id_: str) -> None:
        """End a key. Raises ``Missing`` when the project has no such living key."""
        ...


class ScoreIntake(Protocol):
    """Where judgements go. Implemented by ``ingest.pipeline.Pipeline``."""

    def score(self, project: Project, score: Score, *, content: bytes, door: bytes) -> Future[Any]:
        """Keep a score; the future is done when it is durable. Raises ``Pushback``: nothing was kept."""
        ...


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of the health page."""

    label: str
    value: float | None
    """``None`` is unknown."""
    unit: str = "count"
    """``count``, ``ms`` or ``bytes``."""
    words: str = ""
    """What it means, and what to do when it is high; one sentence."""
    state: str = ""
    """``good``, ``warn`` or ``bad`` when it has a judgement."""


class State(Protocol):
    """What the installation says about itself."""

    def warning(self) -> str:
        """The red banner of every page, in a sentence; empty when all is well."""
        ...

    def health(self) -> Sequence[Figure]:
        """Lag, pending, received, rejected, dead letters, in the order in which they are shown."""
        ...

    def unasked(self) -> Project | None:
        """A project for which nobody has confirmed a content mode yet (the first start), else ``None``."""
        ...

    def choose(self, caller: Caller, project: Project, mode: ContentMode) -> None:
        """Confirm the content mode of a project. Raises ``Denied`` for anybody but its owner."""
        ...


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the pages stand on."""

    engine: Engine
    gate: Gate
    keyring: Keyring
    state: State
    letters: Letters
    erasures: Erasures
    selftest: SelfTest
    storage: Storage
    console: Console
    clock: Clock
    scores: ScoreIntake
    """Where what a person judges in a page goes."""
    library: Library
    """Where what a person keeps for herself stands, sealed."""
    public_url: Callable[[], str] = lambda: ""
    """Where applications send to, ``http://127.0.0.1:4318``; empty: the address that the reader used."""
