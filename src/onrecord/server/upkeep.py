"""What owners look after an installation with, put together: dead letters, self-tests, storage."""

from collections.abc import Callable, Sequence

from onrecord.config import Settings
from onrecord.control.keyring import Keyring
from onrecord.control.library import Library
from onrecord.errors import Missing
from onrecord.governance.erasure import ABOUT
from onrecord.governance.selftest import Place as Home
from onrecord.governance.selftest import SelfTest
from onrecord.ingest.letters import LetterBox
from onrecord.model.access import Access
from onrecord.model.project import SYSTEM_PROJECT, Project
from onrecord.model.record import Place
from onrecord.model.time import Clock
from onrecord.query.erasures import Erasures
from onrecord.query.letters import Letters
from onrecord.query.storage import Storage
from onrecord.server.projection import Projection
from onrecord.server.reading import ledgers_of, recorder
from onrecord.server.recording import Recording
from onrecord.vault.body import place_of

_RECORDED_S = 30


def letters(recording: Recording, keyring: Keyring, clock: Clock) -> Letters:
    """The dead letters of every project."""

    def retried(access: Access, project: Project, id_: str) -> None:
        value = {"actor": access.actor, "did": "retry", "letter": id_}
        recording.pipeline.append(project, "admin", value, about=f"admin {access.actor}").result(_RECORDED_S)

    box = LetterBox(recording.data / "vault", recording.keys, recording.runtimes, recording.commits, clock)
    return Letters(box, _by_id(keyring), recorder(recording.pipeline), retried)


def erasures(recording: Recording, keyring: Keyring) -> Erasures:
    """The erasures of every project."""

    def places(project: Project) -> Sequence[Place]:
        locators = recording.runtimes.of(project).locators
        base = locators.actor(ABOUT)

        def found() -> list[Place]:
            held = [recording.keys.find_partition(locators.month(base, month)) for month in recording.vault.months()]
            ids = recording.staging.ids_of_partitions([one.id for one in held if one is not None])
            return [Place(year, place_of(identifier)[1]) for year, identifier in ids]

        return recording.pipeline.exclusively(found).result(_RECORDED_S)  # type: ignore[no-any-return]

    return Erasures(places, _by_id(keyring), lambda project: ledgers_of(recording.data / "ledger", project))


def selftest(settings: Settings, recording: Recording, keyring: Keyring, library: Library, clock: Clock) -> SelfTest:
    """The self-tests of the installation."""

    def home() -> Project:
        found = _by_id(keyring)(SYSTEM_PROJECT)
        if found is None:
            raise Missing("The installation has no project of its own.")
        return found

    place = Home(settings.data, settings.keys_directory, settings.kek, settings.kek_command)
    return SelfTest(place, home=home, library=library, pipeline=recording.pipeline, clock=clock)


def storage(settings: Settings, projection: Projection) -> Storage:
    """What the data directory is made of."""
    return Storage(settings.data, settings.control_file, projection.select)


def _by_id(keyring: Keyring) -> Callable[[str], Project | None]:
    return lambda id_: next((project for project in keyring.every_project() if project.id == id_), None)
