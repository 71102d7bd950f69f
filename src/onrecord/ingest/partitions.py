"""Which partition a record's content is sealed in, and which data subjects that ties to it.

The person is often known late: children arrive before the root, and some clients name the user on one span only. So
the traces that are going on are remembered with their partitions and subjects, and whichever arrives second, the
partition or the person, makes the tie. docs/format/keys.md says what is stored.
"""

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.errors import Corrupt
from onrecord.ingest.item import Item
from onrecord.keys.keystore import INSTALLATION, SESSION, TRACE, KeyStore
from onrecord.keys.locator import Locators
from onrecord.vault.body import Sealer
from onrecord.vault.history import History
from onrecord.vault.month import MonthReader
from onrecord.vault.partition import OpenPartition, OpenPartitions, read_history

DEAD_LETTERS = "dead letters"
"""Whose partition seals what could not be kept as a record."""
_TRACES = 20_000
"""Traces remembered in each of two generations; older ones are looked up again."""


class _Trace(msgspec.Struct):
    partitions: set[int]
    subjects: set[int]


class Partitions:
    """Partitions, traces and subjects as the commit thread sees them."""

    def __init__(self, keys: KeyStore, sealer: Sealer) -> None:
        self._keys = keys
        self._sealer = sealer
        self._open = OpenPartitions()
        self._young: dict[bytes, _Trace] = {}
        self._old: dict[bytes, _Trace] = {}
        self._staging = False

    def of(self, item: Item, locators: Locators, file: MonthReader) -> OpenPartition:
        """The partition that seals this item; new rows of the key store are staged."""
        base = item.session or item.trace
        partition = self._open.get(base)
        if partition is None:
            kind = INSTALLATION if item.installation else SESSION if item.session else TRACE
            partition = self._load(base, locators, file, kind=kind, project=item.project, retention=item.retention)
        if not item.installation:
            self._note(item, partition)
        return partition

    def adopt(self, trace: bytes, alone: bytes) -> None:
        """Say that what lies in the partitions of ``alone`` is of a trace: whoever is tied to it is tied to them."""
        partitions = self._keys.partitions_of_trace(alone)
        if partitions:
            known = self._trace(trace)
            for partition in partitions:
                self._link(trace, known, partition)

    def installation(self, project: int, retention: str, locators: Locators, file: MonthReader) -> AESGCM:
        """The key for a project's dead letters of this month."""
        base = locators.actor(DEAD_LETTERS)
        partition = self._open.get(base)
        if partition is None:
            partition = self._load(base, locators, file, kind=INSTALLATION, project=project, retention=retention)
        return partition.aead

    def forget(self) -> None:
        """Drop every key, history and trace from memory."""
        self._open.clear()
        self._young.clear()
        self._old.clear()

    def commit(self) -> None:
        """Make the staged rows of the key store durable."""
        if self._staging:
            self._keys.commit()
            self._staging = False

    def rollback(self) -> None:
        """Forget the staged rows, and with them everything in memory that may rest on them."""
        self._keys.rollback()
        self._staging = False
        self.forget()

    def _stage(self) -> None:
        if not self._staging:
            self._keys.begin()
            self._staging = True

    def _load(
        self, base: bytes, locators: Locators, file: MonthReader, *, kind: int, project: int, retention: str
    ) -> OpenPartition:
        locator = locators.month(base, file.month)
        found = self._keys.find_partition(locator)
        if found is None:
            self._stage()
            found = self._keys.create_partition(project, kind, locator, f"{retention}/{file.month}")
            return self._open.add(base, found, History())
        try:
            history = read_history(self._sealer, found, file)
        except Corrupt:
            history = History()  # verify names the victim; what comes now is stored whole
        return self._open.add(base, found, history)

    def _note(self, item: Item, partition: OpenPartition) -> None:
        trace = self._trace(item.trace)
        self._link(item.trace, trace, partition.id)
        if item.user:
            self._tie(item, trace)

    def _trace(self, locator: bytes) -> _Trace:
        trace = self._young.get(locator)
        if trace is None:
            trace = self._old.get(locator) or self._recall(locator)
            if len(self._young) >= _TRACES:
                self._old, self._young = self._young, {}
            self._young[locator] = trace
        return trace

    def _link(self, locator: bytes, trace: _Trace, partition: int) -> None:
        if partition not in trace.partitions:
            self._stage()
            self._keys.link_trace(locator, partition)
            trace.partitions.add(partition)
            for subject in trace.subjects:
                self._keys.tie(subject, partition)

    def _tie(self, item: Item, trace: _Trace) -> None:
        subject = self._keys.find_subject_staged(item.user)
        if subject is None:
            self._stage()
            subject = self._keys.create_subject(item.project, item.user)
        if subject.id not in trace.subjects:
            self._stage()
            trace.subjects.add(subject.id)
            for partition in trace.partitions:
                self._keys.tie(subject.id, partition)

    def _recall(self, trace: bytes) -> _Trace:
        partitions = set(self._keys.partitions_of_trace(trace))
        subjects = {subject for partition in partitions for subject in self._keys.subjects_of(partition)}
        return _Trace(partitions, subjects)
