"""Reading a ledger from its directory or from where it is served: entries, tiles, proofs.

A reader trusts nothing: what it returns is to be checked against a checkpoint. A partial tile that is gone because
the ledger grew meanwhile is cut from the full one, which begins with the same bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from onrecord.errors import Corrupt, Missing, Rejected, Unavailable
from onrecord.ledger.checkpoint import Checkpoint, read_checkpoint
from onrecord.ledger.proof import TlogProof, consistency_proof, inclusion_proof
from onrecord.ledger.tile import ENTRIES, WIDTH, TileName, decode_bundle, decode_tile, tile_at

Source = Callable[[str], bytes]
"""Content of a path of the ledger; raises ``Missing``."""

_FILE_LIMIT: Final = WIDTH * (2 + 65_535)
"""The largest file of a ledger: a bundle of the largest entries."""
_TIMEOUT_S: Final = 10


def read_directory(directory: Path) -> Source:
    """The files of a ledger's directory."""

    def source(path: str) -> bytes:
        try:
            return (directory / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(f"the ledger has no file {path}") from None

    return source


def read_url(base: str) -> Source:
    """The files of a ledger that is served at ``base``.

    Raises:
        Rejected: the address is not http or https.
    """
    if urlsplit(base).scheme not in ("http", "https"):
        raise Rejected("a ledger is read from an http or https address")

    def source(path: str) -> bytes:
        request = Request(f"{base.rstrip('/')}/{path}", headers={"User-Agent": "onrecord"})  # noqa: S310 - checked above
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - checked above
                data: bytes = answer.read(_FILE_LIMIT + 1)
        except HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise Missing(f"the ledger serves no file {path}") from None
            raise Unavailable(f"the ledger answers {error.code} for {path}") from None
        except (OSError, HTTPException):
            raise Unavailable(f"the ledger does not answer for {path}") from None
        if len(data) > _FILE_LIMIT:
            raise Corrupt(f"the file {path} is larger than any file of a ledger")
        return data

    return source


class LedgerReader:
    """A ledger as its files say it."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def note(self) -> bytes:
        """The newest checkpoint as a signed note.

        Raises:
            Missing: nothing has been published.
        """
        return self.source("checkpoint")

    def checkpoint(self) -> Checkpoint:
        """The newest checkpoint, its signatures not looked at.

        Raises:
            Missing: nothing has been published.
            ValueError: it is malformed.
        """
        return read_checkpoint(self.note())

    def tile(self, name: TileName) -> list[bytes]:
        """The hashes of a tile.

        Raises:
            Missing: it is not there.
            ValueError: it is malformed.
        """
        data, width = self._read(name)
        return decode_tile(data, width)[: name.width]

    def bundle(self, name: TileName) -> list[bytes]:
        """The entries of a bundle.

        Raises:
            Missing: it is not there.
            ValueError: it is malformed.
        """
        data, width = self._read(name)
        return decode_bundle(data, width)[: name.width]

    def entries(self, start: int, end: int, size: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Index and bytes of the entries [start, end) of the tree of ``size`` (the newest checkpoint's)."""
        whole = self.checkpoint().size if size is None else size
        for number in range(start // WIDTH, -(-min(end, whole) // WIDTH)):
            first = number * WIDTH
            for offset, entry in enumerate(self.bundle(tile_at(ENTRIES, number, whole))):
                if start <= first + offset < end:
                    yield first + offset, entry

    def entry(self, index: int, size: int | None = None) -> bytes:
        """One entry.

        Raises:
            Missing: the ledger is not that long.
        """
        for _, entry in self.entries(index, index + 1, size):
            return entry
        raise Missing(f"the ledger has no entry {index} yet")

    def inclusion(self, index: int, size: int) -> Sequence[bytes]:
        """Inclusion proof of entry ``index`` in the tree of ``size``."""
        return inclusion_proof(self.tile, index, size)

    def consistency(self, size1: int, size2: int) -> Sequence[bytes]:
        """Consistency proof between two sizes."""
        return consistency_proof(self.tile, size1, size2)

    def proof(self, index: int) -> TlogProof:
        """The proof that entry ``index`` stands in the ledger, under the newest checkpoint.

        Raises:
            Missing: the newest checkpoint does not cover it yet.
        """
        note = self.note()
        size = read_checkpoint(note).size
        if not 0 <= index < size:
            raise Missing(f"entry {index} is not under a checkpoint yet", hint="Ask again in a second.")
        return TlogProof(index=index, hashes=tuple(self.inclusion(index, size)), checkpoint=note)

    def _read(self, name: TileName) -> tuple[bytes, int]:
        try:
            return self.source(name.path), name.width
        except Missing:
            if name.width == WIDTH:
                raise
        return self.source(TileName(name.level, name.number).path), WIDTH
