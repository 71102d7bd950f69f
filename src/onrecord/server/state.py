"""What the pages show of the installation: its banner, its figures, and the question of the first start."""

from collections.abc import Sequence

from onrecord.control import projects
from onrecord.control.caller import Caller
from onrecord.control.keyring import Keyring
from onrecord.model.project import ContentMode, Project
from onrecord.model.time import Clock
from onrecord.server.health import Health
from onrecord.web.port import Figure


class State:
    """Implements ``web.port.State``."""

    def __init__(self, health: Health, keyring: Keyring, clock: Clock) -> None:
        self._health = health
        self._keyring = keyring
        self._clock = clock

    def warning(self) -> str:
        """The red banner of every page; empty when all is well."""
        return self._health.warning()

    def health(self) -> Sequence[Figure]:
        """Every figure with its judgement; parts that are not well come first."""
        parts = [
            Figure(label=name, value=None, words=state, state="bad")
            for name, state in self._health.conditions().items()
            if state not in {"ok", "opening"}
        ]
        return parts + [
            Figure(
                label=figure.name.replace("_", " "),
                value=(value := figure.value()),
                unit=figure.unit,
                words=figure.words,
                state=figure.state(value),
            )
            for figure in self._health.figures
        ]

    def unasked(self) -> Project | None:
        """A project for which nobody has chosen a content mode yet."""
        return projects.unconfirmed(self._keyring.engine)

    def choose(self, caller: Caller, project: Project, mode: ContentMode) -> None:
        """Set what the vault keeps of a project; raises ``Denied`` for anybody but its owner."""
        caller.require_owner(project.id)
        projects.choose_mode(self._keyring.engine, project, mode, self._clock)
