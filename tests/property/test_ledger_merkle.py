"""Every proof that tiles give is right, and no changed proof is."""

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.ledger.merkle import (
    EMPTY_ROOT,
    fold,
    inclusion_length,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    root_of,
    subtrees,
)
from onrecord.ledger.proof import (
    Tiles,
    TlogProof,
    consistency_proof,
    decode_proof,
    encode_proof,
    frontier_of,
    inclusion_proof,
    tree_root,
)
from onrecord.ledger.tile import WIDTH, TileName

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
SIZES = st.one_of(
    st.integers(1, 600), st.integers(60_000, len(LEAVES)), st.sampled_from([255, 256, 257, 65_535, 65_536])
)


def reference_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256().digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(reference_root(leaves[:split]), reference_root(leaves[split:]))


def tiles_of_leaves(leaves: list[bytes]) -> Tiles:
    levels = [leaves]
    while len(levels[-1]) >= WIDTH:
        full = len(levels[-1]) // WIDTH
        levels.append([root_of(levels[-1][at * WIDTH : (at + 1) * WIDTH]) for at in range(full)])
    return lambda name: levels[name.level][name.number * WIDTH :][: name.width]


TILES = tiles_of_leaves(LEAVES)


@given(st.integers(0, 300))
def test_the_root_is_that_of_the_rfc(size: int) -> None:
    assert root_of(LEAVES[:size]) == reference_root(LEAVES[:size])


@settings(max_examples=60)
@given(SIZES, st.data())
def test_every_leaf_is_included_and_nothing_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = tree_root(TILES, size)
    proof = inclusion_proof(TILES, index, size)
    assert len(proof) == inclusion_length(index, size)
    assert is_included(index, size, LEAVES[index], proof, root)
    assert fold(frontier_of(TILES, size)) == root
    for changed in mutations(proof, data):
        assert not is_included(index, size, LEAVES[index], changed, root)
    assert not is_included(index, size, leaf_hash(b""), proof, root)
    assert not is_included(index, size, LEAVES[index], proof, EMPTY_ROOT)
    other = data.draw(st.integers(-1, size + 1).filter(lambda number: number != index))
    assert not is_included(other, size, LEAVES[index], proof, root)


@settings(max_examples=60)
@given(SIZES, SIZES, st.data())
def test_every_growth_is_consistent_and_nothing_else(one: int, other: int, data: st.DataObject) -> None:
    size1, size2 = sorted((one, other))
    root1, root2 = tree_root(TILES, size1), tree_root(TILES, size2)
    proof = consistency_proof(TILES, size1, size2)
    assert is_consistent(size1, size2, root1, root2, proof)
    for changed in mutations(proof, data):
        assert not is_consistent(size1, size2, root1, root2, changed)
    if size1 != size2:
        assert not is_consistent(size1, size2, root2, root1, proof)
        assert not is_consistent(size2, size1, root2, root1, proof)


def mutations(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    changed = [
        [*proof, bytes(32)],
        [bytes(32), *proof],
        [*proof, b""],
        [b"", *proof],
        [*proof, proof[0] if proof else b"x"],
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        changed += [
            [*proof[:at], flipped, *proof[at + 1 :]],
            proof[:-1],
            proof[1:],
            [*proof[:at], b"", *proof[at + 1 :]],
        ]
        changed.append([*proof[:at], proof[at] + b"\0", *proof[at + 1 :]])
    return changed


@given(st.integers(0, 2**40))
def test_perfect_subtrees_cover_the_tree(size: int) -> None:
    covered = 0
    for start, level in subtrees(size):
        assert start == covered
        assert start % (1 << level) == 0
        covered += 1 << level
    assert covered == size


@given(st.integers(0, 2**60), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary(max_size=20))
def test_a_proof_file_reads_back_and_has_one_spelling(index: int, hashes: list[bytes], extra: bytes) -> None:
    note = b"origin\n1\nroot\n\nsignatures\n"
    proof = TlogProof(index=index, hashes=tuple(hashes), checkpoint=note, extra=extra)
    assert decode_proof(encode_proof(proof)) == proof


def test_a_tile_is_where_the_specification_puts_it() -> None:
    assert TileName(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert TileName(1, 1_000, 17).path == "tile/1/x001/000.p/17"
    assert TileName(-1, 5).path == "tile/entries/005"
