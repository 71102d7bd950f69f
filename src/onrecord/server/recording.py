"""The recording part of the server, put together: keys, vault, ledgers, commit thread and the two that follow it.

Everything an acknowledgement rests on is here and nothing of the web. Start order: keys fit, unfinished spool is taken
in, then the commit thread, the sequencer and the projector run. The store is opened by the projector's side on its own
time: ingest never waits for it.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from onrecord.durable import make_directory, sync_tree
from onrecord.errors import Missing, OnrecordError, Pushback, Rejected, Unavailable
from onrecord.ingest.commit import CommitThread
from onrecord.ingest.content import ContentReader
from onrecord.ingest.gaps import GapWatch
from onrecord.ingest.indexes import Indexes
from onrecord.ingest.journaling import Journal
from onrecord.ingest.pipeline import Pipeline
from onrecord.ingest.project import ProjectRuntimes
from onrecord.ingest.spool import Spool
from onrecord.ingest.staging import Staging
from onrecord.ingest.workers import Workers
from onrecord.keys.kek import create_kek, load_kek
from onrecord.keys.keystore import KeyStore
from onrecord.ledger.entry import Entry, Previous, decode_entry
from onrecord.ledger.ledgers import CrashPoint, Ledgers, no_crash
from onrecord.ledger.lock import CheckpointLock
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.ledger.sequencer import Sequencer
from onrecord.ledger.signer import create_signer, key_path
from onrecord.model.project import Project
from onrecord.model.record import Place
from onrecord.model.time import Clock
from onrecord.receive.port import Ack, Delivery
from onrecord.vault.reader import VaultReader

_POLL_S = 0.005
_NO_PROJECT = 0
"""A key of the installation itself."""


class Recording:
    """One node's recording part. Build it, ``start`` it, ``stop`` it; each once."""

    def __init__(
        self,
        *,
        data: Path,
        keys: Path,
        kek_text: str = "",
        kek_command: str = "",
        host: str,
        node: str,
        clock: Clock,
        projects: Callable[[], Sequence[Project]],
        workers: int = 0,
        crash_point: CrashPoint = no_crash,
    ) -> None:
        """Open everything below ``data`` for writing.

        Raises:
            Rejected: the key-encryption key is missing or does not fit.
            Corrupt: what is on disk contradicts itself or the last signed checkpoint.
        """
        self.projects = projects
        self._known: set[str] = set()
        self._crash_point = crash_point
        self._keys_directory = keys
        self.data = data
        _make_durable(data, keys)
        self.keys = KeyStore(data / "keys.db", _kek(data, keys, kek_text, kek_command))
        self.runtimes = ProjectRuntimes(self.keys, self._find)
        self.lock = CheckpointLock(keys / "checkpoints.db")
        self.ledgers = Ledgers(root=data / "ledger", host=host, node=node, signing=keys / "signing", lock=self.lock)
        for project in projects():
            self.know(project)
        self.staging = Staging(
            data / "vault",
            self.keys,
            self.runtimes,
            Indexes(self._signed()),
            clock,
            final=self._final,
            newest_us=self._newest_us(),
        )
        self.commits = CommitThread(self.staging, crash_point)
        self._gaps = GapWatch(self.commits, self.staging, self.runtimes, clock)
        self.pipeline = Pipeline(self.runtimes, self.commits, clock, Workers(workers))
        self.journal_key = self.keys.project_key(_NO_PROJECT, "journal")
        self.journal = Journal(
            data / "journal",
            owner="server",
            key=self.journal_key,
            clock=clock,
            find=self.numbered,
            submit=self.submit,
            crash_point=crash_point,
        )
        self.vault = VaultReader(data / "vault", self.keys)
        self.content = ContentReader(self.vault, self.runtimes)
        self._spool = Spool(data / "vault")
        self.sequencer = self._sequencing(clock)

    def _sequencing(self, clock: Clock) -> Sequencer:
        """Who follows the spool into the ledgers."""
        made = Sequencer(
            feed=self._spool,
            ledgers=self.ledgers,
            project_of=self._id_of,
            clock=clock,
            append_heartbeat=self._append_heartbeat,
            crash_point=self._crash_point,
        )
        made.position = self.staging.settled
        self.staging.followers.append(lambda: made.position)
        self.staging.on_closed = self._year_closed
        self.commits.on_commit.append(made.wake)
        return made

    def start(self) -> None:
        """Run the commit thread and the sequencer."""
        for project in self.projects():
            for year in self._years(project)[-1:]:
                self.sequencer.follow(project.id, year)
        self.commits.start()
        self.sequencer.start()
        self.pipeline.warm(self.projects())
        self.journal.take_up()
        self.journal.start()

    def stop(self) -> None:
        """Finish what was taken, publish it, end."""
        self.finish()
        self.close()

    def finish(self) -> None:
        """Finish what was taken and publish it; content can still be read."""
        self.journal.stop()
        self.pipeline.close()
        self.sequencer.stop()

    def close(self) -> None:
        """Close every file."""
        self._spool.close()
        self.vault.close()
        self.lock.close()
        self.keys.close()

    def submit(self, delivery: Delivery) -> "Future[Ack]":
        """Implements ``receive.port.Intake``: the pipeline, for projects that were made at any time."""
        self.know(delivery.project)
        return self.pipeline.submit(delivery)

    def know(self, project: Project) -> None:
        """Make the signing key of a project that has none and no ledger. Call before its first record."""
        if project.id in self._known:
            return
        self._known.add(project.id)
        if not key_path(self._keys_directory / "signing", project.id).exists() and not self._has_ledger(project):
            create_signer(self._keys_directory / "signing", project.id)

    def settle(self, timeout_s: float = 60) -> None:
        """Wait until all that is committed now is published.

        Raises:
            Unavailable: when that takes longer, or the sequencer has stopped.
        """
        target = self.commits_position()
        deadline = time.monotonic() + timeout_s
        while self.sequencer.position < target:
            if self.sequencer.fault is not None or time.monotonic() > deadline:
                raise Unavailable("the ledger does not follow the spool", hint="See /health.")
            self.sequencer.wake()
            time.sleep(_POLL_S)

    def commits_position(self) -> int:
        """The spool position of the newest transaction."""
        if self.commits.is_alive():
            return int(self.pipeline.exclusively(lambda: self.staging.spool_id).result(60))
        return self.staging.spool_id

    def published_entry(self, project: int, place: Place) -> Entry | None:
        """An entry under a signed checkpoint; None when there is none yet."""
        reader = self._reader(self._id_of(project), place.shard)
        try:
            if place.index >= reader.checkpoint().size:
                return None
            return decode_entry(reader.entry(place.index))
        except Missing:
            return None

    # --- inside ---------------------------------------------------------------------------------------------

    def _find(self, number: int) -> Project | None:
        return next((project for project in self.projects() if project.number == number), None)

    def numbered(self, number: int) -> Project:
        """The project of that number; raises ``Missing`` when there is none."""
        project = self._find(number)
        if project is None:
            raise Missing("There is no such project any more.")
        return project

    def _id_of(self, number: int) -> str:
        return self.runtimes.numbered(number).project.id

    def ledger_directory(self, project: str, year: int) -> Path:
        """Where the ledger of a project (by id) and year lies."""
        return self.ledgers.origin(project, year).directory(self.ledgers.root)

    def _reader(self, project: str, year: int) -> LedgerReader:
        return LedgerReader(read_directory(self.ledger_directory(project, year)))

    def _has_ledger(self, project: Project) -> bool:
        return any(self.ledger_directory(project.id, 0).parent.glob("*/checkpoint"))

    def _signed(self) -> dict[tuple[int, int], int]:
        """Size of every ledger's last signed checkpoint."""
        return {
            (project.number, year): self.ledgers.signed_size(project.id, year)
            for project in self.projects()
            for year in self._years(project)
        }

    def _years(self, project: Project) -> list[int]:
        """The years whose ledger of a project has been published, in order."""
        published = self.ledger_directory(project.id, 0).parent.glob("*/checkpoint")
        return sorted(int(checkpoint.parent.name) for checkpoint in published)

    def _newest_us(self) -> int:
        """Time of receipt of the newest published entry; a damaged ledger is for the sequencer to refuse."""
        newest = [0]
        for project in self.projects():
            for year in self._years(project)[-1:]:
                with contextlib.suppress(OnrecordError, ValueError):
                    reader = self._reader(project.id, year)
                    newest.append(decode_entry(reader.entry(reader.checkpoint().size - 1)).received_us)
        return max(newest)

    def _final(self, number: int, year: int, size: int) -> Previous | None:
        """See ``Staging``: wait for a ledger's checkpoint of ``size``; with 0 the final one if it is closed."""
        reader = self._reader(self._id_of(number), year)
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(Missing):  # nothing of it is published yet
                checkpoint = reader.checkpoint()
                closed = decode_entry(reader.entry(checkpoint.size - 1)).next is not None
                if checkpoint.size >= size and closed:
                    return Previous(shard=year, size=checkpoint.size, root=checkpoint.root)
            if not size:
                return None
            if time.monotonic() > deadline:
                raise Unavailable("the ledger of last year is not closed yet")
            self.sequencer.wake()
            time.sleep(_POLL_S)

    def _year_closed(self) -> None:
        self._crash_point("commit.year-closed")
        self.sequencer.wake()

    def _append_heartbeat(self, project: str) -> None:
        found = next(one for one in self.projects() if one.id == project)
        with contextlib.suppress(Pushback):  # stopping: the next start beats
            self.pipeline.append(found, "heartbeat", None, about="heartbeat")


def _make_durable(data: Path, keys: Path) -> None:
    """The directories, and whatever a process that was killed left in them."""
    for directory in (data, data / "vault", data / "ledger", keys):
        make_directory(directory)
    for root in (data, keys):
        sync_tree(root)


def _kek(data: Path, keys: Path, text: str, command: str) -> bytes:
    kek = load_kek(keys / "kek", text=text, command=command)
    if kek is not None:
        return kek
    if (data / "keys.db").exists():
        raise Rejected(
            f"the key-encryption key of this data directory is not at {keys / 'kek'}",
            hint="Restore it, or its recovery code, there. A new one is never made: it would open nothing.",
        )
    return create_kek(keys / "kek")
