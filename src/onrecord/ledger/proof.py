"""Making proofs from tiles, and the form in which a proof travels. Pure. Source: c2sp.org/tlog-proof, RFC 9162.

A proof is a list of subtree roots; each is read from one tile (a subtree that begins inside a tile ends inside it).
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from onrecord.ledger.merkle import HASH_BYTES, fold, root_of, subtrees
from onrecord.ledger.tile import HEIGHT, WIDTH, TileName, tile_at

Tiles = Callable[[TileName], Sequence[bytes]]
"""Where the hashes of a tile come from."""

_MAGIC: Final = "c2sp.org/tlog-proof@v1"
_HASHES_LIMIT: Final = 63


class TlogProof(msgspec.Struct, frozen=True):
    """That an entry stands in a ledger, checkable without the ledger."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note."""
    extra: bytes = b""


def inclusion_proof(tiles: Tiles, index: int, size: int) -> list[bytes]:
    """The hashes that lead from leaf ``index`` to the root of the tree of ``size``, leaf's sibling first.

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    return _path(_remember(tiles), index, 0, size, size)


def consistency_proof(tiles: Tiles, size1: int, size2: int) -> list[bytes]:
    """The hashes that show that the tree of ``size2`` continues the tree of ``size1``.

    Raises:
        ValueError: the sizes do not lie in this order.
    """
    if not 0 <= size1 <= size2:
        raise ValueError(f"a tree of {size2} does not continue one of {size1}")
    if size1 in (0, size2):
        return []
    return _subproof(_remember(tiles), size1, (0, size2), size2, whole=True)


def tree_root(tiles: Tiles, size: int) -> bytes:
    """Root of the tree of ``size``."""
    return _subtree_root(_remember(tiles), 0, size, size)


def frontier_of(tiles: Tiles, size: int) -> list[bytes]:
    """Roots of the perfect subtrees of the tree of ``size``, largest first."""
    reader = _remember(tiles)
    return [_node(reader, start, level, size) for start, level in subtrees(size)]


def encode_proof(proof: TlogProof) -> bytes:
    """The bytes of a ``.tlog-proof`` file."""
    extra = [f"extra {_b64(proof.extra)}"] if proof.extra else []
    lines = [_MAGIC, *extra, f"index {proof.index}", *map(_b64, proof.hashes), "", ""]
    return "\n".join(lines).encode() + proof.checkpoint


def decode_proof(data: bytes) -> TlogProof:
    """The proof that these bytes are; nothing of it is checked yet.

    Raises:
        ValueError: they are not a proof.
    """
    head, _, checkpoint = data.partition(b"\n\n")
    try:
        magic, *lines = head.decode("ascii").split("\n")
        extra = b64decode(lines.pop(0)[6:], validate=True) if lines and lines[0].startswith("extra ") else b""
        word, _, index = lines.pop(0).partition(" ") if lines else ("", "", "")
        hashes = tuple(b64decode(line, validate=True) for line in lines)
        proof = TlogProof(index=int(index), hashes=hashes, checkpoint=checkpoint, extra=extra)
    except (Base64Error, ValueError):
        raise ValueError("the bytes are not a proof") from None
    sizes_fit = len(hashes) <= _HASHES_LIMIT and all(len(one) == HASH_BYTES for one in hashes)
    if magic != _MAGIC or word != "index" or not sizes_fit or encode_proof(proof) != data:
        raise ValueError("the bytes are not a proof as a proof is spelled")
    return proof


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _remember(tiles: Tiles) -> Tiles:
    read: dict[TileName, Sequence[bytes]] = {}

    def reader(name: TileName) -> Sequence[bytes]:
        if name not in read:
            read[name] = tiles(name)
        return read[name]

    return reader


def _node(tiles: Tiles, start: int, level: int, size: int) -> bytes:
    """Root of the perfect subtree of 2^level leaves that begins at leaf ``start``."""
    high, low = divmod(level, HEIGHT)
    number, offset = divmod(start >> (HEIGHT * high), WIDTH)
    hashes = tiles(tile_at(high, number, size))
    return root_of(hashes[offset : offset + (1 << low)])


def _subtree_root(tiles: Tiles, start: int, end: int, size: int) -> bytes:
    return fold(_node(tiles, start + begin, level, size) for begin, level in subtrees(end - start))


def _split(start: int, end: int) -> int:
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _path(tiles: Tiles, index: int, start: int, end: int, size: int) -> list[bytes]:
    siblings = []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            siblings.append(_subtree_root(tiles, middle, end, size))
            end = middle
        else:
            siblings.append(_subtree_root(tiles, start, middle, size))
            start = middle
    return siblings[::-1]


def _subproof(tiles: Tiles, size1: int, span: tuple[int, int], size: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162; ``whole`` while everything right of ``span`` has been cut off already."""
    start, end = span
    siblings: list[bytes] = []
    while size1 != end:
        middle = _split(start, end)
        if size1 <= middle:
            siblings.append(_subtree_root(tiles, middle, end, size))
            end = middle
        else:
            siblings.append(_subtree_root(tiles, start, middle, size))
            start = middle
            whole = False
    own = [] if whole else [_subtree_root(tiles, start, end, size)]
    return own + siblings[::-1]
