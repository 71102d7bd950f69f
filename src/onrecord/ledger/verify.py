"""Checking a whole ledger without trusting whoever keeps it: every entry, every tile, every file, every claim.

All hashes are derived again from the entry bundles; nothing that is stored is believed. What does not fit is a
``Finding`` that names its victim, a file and an index, and the check goes on behind it. Faults of the ledger never
raise; only a source that does not answer does (``Unavailable``).

Use: ``check = LedgerCheck(reader, ...)``; iterate ``check.entries()`` once, to the end; read ``check.report()``.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from onrecord.errors import Corrupt, Missing
from onrecord.ledger.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from onrecord.ledger.edge import Edge
from onrecord.ledger.entry import Entry, UnknownVersion, decode_entries, decode_entry, is_listed
from onrecord.ledger.merkle import leaf_hashes
from onrecord.ledger.note import VerifierKey
from onrecord.ledger.reader import LedgerReader
from onrecord.ledger.rules import EntryRules
from onrecord.ledger.stored import Leftovers, check_vkey
from onrecord.ledger.tile import ENTRIES, WIDTH, TileName, tile_at

ALTERED: Final = "altered"
MISSING: Final = "missing"
UNTRUSTED: Final = "untrusted"
MALFORMED: Final = "malformed"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it must be."""

    state: str
    """``altered``, ``missing``, ``untrusted`` or ``malformed``."""
    file: str
    """Path below the ledger's directory."""
    index: int | None
    """Entry concerned, when one is known."""
    sentence: str


class LedgerReport(msgspec.Struct, frozen=True):
    """What a check found."""

    checkpoint: Checkpoint | None
    """As read; not to be relied on when there are findings."""
    signers: tuple[str, ...]
    """Known keys whose signatures hold."""
    kinds: dict[str, int]
    """Readable entries by kind."""
    unknown_versions: int
    """Entries of a later version: they stand in the tree, what they say can not be judged here."""
    unlisted: tuple[str, ...]
    """Providers and models that this program's lists do not hold: a later program wrote them, or somebody who should
    not."""
    silences: tuple[tuple[int, int, int], ...]
    """Index, from and to (microseconds) of each stretch longer than two heartbeats without an entry."""
    findings: tuple[Finding, ...]

    @property
    def is_intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


class LedgerCheck:
    """One pass over one ledger."""

    def __init__(
        self,
        reader: LedgerReader,
        *,
        keys: Sequence[VerifierKey],
        origin: str = "",
        held: Sequence[Checkpoint] = (),
        previous: Checkpoint | None = None,
        files: Sequence[str] | None = None,
        later: Callable[[int, int], Sequence[bytes]] = lambda _first, _end: (),
    ) -> None:
        """Prepare a check.

        Args:
            reader: Where the files are.
            keys: Verifier keys of the ledger and of witnesses that the caller trusts.
            origin: The ledger that it must be, when the caller knows.
            held: Older checkpoints that the ledger must continue: the last signed one of ``checkpoints.db`` (read
                before this check begins), those that an auditor kept.
            previous: Final checkpoint of the ledger that the first entry must name.
            files: Every path of the directory (``stored_files``), to find what does not belong; ``None`` over HTTP.
            later: Entries [first, end) behind the checkpoint, as far as they are durable somewhere: what was signed
                but not published before a crash, or a moment ago.
        """
        self._reader = reader
        self._keys = keys
        self._origin = origin
        self._held = sorted(held, key=lambda checkpoint: checkpoint.size)
        self._later = later
        self._rules = EntryRules(previous)
        self._leftovers = Leftovers(files)
        self._found: list[Finding] = []
        self._signers: tuple[str, ...] = ()
        self._kinds: Counter[str] = Counter()
        self._unknown = 0
        self._names: set[tuple[str, str]] = set()
        self._unlisted: set[str] = set()
        self._manifests: dict[bytes, int] = {}
        self.checkpoint = self._open()

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Index and entry of each readable entry under the checkpoint, ascending. To be exhausted once."""
        size = self.checkpoint.size if self.checkpoint else 0
        edge = Edge()
        self._compare_held(edge, [], 0)
        for number in range(-(-size // WIDTH)):
            name = tile_at(ENTRIES, number, size)
            bundle = self._bundle(name)
            leaves = self._leaves(name, bundle)
            if leaves is None:
                self._end_early(name)
                return
            self._compare_held(edge, leaves, number * WIDTH)
            for tile, hashes in edge.extend(leaves):
                self._compare_tile(tile, hashes)
            yield from self._judge(number * WIDTH, bundle)
        for tile, hashes in edge.partials():
            self._compare_tile(tile, hashes)
        self._finish(edge)

    def report(self) -> LedgerReport:
        """What was found, after ``entries`` was exhausted."""
        return LedgerReport(
            checkpoint=self.checkpoint,
            signers=self._signers,
            kinds=dict(self._kinds),
            unknown_versions=self._unknown,
            unlisted=tuple(sorted(self._unlisted)),
            silences=tuple(self._rules.silences),
            findings=tuple(self._found),
        )

    def _open(self) -> Checkpoint | None:
        try:
            note = self._reader.note()
        except Missing:
            self._find(MISSING, "checkpoint", None, "the ledger has no checkpoint")
            return None
        try:
            checkpoint, signed = open_checkpoint(note, self._keys)
            self._signers = tuple(one.key.name for one in signed)
        except ValueError as fault:
            try:
                checkpoint = read_checkpoint(note)
            except ValueError as malformed:
                self._find(MALFORMED, "checkpoint", None, str(malformed))
                return None
            self._find(UNTRUSTED, "checkpoint", None, f"the checkpoint's signature is not one to rely on: {fault}")
        if self._origin and checkpoint.origin != self._origin:
            self._find(UNTRUSTED, "checkpoint", None, f"the checkpoint is that of another ledger than {self._origin}")
        return checkpoint

    def _bundle(self, name: TileName) -> list[bytes]:
        first = name.number * WIDTH
        try:
            bundle = self._reader.bundle(name)
        except Missing:
            self._find(MISSING, name.path, first, f"the bundle of the entries from {first} is missing")
            return []
        except (ValueError, Corrupt) as fault:
            self._find(ALTERED, name.path, first, f"the bundle of the entries from {first} is altered: {fault}")
            return []
        self._leftovers.compare(self._reader, name, bundle, self._find)
        return bundle

    def _leaves(self, name: TileName, bundle: list[bytes]) -> list[bytes] | None:
        """Leaf hashes of a bundle; those of the tile when the bundle can not be read; ``None`` without either."""
        if bundle:
            return leaf_hashes(bundle)
        try:
            return self._reader.tile(TileName(0, name.number, name.width))
        except (Missing, ValueError, Corrupt):
            return None

    def _judge(self, first: int, bundle: list[bytes]) -> Iterator[tuple[int, Entry]]:
        try:
            entries: Sequence[Entry | None] = decode_entries(bundle)
        except ValueError:
            entries = [self._decode(first + offset, data) for offset, data in enumerate(bundle)]
        readable = [entry for entry in entries if entry is not None]
        self._kinds.update([entry.kind for entry in readable])
        self._manifests.update(
            {entry.manifest: index for index, entry in enumerate(entries, first) if entry and entry.manifest}
        )
        self._note_names(readable)
        if first and len(readable) == len(entries) and self._rules.are_plain(readable):
            yield from enumerate(readable, first)
            return
        size = self.checkpoint.size if self.checkpoint else 0
        for index, entry in enumerate(entries, first):
            if entry is None:
                continue
            fault = self._rules.fault(index, entry, size)
            if fault:
                self._find(ALTERED, tile_at(ENTRIES, index // WIDTH, size).path, index, fault)
            yield index, entry

    def _note_names(self, entries: Sequence[Entry]) -> None:
        names = {(entry.provider, entry.model) for entry in entries}
        for entry in entries if names - self._names else ():
            if not is_listed(entry):
                self._unlisted.update({entry.provider, entry.model} - {""})
        self._names |= names

    def _decode(self, index: int, data: bytes) -> Entry | None:
        size = self.checkpoint.size if self.checkpoint else 0
        try:
            return decode_entry(data)
        except UnknownVersion:
            self._unknown += 1
        except ValueError as fault:
            self._find(ALTERED, tile_at(ENTRIES, index // WIDTH, size).path, index, str(fault))
        return None

    def _compare_tile(self, name: TileName, hashes: list[bytes]) -> None:
        span = WIDTH**name.level
        first = name.number * WIDTH * span
        try:
            stored = self._reader.tile(name)
        except Missing:
            self._find(MISSING, name.path, first, "the tile is missing")
            return
        except (ValueError, Corrupt) as fault:
            self._find(ALTERED, name.path, first, f"the tile is altered: {fault}")
            return
        if stored != hashes:
            offset = next(at for at, pair in enumerate(zip(stored, hashes, strict=True)) if pair[0] != pair[1])
            index = first + offset * span
            bundle = tile_at(ENTRIES, index // WIDTH, self.checkpoint.size if self.checkpoint else 0).path
            self._find(ALTERED, name.path, index, f"this tile and {bundle} disagree from entry {index} on")
        else:
            self._leftovers.compare(self._reader, name, hashes, self._find)

    def _compare_held(self, edge: Edge, leaves: Sequence[bytes], first: int) -> None:
        """Compare the older checkpoints whose size these leaves reach."""
        while self._held and self._held[0].size <= first + len(leaves):
            held = self._held.pop(0)
            if held.root != edge.root(leaves[: held.size - first]):
                sentence = f"the ledger does not continue the checkpoint that was signed at {held.size} entries"
                self._find(ALTERED, "checkpoint", held.size, sentence)

    def _finish(self, edge: Edge) -> None:
        if self.checkpoint and edge.root() != self.checkpoint.root:
            self._find(ALTERED, "checkpoint", None, "the entries do not give the root that the checkpoint says")
        self._continue_to_held(edge)
        self._leftovers.finish(self._find)
        self._leftovers.check_manifests(self._reader, self._manifests, self._find)
        check_vkey(self._reader, self._keys, self._find)

    def _continue_to_held(self, edge: Edge) -> None:
        """Compare what was signed beyond the checkpoint with the entries that wait to be published."""
        size = edge.size
        for held in self._held:
            edge.extend(leaf_hashes(self._later(edge.size, held.size)))
            if edge.size < held.size:
                sentence = f"{held.size} entries were signed, the ledger has {size}: the end is missing"
                self._find(MISSING, "checkpoint", size, sentence)
            elif edge.root() != held.root:
                sentence = f"the entries that wait are not those that were signed at {held.size} entries"
                self._find(ALTERED, "checkpoint", size, sentence)

    def _end_early(self, name: TileName) -> None:
        first = name.number * WIDTH
        self._find(MISSING, name.path, first, f"entries from {first} can not be read, nor anything behind them checked")

    def _find(self, state: str, file: str, index: int | None, sentence: str) -> None:
        self._found.append(Finding(state, file, index, sentence))
