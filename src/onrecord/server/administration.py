"""What an operator does to a running installation: erase a person, rebuild the store.

The command line reaches a running server through a socket in the data directory; whoever may open that file may do
this, so no key is asked for. The same functions serve an installation that is opened for one command alone.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.control.keyring import Keyring
from onrecord.control.library import Library
from onrecord.errors import Corrupt, Denied, Missing, Rejected, Unavailable
from onrecord.governance.erasure import Erased, Eraser
from onrecord.governance.manifests import LedgerManifests
from onrecord.ledger.entry import Entry, decode_entry
from onrecord.model.project import Project
from onrecord.model.record import Place
from onrecord.model.time import Clock
from onrecord.privacy.pseudonym import is_made_id
from onrecord.server.gate import came_through_socket
from onrecord.server.projection import Projection
from onrecord.server.reading import ledgers_of
from onrecord.server.recording import Recording

_SETTLE_SECONDS: Final = 60.0
_OPEN_SECONDS: Final = 60.0
_PLACES_OF_USER: Final = (
    "SELECT shard, idx FROM spans FINAL WHERE project = {project:String} AND user = {user:String} "
    "ORDER BY shard DESC, idx DESC LIMIT 20"
)


class Administration:
    """Erasing and rebuilding, one at a time."""

    def __init__(
        self,
        *,
        recording: Recording,
        projection: Projection,
        keyring: Keyring,
        library: Library,
        clock: Clock,
        empty_journals: Callable[[float], None],
    ) -> None:
        """``empty_journals`` waits until what was promised so far is on the record; raises ``Unavailable``."""
        self._recording = recording
        self._projection = projection
        self._keyring = keyring
        self._empty_journals = empty_journals
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._eraser = Eraser(
            keys=recording.keys,
            staging=recording.staging,
            pipeline=recording.pipeline,
            runtimes=recording.runtimes,
            manifests=LedgerManifests(recording.ledger_directory),
            rows=_Rows(projection),
            library=library,
            settle=self.settle,
        )

    def settle(self) -> None:
        """Wait until all that is committed now is published and projected; raises ``Unavailable``."""
        self._recording.settle(_SETTLE_SECONDS)
        if not self._projection.settle(self._recording.commits_position(), _SETTLE_SECONDS):
            raise Unavailable("The store does not follow the spool.", hint="See /health.")

    def erase(self, project: str, user: str, reason: str = "") -> Erased:
        """Erase everything of the data subject that clients call ``user``, or the pages by a pseudonym, in a project.

        Raises:
            Missing: there is no such project, or nobody of that pseudonym.
            Unavailable: run it again, or restart, to finish.
        """
        found = self._project(project)
        with self._one_at_a_time:
            self._projection.await_open(_OPEN_SECONDS)
            self._empty_journals(_SETTLE_SECONDS)
            return self._eraser.erase_user(found, self._raw(found, user), reason=reason, actor="operator")

    def _raw(self, project: Project, user: str) -> str:
        """What clients call a person: no table maps a pseudonym back, but the records of the person say it."""
        if not is_made_id(user):
            return user
        pseudonyms = self._recording.runtimes.of(project).pseudonyms
        for shard, index in self._projection.select(_PLACES_OF_USER, {"project": project.id, "user": user}):
            with contextlib.suppress(Missing, Corrupt):
                raw = self._recording.content.read(project.number, Place(shard, index)).user_id
                if pseudonyms.user(raw) == user:
                    return raw
        raise Missing(
            "No record of a person with that pseudonym is in the project.",
            hint="Perhaps it is erased already; else name the id that applications send.",
        )

    def resume(self) -> int:
        """Finish erasures that a crash cut off."""
        with self._one_at_a_time:
            self._projection.await_open(_OPEN_SECONDS)
            return self._eraser.resume(lambda number: _numbered(self._keyring, number))

    def rebuild(self) -> Mapping[str, Any]:
        """Make the store again from ledger and vault, while it goes on answering; raises ``Unavailable``."""
        from onrecord.store.rebuild import rebuild  # noqa: PLC0415 - the engine is imported beside the start

        with self._one_at_a_time:
            self._projection.await_open(_OPEN_SECONDS)
            writer, pause = self._projection.projecting()
            done = rebuild(self._projection.store(), writer, self._clock, self._rows, pause)
            self._projection.found()
        return msgspec.structs.asdict(done)

    def restore(self) -> bool:
        """Make the store again if it was lost; whether it was."""
        self._projection.await_open(_OPEN_SECONDS)
        if self._projection.lost:
            self.rebuild()
            return True
        return False

    def _rows(self) -> Iterator[tuple[str, bytes]]:
        """Table and line of everything that is kept: all that is projected already is published by now."""
        self._recording.settle(_SETTLE_SECONDS)
        for project in self._keyring.every_project():
            yield from self._recording.content.rows(project.number, self._entries(project))

    def _entries(self, project: Project) -> Iterator[tuple[Place, Entry]]:
        for shard, reader in ledgers_of(self._recording.data / "ledger", project):
            for index, entry in reader.entries(0, reader.checkpoint().size):
                yield Place(shard, index), decode_entry(entry)

    def _project(self, name: str) -> Project:
        for project in self._keyring.every_project():
            if name in (project.id, project.name):
                return project
        raise Missing("There is no such project.", hint="`onrecord keys list` and the pages show their names.")


class _Rows:
    """Implements ``governance.erasure.Rows``."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def erase(self, project: Project, places: Sequence[Place]) -> None:
        from onrecord.store.delete import erase  # noqa: PLC0415 - the engine is imported beside the start

        erase(self._projection.store(), project.id, places)


def _numbered(keyring: Keyring, number: int) -> Project | None:
    return next((project for project in keyring.every_project() if project.number == number), None)


def routes(administration: Administration) -> list[Route]:
    """``/admin/...``, for whoever comes through the socket in the data directory and for nobody else."""

    def erase(asked: Mapping[str, Any]) -> Any:
        return administration.erase(asked["project"], asked["user"], asked.get("reason", ""))

    def rebuild(_: Mapping[str, Any]) -> Any:
        return administration.rebuild()

    return [
        Route("/admin/erase", _endpoint(erase), methods=["POST"]),
        Route("/admin/rebuild", _endpoint(rebuild), methods=["POST"]),
    ]


def _endpoint(run: Callable[[Mapping[str, Any]], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        if not came_through_socket(request.scope):
            raise Denied("This is done on the machine itself, with the command line.")
        try:
            asked: dict[str, str] = msgspec.json.decode(await request.body(), type=dict[str, str])
        except msgspec.DecodeError:
            raise Rejected("The command is not understood.") from None
        return Response(msgspec.json.encode(await run_in_threadpool(run, asked)), media_type="application/json")

    return answer
