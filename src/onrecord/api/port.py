"""What the API needs of the server: who is at the door, where scores go, how the installation is."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

import msgspec
from starlette.requests import Request

from onrecord.api.allowance import Allowance
from onrecord.control.caller import Caller
from onrecord.governance.selftest import SelfTest
from onrecord.model.project import Project
from onrecord.model.score import Score
from onrecord.query.engine import Engine
from onrecord.query.erasures import Erasures
from onrecord.query.letters import Letters
from onrecord.query.sql.console import Console
from onrecord.query.storage import Storage
from onrecord.receive.port import Ack


class Gate(Protocol):
    """Who asks. Implemented by ``server.gate.Gate``."""

    def identify(self, request: Request) -> Caller:
        """Who makes this request; raises ``Denied`` 401 or 403."""
        ...


class Raters(Protocol):
    """Whose key may judge. Implemented by ``control.keyring.Keyring``."""

    def rater(self, key: str) -> tuple[Project, str]:
        """The project of a key, and the key's id when it may only judge, else nothing; raises ``Denied``."""
        ...


class ScoreIntake(Protocol):
    """Where scores go. Implemented by ``ingest.pipeline.Pipeline``."""

    def score(self, project: Project, score: Score, *, content: bytes, door: bytes) -> Future[Ack]:
        """Keep a score; ``content`` is a digest of what was sent, the future is done when it is durable.

        Raises:
            Pushback: nothing was kept.
        """
        ...


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the API stands on."""

    engine: Engine
    gate: Gate
    raters: Raters
    allowance: Allowance
    """How often a key that everybody can read may be used."""
    scores: ScoreIntake
    letters: Letters
    erasures: Erasures
    selftest: SelfTest
    storage: Storage
    console: Console
    health: Callable[[], Mapping[str, Any]]
    """The figures of ``/health``, by name."""
