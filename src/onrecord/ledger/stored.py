"""What a ledger's directory holds besides the files of its newest checkpoint, and whether it belongs there.

Partials of older checkpoints must be the beginning of what they grew into; a manifest must have the hash in its
name. Files beyond the checkpoint are not signed yet and not judged; a temporary file is nothing.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from onrecord.errors import Corrupt, Missing
from onrecord.ledger.note import VerifierKey, parse_vkey
from onrecord.ledger.reader import LedgerReader
from onrecord.ledger.tile import ENTRIES, WIDTH, TileName, encode_bundle

Find = Callable[[str, str, int | None, str], None]
_TILE: Final = re.compile(r"tile/(entries|\d+)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")
_MANIFEST: Final = re.compile(r"manifest/[0-9a-f]{64}")
_TEMPORARY: Final = re.compile(r"(?:.*/)?\.[^/]+\.tmp")


def stored_files(directory: Path) -> list[str]:
    """Every path below a ledger's directory."""
    walk = os.walk(directory)  # Knows files from directories without a second look, so a vanishing one is no file.
    return [(Path(parent) / name).relative_to(directory).as_posix() for parent, _, names in walk for name in names]


def tile_of_path(path: str) -> TileName | None:
    """The tile that a path names in its one spelling, if it names one."""
    match = _TILE.fullmatch(path)
    if match is None:
        return None
    level = ENTRIES if match[1] == "entries" else int(match[1])
    number = int(match[2].replace("x", "").replace("/", ""))
    name = TileName(level, number, int(match[3]) if match[3] else WIDTH)
    return name if name.path == path and name.width <= WIDTH else None


class Leftovers:
    """The listed files that are not those of the newest checkpoint."""

    def __init__(self, files: Sequence[str] | None) -> None:
        """``files`` as ``stored_files`` lists them; ``None`` when nobody can list them."""
        self._unknown: list[str] = []
        self._manifests: list[str] = []
        self._partials: dict[tuple[int, int], list[TileName]] = {}
        for path in files or ():
            self._sort(path)

    def compare(self, reader: LedgerReader, name: TileName, parts: Sequence[bytes], find: Find) -> None:
        """Compare the older partials of a tile or bundle with what it has become: these hashes or entries."""
        older = [one for one in self._partials.get((name.level, name.number), ()) if one.width < name.width]
        for partial in older:
            of_bundle = name.level == ENTRIES
            content = (encode_bundle if of_bundle else b"".join)(parts[: partial.width])
            try:
                stored = reader.source(partial.path)
            except Missing:
                continue  # Removed since the listing, because the full one came.
            if stored != content:
                sentence = "an older partial is not the beginning of what it grew into"
                find("altered", partial.path, partial.number * WIDTH * WIDTH ** max(partial.level, 0), sentence)

    def finish(self, find: Find) -> None:
        """Name the files that do not belong into a ledger."""
        for path in self._unknown:
            find("altered", path, None, "the file does not belong into a ledger")

    def check_manifests(self, reader: LedgerReader, named: Mapping[bytes, int], find: Find) -> None:
        """Compare manifests with the hashes that entries carry; ``named`` maps hashes to indexes."""
        wanted = {f"manifest/{digest.hex()}": index for digest, index in named.items()}
        for path in sorted({*wanted, *self._manifests}):
            try:
                content = reader.source(path)
            except (Missing, Corrupt):
                find("missing", path, wanted.get(path), "a manifest that an entry names is missing")
                continue
            if sha256(content).hexdigest() != path.removeprefix("manifest/"):
                find("altered", path, wanted.get(path), "the manifest does not have the hash in its name")

    def _sort(self, path: str) -> None:
        name = tile_of_path(path)
        if name is not None and name.width < WIDTH:
            self._partials.setdefault((name.level, name.number), []).append(name)
        elif _MANIFEST.fullmatch(path):
            self._manifests.append(path)
        elif name is None and path not in ("checkpoint", "vkey") and not _TEMPORARY.fullmatch(path):
            self._unknown.append(path)


def check_vkey(reader: LedgerReader, keys: Sequence[VerifierKey], find: Find) -> None:
    """Compare the key that the ledger states with those that the caller trusts."""
    try:
        stated = reader.source("vkey").decode("ascii")
        fits = not keys or parse_vkey(stated.removesuffix("\n")) in keys
    except Missing:
        find("missing", "vkey", None, "the ledger does not state its key")
        return
    except (ValueError, Corrupt):
        fits = False
    if not fits:
        find("altered", "vkey", None, "the stated key is not one that is trusted")


def stated_key(reader: LedgerReader) -> VerifierKey:
    """The key that the ledger states itself: enough to find damage, not a reason to trust.

    Raises:
        Missing: it states none.
        ValueError: the statement is malformed.
    """
    return parse_vkey(reader.source("vkey").decode("utf-8", "replace").removesuffix("\n"))


def ledger_directories(root: Path) -> list[Path]:
    """The directories of all ledgers below ``DATA/ledger``: project, node, year; years of a node in order."""
    return sorted(path for path in root.glob("*/*/*") if path.is_dir())
