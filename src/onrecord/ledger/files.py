"""Writing a ledger's directory. Layout and order of writing: docs/format/ledger.md.

One writer per ledger, one thread. ``add`` computes, ``write`` puts tiles (and at first the key) into place, the
caller syncs, ``sign`` and the compare-and-swap follow, ``stage`` and ``publish`` make the checkpoint visible, ``tidy``
drops what full tiles replaced. After an error the writer is of no further use: open the directory again, which starts
from the published checkpoint and asks for the entries after it.
"""

from pathlib import Path
from typing import Final

from onrecord.durable import place_file, stage_file, sync_all
from onrecord.errors import Corrupt, Missing
from onrecord.ledger.checkpoint import Checkpoint, open_checkpoint
from onrecord.ledger.edge import Edge
from onrecord.ledger.entry import decode_entry
from onrecord.ledger.lock import Locked, Swap
from onrecord.ledger.merkle import EMPTY_ROOT, leaf_hash, leaf_hashes
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.ledger.signer import Signer
from onrecord.ledger.tile import ENTRIES, HEIGHT, WIDTH, TileName, decode_bundle, encode_bundle

CHECKPOINT: Final = "checkpoint"
VKEY: Final = "vkey"
_VERIFY: Final = "Run onrecord verify; it names what is damaged."
_FILE_MODE: Final = 0o644
_STRAY_TILES: Final = 256
"""Tiles beyond the checkpoint that one interrupted publication can have left: ADD_LIMIT entries, rounded up."""
ADD_LIMIT: Final = (_STRAY_TILES - 1) * WIDTH
"""Entries that may be added between two publications."""


class LedgerWriter:
    """The one who continues a ledger."""

    def __init__(self, directory: Path, origin: str, signer: Signer, locked: Locked | None) -> None:
        """Open ``directory`` where the published checkpoint left it; make nothing yet.

        Raises:
            Corrupt: the checkpoint is not signed by ``signer``, the tiles do not give its root, or it contradicts
                the last signed one (``locked``).
        """
        self.directory = directory
        self.origin = origin
        self._signer = signer
        self.published = self._published()
        """The newest checkpoint that readers see; size 0 before the first."""
        self.locked = locked
        """The last signed checkpoint. Ahead of ``published`` after a crash, until the same entries came again."""
        self._compare_with_lock()
        self._bundle: list[bytes] = []
        self._edge = self._load_edge()
        self._standing = self._partial_names()
        """Partials under the published checkpoint: never written again, since a power cut could take them."""
        self._written: dict[TileName, bytes] = {}
        self._finished: list[TileName] = []

    @property
    def size(self) -> int:
        """Entries, those that are not published yet included."""
        return self._edge.size

    @property
    def owed(self) -> int:
        """Entries that were signed but not published: they must come again, up to exactly this size, 0 when none."""
        signed = self.locked.checkpoint.size if self.locked else 0
        return signed if signed > self.published.size else 0

    def last_received_us(self) -> int | None:
        """Time of receipt of the newest entry; ``None`` when there is none."""
        return decode_entry(self._bundle[-1]).received_us if self._bundle else self._last_of_full_bundle()

    def add(self, index: int, entry: bytes) -> None:
        """Take the entry that has ``index``; one that is here already is compared, so that a replay is safe.

        Raises:
            Corrupt: the entry skips an index, or is not the one that is here.
        """
        if index != self._edge.size:
            self._compare(index, entry)
            return
        self._bundle.append(entry)
        if len(self._bundle) == WIDTH:
            self._finish(TileName(ENTRIES, index // WIDTH), encode_bundle(self._bundle))
            self._bundle = []
        for name, hashes in self._edge.append(leaf_hash(entry)):
            self._finish(name, b"".join(hashes))

    def write(self) -> list[Path]:
        """Put the tiles and bundles of what was added into place; the answer is to be synced before ``sign``.

        Before the first checkpoint the key that it will verify under goes with them: renamed together with the
        checkpoint, a power cut could keep one name and lose the other.
        """
        for name, content in self._partials():
            if name not in self._standing:
                self._written[name] = content
        changed: list[Path] = []
        for name, content in self._written.items():
            changed += place_file(self.directory / name.path, content, mode=_FILE_MODE)
        self._written = {}
        if not self.published.size:
            vkey = f"{self._signer.key(self.origin)}\n"
            changed += place_file(self.directory / VKEY, vkey.encode(), mode=_FILE_MODE)
        return changed

    def sign(self) -> Swap:
        """The checkpoint of everything added, signed, as the swap that the lock must accept before ``publish``.

        Raises:
            Corrupt: entries that were signed before have not all come again, or were others.
        """
        checkpoint = Checkpoint(self.origin, self.size, self._edge.root())
        last = self.locked.checkpoint if self.locked else None
        if (
            last
            and self.owed
            and (checkpoint.size < last.size or (checkpoint.size == last.size and checkpoint != last))
        ):
            raise Corrupt(
                f"{self.origin}: what was signed at size {last.size} is not what has come again",
                hint="Restored from a backup? See 'When a backup was restored' in docs/operations.md.",
            )
        return Swap(last, checkpoint, self._signer.sign(checkpoint))

    def stage(self, swap: Swap) -> list[Path]:
        """Write the checkpoint that the lock has accepted; the answer is to be synced before ``publish``."""
        return [stage_file(self.directory / CHECKPOINT, swap.note, mode=_FILE_MODE)]

    def publish(self, swap: Swap) -> list[Path]:
        """Make the staged checkpoint visible; the answer is to be synced before ``tidy``."""
        (self.directory / f".{CHECKPOINT}.tmp").replace(self.directory / CHECKPOINT)
        self.locked = Locked(swap.new, swap.note)
        self.published = swap.new
        self._standing = self._partial_names()
        return [self.directory]

    def tidy(self) -> None:
        """Drop the partials that full tiles have replaced."""
        for name in self._finished:
            self._remove_partials(name)
        self._finished = []

    def _finish(self, name: TileName, content: bytes) -> None:
        self._written[name] = content
        self._finished.append(name)

    def _partial_names(self) -> set[TileName]:
        return {name for name, _ in self._partials()}

    def _partials(self) -> list[tuple[TileName, bytes]]:
        partials = [(name, b"".join(hashes)) for name, hashes in self._edge.partials()]
        if self._bundle:
            partials.append((TileName(ENTRIES, self.size // WIDTH, len(self._bundle)), encode_bundle(self._bundle)))
        return partials

    def _published(self) -> Checkpoint:
        path = self.directory / CHECKPOINT
        if not path.exists():
            return Checkpoint(self.origin, 0, EMPTY_ROOT)
        try:
            checkpoint, _ = open_checkpoint(path.read_bytes(), [self._signer.key(self.origin)])
        except ValueError as error:
            raise Corrupt(f"the checkpoint of {self.origin} does not hold: {error}") from None
        return checkpoint

    def _compare_with_lock(self) -> None:
        last = self.locked.checkpoint if self.locked else Checkpoint(self.origin, 0, EMPTY_ROOT)
        if last.size < self.published.size or (last.size == self.published.size and last != self.published):
            raise Corrupt(
                f"the checkpoint of {self.origin} is not the last one that was signed",
                hint="Restored from a backup? See 'When a backup was restored' in docs/operations.md.",
            )

    def _load_edge(self) -> Edge:
        size = self.published.size
        reader = LedgerReader(read_directory(self.directory))
        tiles: list[list[bytes]] = []
        try:
            while hashes := size >> HEIGHT * len(tiles):
                name = TileName(len(tiles), hashes // WIDTH, hashes % WIDTH)
                tiles.append(reader.tile(name) if name.width else [])
            if size % WIDTH:
                self._bundle = reader.bundle(TileName(ENTRIES, size // WIDTH, size % WIDTH))
        except (ValueError, Missing) as error:
            raise Corrupt(f"the right edge of {self.origin} is damaged: {error}", hint=_VERIFY) from None
        edge = Edge(size, tiles)
        if edge.root() != self.published.root or (size and leaf_hashes(self._bundle) != tiles[0]):
            raise Corrupt(f"the tiles of {self.origin} do not give the root of its checkpoint", hint=_VERIFY)
        self._remove_strays(size, len(tiles))
        return edge

    def _remove_strays(self, size: int, levels: int) -> None:
        """Remove what an interrupted publication left beyond the checkpoint: it may be torn and is written again."""
        for name in (CHECKPOINT, VKEY):
            (self.directory / f".{name}.tmp").unlink(missing_ok=True)
        for level in (ENTRIES, *range(levels + 1)):
            hashes = size if level == ENTRIES else size >> HEIGHT * level
            edge = hashes // WIDTH
            self._remove_partials(TileName(level, edge), beyond=hashes % WIDTH)
            numbers = range(edge, edge + (_STRAY_TILES >> HEIGHT * max(level, 0)) + 1)
            paths = [self.directory / TileName(level, number).path for number in numbers]
            here = {path for parent in {path.parent for path in paths} if parent.is_dir() for path in parent.iterdir()}
            for number, path in zip(numbers, paths, strict=True):
                strays = {path, path.with_name(f".{path.name}.tmp")} & here
                for stray in strays:
                    stray.unlink()
                if number > edge and path.with_name(f"{path.name}.p") in here:
                    self._remove_partials(TileName(level, number))

    def _remove_partials(self, name: TileName, beyond: int = 0) -> None:
        directory = self.directory / f"{name.path}.p"
        if not directory.is_dir():
            return
        for path in directory.iterdir():
            if not path.name.isdigit() or int(path.name) > beyond:
                path.unlink()
        if not beyond:
            directory.rmdir()

    def _compare(self, index: int, entry: bytes) -> None:
        if index > self.size:
            raise Corrupt(f"{self.origin} has {self.size} entries, the next to come is {index}: some are missing")
        first = self.size - len(self._bundle)
        if index >= first:
            here = self._bundle[index - first]
        else:
            name = TileName(ENTRIES, index // WIDTH)
            waiting = self._written.get(name)
            bundle = (
                decode_bundle(waiting, WIDTH) if waiting else LedgerReader(read_directory(self.directory)).bundle(name)
            )
            here = bundle[index % WIDTH]
        if here != entry:
            raise Corrupt(f"entry {index} of {self.origin} is not the one that the spool holds")

    def _last_of_full_bundle(self) -> int | None:
        if not self.size:
            return None
        name = TileName(ENTRIES, self.size // WIDTH - 1)
        return decode_entry(LedgerReader(read_directory(self.directory)).bundle(name)[-1]).received_us


def write_manifest(directory: Path, digest: bytes, content: bytes) -> None:
    """Keep a file whose hash an entry carries, durable on return."""
    sync_all(place_file(directory / "manifest" / digest.hex(), content, mode=_FILE_MODE), directory)
