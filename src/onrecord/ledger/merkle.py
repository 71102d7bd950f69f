"""The Merkle tree of RFC 6962 (SHA-256): hashes, compact form, and the checking of proofs. Pure.

A tree is its *frontier*: the roots of its perfect subtrees from left to right, one per set bit of its size, largest
first. Proofs are lists of 32-byte hashes. Checks return a bool and never raise on what a stranger sent; making a
proof stands in ``proof.py``, because it needs tiles.

Source: RFC 6962 section 2.1, RFC 9162 sections 2.1.3 and 2.1.4; proof lengths are forced before any hash is computed.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256().digest()

Proof = Sequence[bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry (RFC 6962: prefix 0x00)."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hashes of many entries: ``leaf_hash`` without a call for each."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962: prefix 0x01)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over consecutive nodes of one level; the empty tree's root when there are none."""
    level = list(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        odd = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return level[0]


def fold(frontier: Iterable[bytes]) -> bytes:
    """Root of the tree whose perfect subtrees have these roots, largest first."""
    parts = list(frontier)
    if not parts:
        return EMPTY_ROOT
    root = parts[-1]
    for left in reversed(parts[:-1]):
        root = node_hash(left, root)
    return root


def subtrees(size: int) -> list[tuple[int, int]]:
    """The perfect subtrees of a tree as (first leaf, level), largest first; level 0 is a leaf."""
    found = []
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((start, level))
            start += 1 << level
    return found


def is_included(index: int, size: int, leaf: bytes, proof: Proof, root: bytes) -> bool:
    """Whether ``proof`` shows that the leaf hash ``leaf`` stands at ``index`` of the tree (size, root)."""
    return _rooted(index, size, leaf, proof) == root if _well_formed(leaf, root, proof) else False


def is_consistent(size1: int, size2: int, root1: bytes, root2: bytes, proof: Proof) -> bool:
    """Whether ``proof`` shows that the tree (size2, root2) continues the tree (size1, root1).

    The empty tree is continued by every tree; its proof is empty, and so is that of a tree with itself.
    """
    if not 0 <= size1 <= size2 or not _well_formed(root1, root2, proof):
        return False
    if size1 == 0:
        return not proof and root1 == EMPTY_ROOT and (size2 > 0 or root2 == EMPTY_ROOT)
    if size1 == size2:
        return not proof and root1 == root2
    return _consistent(size1, size2, root1, root2, proof)


def inclusion_length(index: int, size: int) -> int:
    """Hashes of the inclusion proof of leaf ``index`` in a tree of ``size``."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _rooted(index: int, size: int, leaf: bytes, proof: Proof) -> bytes:
    """Root that an inclusion proof leads to, empty when its length is wrong."""
    if not 0 <= index < size or len(proof) != inclusion_length(index, size):
        return b""
    inner = (index ^ (size - 1)).bit_length()
    node = leaf
    for level, sibling in enumerate(proof):
        # Beyond the inner levels every sibling is a finished subtree on the left.
        left = level >= inner or index >> level & 1
        node = node_hash(sibling, node) if left else node_hash(node, sibling)
    return node


def _consistent(size1: int, size2: int, root1: bytes, root2: bytes, proof: Proof) -> bool:
    # The largest perfect subtree at the right edge of tree 1 is the seed of both roots.
    shift = (size1 & -size1).bit_length() - 1
    seeded = size1 == 1 << shift
    hashes = [root1, *proof] if seeded else list(proof)
    index = (size1 - 1) >> shift
    last = (size2 - 1) >> shift
    inner = (index ^ last).bit_length()
    if len(hashes) != 1 + inner + (index >> inner).bit_count():
        return False
    old = new = hashes[0]
    for level, sibling in enumerate(hashes[1:]):
        if level >= inner or index >> level & 1:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    return old == root1 and new == root2


def _well_formed(one: bytes, other: bytes, proof: Proof) -> bool:
    return all(len(part) == HASH_BYTES for part in (one, other, *proof))
