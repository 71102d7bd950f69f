"""Erasing a person: the ledger says it first, then everything is destroyed, then the ledger says it is done.

    retire ─► erasure entry (a manifest of ledger indexes) ─► signed checkpoint ─► keys ─► rows ─► content ─► done entry

A crash in between leaves the marks of ``retire``, and the next start finishes: each step does nothing when there is
nothing left to do. What can not be attributed to a person (a dead letter) is not touched and goes after seven days.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import msgspec

from onrecord.ingest.pipeline import Pipeline
from onrecord.ingest.project import ProjectRuntimes
from onrecord.ingest.staging import Staging
from onrecord.keys.keystore import KeyStore
from onrecord.ledger.manifest import ranges_of
from onrecord.model.project import Project
from onrecord.model.record import Place
from onrecord.vault.body import place_of

ABOUT = "erasures"
"""Whose partition holds the records about erasures."""
_TIMEOUT_S = 120


class Erased(msgspec.Struct, frozen=True):
    """What an erasure did."""

    records: int
    partitions: int


class Manifests(Protocol):
    """Where the list of erased ledger indexes is published (a static file beside the ledger's tiles)."""

    def publish(self, project: Project, shard: int, ranges: Sequence[tuple[int, int]]) -> bytes:
        """Write the manifest durably and return its SHA-256. ``ranges`` are sorted, half open."""
        ...


class Rows(Protocol):
    """The store, as far as erasing goes."""

    def erase(self, project: Project, places: Sequence[Place]) -> None:
        """Remove the rows of these records and return when no byte of them is left on disk."""
        ...


class Library(Protocol):
    """What was made from records and lies beside them. Implemented by ``control.library.Library``."""

    def retire(self, project: Project, subject: int, user: bytes, traces: Collection[bytes]) -> None:
        """Mark what was made from a person or their traces (both as locators)."""
        ...

    def erase(self, subject: int) -> int:
        """Destroy what is marked; no byte of it is left on disk. How many documents went."""
        ...


class Eraser:
    """Erases data subjects of any project."""

    def __init__(
        self,
        *,
        keys: KeyStore,
        staging: Staging,
        pipeline: Pipeline,
        runtimes: ProjectRuntimes,
        manifests: Manifests,
        rows: Rows,
        library: Library,
        settle: Callable[[], None],
        crash_point: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``settle`` returns when all that is committed now is published in the ledger and projected into the store."""
        self._keys = keys
        self._staging = staging
        self._pipeline = pipeline
        self._runtimes = runtimes
        self._manifests = manifests
        self._rows = rows
        self._library = library
        self._settle = settle
        self._crash_point = crash_point

    def erase_user(self, project: Project, user_id: str, *, reason: str = "", actor: str = "") -> Erased:
        """Erase everything of the data subject that clients call ``user_id``; somebody nobody knows is zero records.

        Raises:
            Unavailable: when a file could not be cleaned now; run it again, or restart, to finish.
        """
        locator = self._runtimes.of(project).locators.user(user_id)
        subject = self._keys.find_subject(locator)
        if subject is None:
            return self._finish_earlier(project)
        self._exclusively(lambda: self._retire(project, subject.id, locator))
        return self._finish(project, subject.id, subject.tag, {"reason": reason, "actor": actor})

    def resume(self, find: Callable[[int], Project | None]) -> int:
        """Finish erasures that a crash cut off; return how many."""
        unfinished = self._exclusively(self._keys.erasing)
        for subject, number, tag in unfinished:
            project = find(number)
            if project is not None:
                self._finish(project, subject, tag, {"reason": "resumed after a restart"})
        return len(unfinished)

    def _finish_earlier(self, project: Project) -> Erased:
        """Nobody is known by that name any more: perhaps an erasure failed halfway. Finish those of the project."""
        unfinished = [one for one in self._exclusively(self._keys.erasing) if one[1] == project.number]
        done = [self._finish(project, subject, tag, {"reason": "asked again"}) for subject, _, tag in unfinished]
        return Erased(sum(one.records for one in done), sum(one.partitions for one in done))

    def _finish(self, project: Project, subject: int, tag: bytes, basis: dict[str, str]) -> Erased:
        name = urlsafe_b64encode(tag).rstrip(b"=").decode("ascii")
        self._settle()
        partitions: list[int] = self._exclusively(lambda: self._keys.partitions_erasing(subject))
        by_shard = _by_shard(self._exclusively(lambda: self._staging.ids_of_partitions(partitions)))
        records = sum(map(len, by_shard.values()))
        for shard, indexes in by_shard.items():
            manifest = self._manifests.publish(project, shard, ranges_of(indexes))
            self._append(project, "erasure", basis, tag=name, manifest=manifest, records=len(indexes))
        self._settle()
        self._crash_point("erasure.announced")
        self._exclusively(lambda: self._keys.destroy_keys(subject))
        self._crash_point("erasure.keys-destroyed")
        self._runtimes.forget()
        # A late part of an erased span is a row made from the vault: one that was read with the keys must be in the
        # store before its rows go, or it would come after. Read without them it makes no row any more.
        self._settle()
        self._rows.erase(project, [Place(shard, index) for shard, indexes in by_shard.items() for index in indexes])
        self._crash_point("erasure.rows-gone")
        self._exclusively(lambda: self._staging.erase(partitions))
        self._crash_point("erasure.content-gone")
        documents = self._library.erase(subject)
        self._exclusively(lambda: self._keys.forget(subject))
        done = {"partitions": len(partitions), "documents": documents}
        self._append(project, "erasure.done", done, tag=name, records=records)
        return Erased(records, len(partitions))

    def _retire(self, project: Project, subject: int, locator: bytes) -> None:
        """After this, what arrives about the person is not part of this erasure: it goes into new partitions."""
        self._library.retire(project, subject, locator, self._keys.traces_of_subject(subject))
        self._keys.retire(subject)
        self._staging.partitions.forget()

    def _append(self, project: Project, kind: str, value: object, **entry: object) -> None:
        self._pipeline.append(project, kind, value, about=ABOUT, **entry).result(_TIMEOUT_S)

    def _exclusively(self, run: Callable[[], Any]) -> Any:
        return self._pipeline.exclusively(run).result(_TIMEOUT_S)


def _by_shard(ids: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    shards: dict[int, list[int]] = {}
    for year, identifier in ids:
        shards.setdefault(year, []).append(place_of(identifier)[1])
    return {year: sorted(indexes) for year, indexes in shards.items()}
