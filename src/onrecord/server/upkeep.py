"""What owners look after an installation with, put together: dead letters, self-tests, storage."""

from collections.abc import Callable

from onrecord.config import Settings
from onrecord.control.keyring import Keyring
from onrecord.control.library import Library
from onrecord.errors import Missing
from onrecord.governance.selftest import Place, SelfTest
from onrecord.ingest.letters import LetterBox
from onrecord.model.access import Access
from onrecord.model.project import SYSTEM_PROJECT, Project
from onrecord.model.time import Clock
from onrecord.query.letters import Letters
from onrecord.query.storage import Storage
from onrecord.server.projection import Projection
from onrecord.server.reading import recorder
from onrecord.server.recording import Recording

_RECORDED_S = 30


def letters(recording: Recording, keyring: Keyring, clock: Clock) -> Letters:
    """The dead letters of every project."""

    def retried(access: Access, project: Project, id_: str) -> None:
        value = {"actor": access.actor, "did": "retry", "letter": id_}
        recording.pipeline.append(project, "admin", value, about=f"admin {access.actor}").result(_RECORDED_S)

    box = LetterBox(recording.data / "vault", recording.keys, recording.runtimes, recording.commits, clock)
    return Letters(box, _by_id(keyring), recorder(recording.pipeline), retried)


def selftest(settings: Settings, recording: Recording, keyring: Keyring, library: Library, clock: Clock) -> SelfTest:
    """The self-tests of the installation."""

    def home() -> Project:
        found = _by_id(keyring)(SYSTEM_PROJECT)
        if found is None:
            raise Missing("The installation has no project of its own.")
        return found

    place = Place(settings.data, settings.keys_directory, settings.kek, settings.kek_command)
    return SelfTest(place, home=home, library=library, pipeline=recording.pipeline, clock=clock)


def storage(settings: Settings, projection: Projection) -> Storage:
    """What the data directory is made of."""
    return Storage(settings.data, settings.control_file, projection.select)


def _by_id(keyring: Keyring) -> Callable[[str], Project | None]:
    return lambda id_: next((project for project in keyring.every_project() if project.id == id_), None)
