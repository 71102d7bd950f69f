"""Tiles and entry bundles: where they stand and what is in them. Pure. Source: c2sp.org/tlog-tiles.

A tile holds up to 256 consecutive hashes of one level (8 tree levels apart), a bundle up to 256 entries. A full one
never changes; a partial one carries its width in its name.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from onrecord.ledger.merkle import HASH_BYTES

WIDTH: Final = 256
HEIGHT: Final = 8
ENTRIES: Final = -1
"""The level that stands for entry bundles."""
_GROUP: Final = 1_000
_USUAL: Final = 256
"""Size of almost every entry: a bundle of nothing else is cut without reading each length."""


class TileName(msgspec.Struct, frozen=True, order=True):
    """Which tile or bundle."""

    level: int
    """0.. for hashes, ``ENTRIES`` for a bundle."""
    number: int
    width: int = WIDTH
    """256 for a full one, 1..255 for a partial one."""

    @property
    def path(self) -> str:
        """Path below the ledger's directory, as served: ``tile/0/x001/x234/067.p/17``."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_number_path(self.number)}{partial}"


def tiles_of(size: int) -> Iterator[TileName]:
    """Every tile and bundle of a tree: those of a level from left to right, bundles first."""
    yield from _level_tiles(ENTRIES, size)
    level, hashes = 0, size
    while hashes:
        yield from _level_tiles(level, hashes)
        level, hashes = level + 1, hashes // WIDTH


def partials_of(size: int) -> list[TileName]:
    """The partial tiles and bundle at the right edge of a tree."""
    names = [TileName(ENTRIES, size // WIDTH, size % WIDTH)] if size % WIDTH else []
    level, hashes = 0, size
    while hashes:
        if hashes % WIDTH:
            names.append(TileName(level, hashes // WIDTH, hashes % WIDTH))
        level, hashes = level + 1, hashes // WIDTH
    return names


def tile_at(level: int, number: int, size: int) -> TileName:
    """The tile or bundle ``number`` as a tree of ``size`` has it.

    Raises:
        ValueError: the tree has no such tile.
    """
    hashes = size if level == ENTRIES else size >> (HEIGHT * level)
    width = min(WIDTH, hashes - number * WIDTH)
    if number < 0 or width < 1:
        raise ValueError(f"a tree of {size} has no tile {number} at level {level}")
    return TileName(level, number, width)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle: each entry after its length in two bytes, big-endian."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """The ``width`` entries of a bundle.

    Raises:
        ValueError: the bytes are not exactly that many entries.
    """
    step = 2 + _USUAL
    if len(data) == width * step and data[::step] + data[1::step] == b"\1" * width + b"\0" * width:
        return [data[at + 2 : at + step] for at in range(0, len(data), step)]
    entries = []
    at = 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise ValueError("the bundle ends before its last entry")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise ValueError("the bundle goes on after its last entry")
    return entries


def decode_tile(data: bytes, width: int) -> list[bytes]:
    """The ``width`` hashes of a tile.

    Raises:
        ValueError: the bytes are not exactly that many hashes.
    """
    if len(data) != width * HASH_BYTES:
        raise ValueError(f"a tile of width {width} has {width * HASH_BYTES} bytes, not {len(data)}")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def _level_tiles(level: int, hashes: int) -> Iterator[TileName]:
    for number in range(hashes // WIDTH):
        yield TileName(level, number)
    if hashes % WIDTH:
        yield TileName(level, hashes // WIDTH, hashes % WIDTH)


def _number_path(number: int) -> str:
    groups = [f"{number % _GROUP:03d}"]
    while number >= _GROUP:
        number //= _GROUP
        groups.append(f"x{number % _GROUP:03d}")
    return "/".join(reversed(groups))
