"""Publishing manifests: the list of records that an entry is about, as a static file beside the ledger's tiles."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from onrecord.ledger.files import write_manifest
from onrecord.ledger.manifest import encode_manifest
from onrecord.model.project import Project


class LedgerManifests:
    """Implements ``governance.erasure.Manifests`` over the ledgers' directories."""

    def __init__(self, directory: Callable[[str, int], Path]) -> None:
        """``directory`` says where the ledger of a project (by id) and year lies."""
        self._directory = directory

    def publish(self, project: Project, shard: int, ranges: Sequence[tuple[int, int]]) -> bytes:
        """Write the manifest durably and return its SHA-256; the same ranges give the same file."""
        content = encode_manifest(ranges)
        digest = sha256(content).digest()
        write_manifest(self._directory(project.id, shard), digest, content)
        return digest
