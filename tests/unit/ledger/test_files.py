"""A ledger's directory: written as the specification says, continued only where it was left, repaired by redoing."""

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from onrecord.errors import Corrupt, Missing, Unavailable
from onrecord.ledger.checkpoint import open_checkpoint
from onrecord.ledger.files import LedgerWriter
from onrecord.ledger.merkle import is_consistent, is_included, leaf_hash, root_of
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.ledger.signer import Signer, create_signer, key_path, load_signer
from onrecord.ledger.tile import tiles_of
from tests.unit.ledger.support import PROJECT, SHARD, Node, make_entries

VECTORS = Path(__file__).parents[2] / "fixtures" / "vectors"
TESSERA_WORDS = (
    "one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven", "twelf", "threeten",
    "fourten", "fivten",
)  # fmt: skip
TESSERA_SEED = "eca663f499017d2365c27c7a7679158d43cfec1330bdb259290afbd0d21777a0"
"""The private key that testdata/build_log.sh of that project publishes."""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def files_below(directory: Path, prefix: str = "") -> dict[str, bytes]:
    return {
        prefix + str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def test_the_published_log_of_tessera_is_reproduced_byte_for_byte(tmp_path: Path) -> None:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(TESSERA_SEED)))
    writer = LedgerWriter(tmp_path, "example.com/log/testdata", signer, None)
    golden = VECTORS / "tessera"
    for size, word in enumerate(TESSERA_WORDS, start=1):
        writer.add(size - 1, word.encode())
        writer.write()
        swap = writer.sign()
        writer.stage(swap)
        writer.publish(swap)
        writer.tidy()
        assert (tmp_path / "checkpoint").read_bytes() == (golden / f"checkpoint.{size}").read_bytes()
    written = {path: data for path, data in files_below(tmp_path).items() if path.startswith("tile")}
    assert written == files_below(golden / "tile", "tile/")


@pytest.mark.parametrize("sizes", [(1,), (3, 256), (255, 257, 300), (256, 512), (1_000, 1_001), (700,)])
def test_any_batching_leaves_the_files_of_the_specification(node: Node, sizes: tuple[int, ...]) -> None:
    entries = make_entries(sizes[-1])
    done = 0
    for size in sizes:
        node.append(entries[done:size])
        done = size
    reader = LedgerReader(read_directory(node.directory()))
    checkpoint = reader.checkpoint()
    assert checkpoint.size == len(entries)
    assert checkpoint.root == root_of(list(map(leaf_hash, entries)))
    assert [entry for _, entry in reader.entries(0, checkpoint.size)] == entries
    wanted = {name.path for name in tiles_of(checkpoint.size)} | {"checkpoint", "vkey"}
    kept = set(files_below(node.directory()))
    assert wanted <= kept
    assert all(".p/" in path for path in kept - wanted)


def test_the_partials_of_every_checkpoint_stay_until_the_full_tile_exists(node: Node) -> None:
    entries = make_entries(256)
    for size in (1, 7, 255):
        node.append(entries[node.ledgers.writer(PROJECT, SHARD).size : size])
    assert {"tile/0/000.p/1", "tile/0/000.p/7", "tile/entries/000.p/255"} <= set(files_below(node.directory()))
    node.append(entries[255:])
    assert not any("000.p" in path for path in files_below(node.directory()) if not path.startswith("tile/1"))
    assert LedgerReader(read_directory(node.directory())).entry(6, size=7) == entries[6]


def test_proofs_from_the_directory_hold(node: Node) -> None:
    entries = make_entries(700)
    node.append(entries[:300])
    reader = LedgerReader(read_directory(node.directory()))
    old = reader.checkpoint()
    node.append(entries[300:])
    proof = reader.proof(299)
    key = load_signer(node.keys / "signing", PROJECT).key(old.origin)
    new, _ = open_checkpoint(proof.checkpoint, [key])
    assert is_included(299, new.size, leaf_hash(entries[299]), proof.hashes, new.root)
    assert is_consistent(old.size, new.size, old.root, new.root, reader.consistency(old.size, new.size))
    with pytest.raises(Missing):
        reader.proof(700)


@pytest.mark.parametrize("size", [1, 255, 256, 300, 700])
def test_an_opened_ledger_goes_on_where_it_was_left(node: Node, size: int) -> None:
    entries = make_entries(800)
    node.append(entries[:size])
    node.open()
    node.append(entries[size:])
    expected = root_of(list(map(leaf_hash, entries)))
    assert LedgerReader(read_directory(node.directory())).checkpoint().root == expected


def test_a_replayed_entry_is_compared(node: Node) -> None:
    entries = make_entries(600)
    node.append(entries)
    writer = node.open().writer(PROJECT, SHARD)
    for index in (0, 255, 256, 599):
        writer.add(index, entries[index])
    assert writer.size == 600
    with pytest.raises(Corrupt, match="not the one"):
        writer.add(300, entries[301])
    with pytest.raises(Corrupt, match="missing"):
        writer.add(601, entries[1])


@pytest.mark.parametrize("damaged", ["tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1", "checkpoint"])
def test_a_damaged_right_edge_is_refused(node: Node, damaged: str) -> None:
    node.append(make_entries(300))
    path = node.directory() / damaged
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    with pytest.raises(Corrupt):
        node.open().writer(PROJECT, SHARD)


def test_a_restored_backup_signs_nothing(node: Node, tmp_path: Path) -> None:
    node.append(make_entries(100))
    shutil.copytree(node.root, tmp_path / "backup")
    node.append(make_entries(50, start=100))
    shutil.rmtree(node.root)
    shutil.copytree(tmp_path / "backup", node.root)
    writer = node.open().writer(PROJECT, SHARD)
    assert writer.owed == 150
    writer.add(100, make_entries(1, start=7_000)[0])
    with pytest.raises(Corrupt, match="signed"):
        node.ledgers.publish([writer])


def test_another_history_at_a_signed_size_is_refused(node: Node, tmp_path: Path) -> None:
    node.append(make_entries(100))
    shutil.copytree(node.root, tmp_path / "backup")
    node.append(make_entries(1, start=100))
    shutil.rmtree(node.root)
    shutil.copytree(tmp_path / "backup", node.root)
    writer = node.open().writer(PROJECT, SHARD)
    writer.add(100, make_entries(1, start=7_000)[0])
    with pytest.raises(Corrupt, match="what has come again"):
        node.ledgers.publish([writer])


def test_a_restored_lock_is_refused(node: Node) -> None:
    node.append(make_entries(10))
    old = node.lock.last(str(node.ledgers.origin(PROJECT, SHARD)))
    node.append(make_entries(10, start=10))
    signer = load_signer(node.keys / "signing", PROJECT)
    for locked in (old, None):
        with pytest.raises(Corrupt, match="last one that was signed"):
            LedgerWriter(node.directory(), str(node.ledgers.origin(PROJECT, SHARD)), signer, locked)


def test_another_key_is_refused(node: Node) -> None:
    node.append(make_entries(10))
    origin = str(node.ledgers.origin(PROJECT, SHARD))
    with pytest.raises(Corrupt, match="does not hold"):
        LedgerWriter(node.directory(), origin, Signer(Ed25519PrivateKey.generate()), node.lock.last(origin))


def test_a_missing_key_is_never_made_again(node: Node) -> None:
    node.append(make_entries(1))
    key_path(node.keys / "signing", PROJECT).unlink()
    with pytest.raises(Unavailable, match="missing"):
        node.open().writer(PROJECT, SHARD)
    assert not key_path(node.keys / "signing", PROJECT).exists()


def test_a_key_is_private_and_made_once(tmp_path: Path) -> None:
    create_signer(tmp_path, "demo")
    path = key_path(tmp_path, "demo")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Corrupt, match="exists"):
        create_signer(tmp_path, "demo")
    path.chmod(0o644)
    with pytest.raises(Corrupt, match="others"):
        load_signer(tmp_path, "demo")
    path.chmod(0o600)
    path.write_text(path.read_text().replace("demo", "other"))
    with pytest.raises(Corrupt, match="not the signing key"):
        load_signer(tmp_path, "demo")
