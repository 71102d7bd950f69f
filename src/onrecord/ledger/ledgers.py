"""The ledgers of one node: opened on first use, published in one group.

Order (docs/format/ledger.md): tiles of all ledgers, one sync, one compare-and-swap for all, then each checkpoint.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from onrecord.durable import make_directory, sync_all
from onrecord.ledger.files import LedgerWriter
from onrecord.ledger.lock import CheckpointLock
from onrecord.ledger.shard import Origin
from onrecord.ledger.signer import load_signer

CrashPoint = Callable[[str], None]
"""Called with a name between two steps; a crash test ends the process there."""


def no_crash(_name: str) -> None:
    """The crash point of everybody but the crash tests."""


class Ledgers:
    """Writers by project and shard; used by one thread."""

    def __init__(self, *, root: Path, host: str, node: str, signing: Path, lock: CheckpointLock) -> None:
        self.root = root
        """``DATA/ledger``."""
        self.host = host
        self.node = node
        self._signing = signing
        self.lock = lock
        self._writers: dict[tuple[str, int], LedgerWriter] = {}

    def origin(self, project: str, shard: int) -> Origin:
        """The name of a ledger of this node."""
        return Origin(self.host, project, self.node, shard)

    def writer(self, project: str, shard: int) -> LedgerWriter:
        """The writer of a ledger.

        Raises:
            Unavailable: its signing key is missing.
            Corrupt: its files contradict each other or the last signed checkpoint.
        """
        writer = self._writers.get((project, shard))
        if writer is None:
            origin = self.origin(project, shard)
            directory = origin.directory(self.root)
            make_directory(directory)
            signer = load_signer(self._signing, project)
            writer = LedgerWriter(directory, str(origin), signer, self.lock.last(str(origin)))
            self._writers[project, shard] = writer
        return writer

    def signed_size(self, project: str, shard: int) -> int:
        """Entries of a ledger's last signed checkpoint, 0 when none was signed. Before the sequencer starts only."""
        locked = self.lock.last(str(self.origin(project, shard)))
        return locked.checkpoint.size if locked else 0

    def open_writers(self) -> list[LedgerWriter]:
        """The writers in use."""
        return list(self._writers.values())

    def publish(self, writers: Iterable[LedgerWriter], crash_point: CrashPoint = no_crash) -> None:
        """Sign and publish what was added to these ledgers, durably, in one group.

        Raises:
            Corrupt: a ledger would go back or tell another history; nothing was published.
            OSError: the disk failed. In both cases the writers must be opened again.
        """
        grown = [writer for writer in writers if writer.size > writer.published.size]
        if not grown:
            return
        changed = [path for writer in grown for path in writer.write()]
        crash_point("ledger.tiles-written")
        sync_all(changed, self.root)
        crash_point("ledger.synced")
        swaps = [(writer, writer.sign()) for writer in grown]
        self.lock.swap([swap for _, swap in swaps])
        crash_point("ledger.locked")
        sync_all([path for writer, swap in swaps for path in writer.stage(swap)], self.root)
        sync_all([path for writer, swap in swaps for path in writer.publish(swap)], self.root)
        crash_point("ledger.published")
        for writer in grown:
            writer.tidy()

    def forget(self) -> None:
        """Drop all writers: after an error they are opened again from what is on disk."""
        self._writers.clear()
