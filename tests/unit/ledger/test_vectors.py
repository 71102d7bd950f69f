"""Published vectors, judged as the reference implementation judges them (sources: tests/fixtures/vectors/README.md)."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from onrecord.ledger.checkpoint import open_checkpoint
from onrecord.ledger.merkle import EMPTY_ROOT, is_consistent, is_included, leaf_hash, root_of
from onrecord.ledger.note import check_note, key_id, parse_note, parse_vkey
from onrecord.ledger.tile import ENTRIES, TileName, decode_bundle, decode_tile, partials_of, tiles_of

VECTORS = Path(__file__).parents[2] / "fixtures" / "vectors"
TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def load(name: str) -> Any:
    return json.loads((VECTORS / "rfc6962" / name).read_text())


def hashes(coded: list[str] | None) -> list[bytes]:
    return [b64decode(one) for one in coded or []]


@pytest.mark.parametrize("vector", load("inclusion.json"), ids=lambda vector: vector["desc"])
def test_inclusion_vectors(vector: dict[str, Any]) -> None:
    leaf, root = b64decode(vector["leafHash"]), b64decode(vector["root"])
    answer = is_included(vector["leafIdx"], vector["treeSize"], leaf, hashes(vector["proof"]), root)
    assert answer is not vector["wantErr"]


@pytest.mark.parametrize("vector", load("consistency.json"), ids=lambda vector: vector["desc"])
def test_consistency_vectors(vector: dict[str, Any]) -> None:
    root1, root2 = b64decode(vector["root1"]), b64decode(vector["root2"])
    answer = is_consistent(vector["size1"], vector["size2"], root1, root2, hashes(vector["proof"]))
    assert answer is not vector["wantErr"]


def test_roots_of_the_certificate_transparency_leaves() -> None:
    tree = load("tree.json")
    leaves = [leaf_hash(b64decode(leaf)) for leaf in tree["leaves"]]
    assert root_of([]) == EMPTY_ROOT
    for size, root in enumerate(tree["roots"], start=1):
        assert root_of(leaves[:size]) == b64decode(root)


def test_an_empty_root_is_not_an_empty_leaf() -> None:
    assert not is_included(0, 1, b"", [], b"")


@pytest.mark.parametrize("size", range(1, 16))
def test_the_log_of_tessera_reads_and_proves(size: int) -> None:
    log = VECTORS / "tessera"
    checkpoint, _ = open_checkpoint((log / f"checkpoint.{size}").read_bytes(), [parse_vkey(TESSERA_KEY)])
    entries = decode_bundle((log / TileName(ENTRIES, 0, size).path).read_bytes(), size)
    leaves = decode_tile((log / TileName(0, 0, size).path).read_bytes(), size)
    assert checkpoint.size == size
    assert leaves == list(map(leaf_hash, entries))
    assert root_of(leaves) == checkpoint.root


def test_the_key_of_the_signed_note_specification() -> None:
    key = parse_vkey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    assert key_id(key.name, key.kind, key.public).hex() == "530d903a"
    assert str(key) == "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def test_the_tiles_of_seventy_thousand_entries() -> None:
    names = [name.path for name in tiles_of(70_000)]
    assert sum(name.startswith("tile/0/") for name in names) == 274
    assert [name.path for name in partials_of(70_000)] == [
        "tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1",
    ]  # fmt: skip


def test_a_changed_note_of_tessera_does_not_hold() -> None:
    data = (VECTORS / "tessera" / "checkpoint.9").read_bytes()
    with pytest.raises(ValueError, match="does not hold"):
        check_note(parse_note(data.replace(b"\n9\n", b"\n8\n")), [parse_vkey(TESSERA_KEY)])
