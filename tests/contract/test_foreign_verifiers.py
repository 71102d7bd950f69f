"""Verifiers that others wrote read our ledger unchanged, and refuse it when a byte is changed."""

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pymerkle
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from proofbundle.tlogproof import verify_tlog_proof
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore.errors import VerificationError
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as ScalesCheckpoint

from onrecord.ledger.note import COSIGNATURE, Note, Signature, VerifierKey, check_note, encode_note, parse_note
from onrecord.ledger.proof import TlogProof, encode_proof, tree_root
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.ledger.signer import load_signer
from tests.unit.ledger.support import PROJECT, SHARD, Node, make_entries

SIZE = 700
INDEXES = (0, 1, 255, 256, 511, 512, 698, 699)
ENTRIES = make_entries(SIZE)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    node = Node(tmp_path_factory.mktemp("ledger"))
    node.append(ENTRIES[:300])
    node.append(ENTRIES[300:])
    return node


@pytest.fixture(scope="module")
def reader(node: Node) -> LedgerReader:
    return LedgerReader(read_directory(node.directory()))


@pytest.fixture(scope="module")
def key(node: Node) -> VerifierKey:
    return load_signer(node.keys / "signing", PROJECT).key(str(node.ledgers.origin(PROJECT, SHARD)))


def test_tlog_scales_reads_tiles_proofs_and_signature(node: Node, key: VerifierKey) -> None:
    scales = TilesReader(LocalBackend(node.directory()))
    checkpoint = scales.get_checkpoint()
    assert scales.calculate_root_hash() == checkpoint.root_hash
    assert [scales.get_entry(index) for index in range(SIZE)] == ENTRIES
    for index in INDEXES:
        leaf = sha256(b"\x00" + ENTRIES[index]).digest()
        scales.get_inclusion_proof(index, SIZE).check(leaf, checkpoint.root_hash)
    verifier = Vkey.from_string(str(key)).get_verifier()
    verifier.verify_note(checkpoint.signatures[0], checkpoint)
    with pytest.raises(InvalidSignature):
        verifier.verify(bytes(64), checkpoint)


def test_the_command_of_tlog_scales_prints_an_entry(node: Node) -> None:
    command = [str(Path(sys.executable).with_name("tlog-tiles")), "get-leaf", "-c", str(node.directory()), "-1"]
    assert subprocess.run(command, check=True, capture_output=True, timeout=60).stdout == ENTRIES[-1]


def rekor_entry(proof: TlogProof, root: bytes, entry: bytes) -> Any:
    """The part of a log entry that sigstore's Merkle check reads."""
    inclusion = SimpleNamespace(log_index=proof.index, tree_size=SIZE, hashes=list(proof.hashes), root_hash=root)
    return SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=inclusion, canonicalized_body=entry))


@pytest.mark.parametrize("index", INDEXES)
def test_sigstore_accepts_our_inclusion_proofs(reader: LedgerReader, index: int) -> None:
    root = reader.checkpoint().root
    verify_merkle_inclusion(rekor_entry(reader.proof(index), root, ENTRIES[index]))
    with pytest.raises(VerificationError):
        verify_merkle_inclusion(rekor_entry(reader.proof(index), root, ENTRIES[index] + b" "))


def test_pymerkle_agrees_on_root_and_proofs(reader: LedgerReader) -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES:
        tree.append_entry(entry)
    assert tree.get_root() == reader.checkpoint().root
    assert tree.get_root(300) == tree_root(reader.tile, 300)
    for index in INDEXES:
        path = [bytes(step) for step in tree.prove_inclusion(index + 1).path]
        assert path[1:] == list(reader.inclusion(index, SIZE))


@pytest.mark.parametrize("index", INDEXES)
def test_proofbundle_accepts_our_proof_files(reader: LedgerReader, key: VerifierKey, index: int) -> None:
    text = encode_proof(reader.proof(index)).decode()
    assert verify_tlog_proof(text, ENTRIES[index], str(key))["ok"]
    assert not verify_tlog_proof(text, ENTRIES[index - 1], str(key))["ok"]


def test_a_witness_cosignature_is_read_alike_by_all(reader: LedgerReader, key: VerifierKey) -> None:
    private = Ed25519PrivateKey.generate()
    witness = VerifierKey("witness.example/w1", COSIGNATURE, private.public_key().public_bytes_raw())
    note = parse_note(reader.note())
    time_s = 1_795_476_693
    signed = private.sign(f"cosignature/v1\ntime {time_s}\n{note.text}".encode())
    line = Signature(witness.name, witness.id, time_s.to_bytes(8, "big") + signed)
    cosigned = Note(note.text, (*note.signatures, line))
    assert [one.time_s for one in check_note(cosigned, [key, witness])] == [None, time_s]
    scales = ScalesCheckpoint.from_text(encode_note(cosigned).decode())
    Vkey.from_string(str(witness)).get_verifier().verify_note(scales.signatures[1], scales)
    proof = TlogProof(index=3, hashes=reader.proof(3).hashes, checkpoint=encode_note(cosigned))
    verdict = verify_tlog_proof(
        encode_proof(proof).decode(), ENTRIES[3], str(key), witness_vkeys=[str(witness)], threshold=1
    )
    assert verdict["ok"], verdict


@pytest.fixture(scope="module")
def go_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go")
    if go is None:
        pytest.skip("the Go toolchain is not installed")
    source = Path(__file__).parents[1] / "foreign" / "go"
    program = tmp_path_factory.mktemp("go") / "check"
    environment = {**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
    download = subprocess.run(
        [go, "mod", "download"], cwd=source, env=environment, capture_output=True, timeout=120, check=False
    )
    if download.returncode:
        pytest.skip("golang.org/x/mod is neither in Go's module cache nor can it be fetched")
    subprocess.run([go, "build", "-o", program, "."], cwd=source, env=environment, check=True, timeout=300)
    return program


@pytest.mark.go
def test_go_sumdb_opens_the_note_and_proves_every_entry(go_check: Path, node: Node, key: VerifierKey) -> None:
    command = [str(go_check), str(node.directory()), str(key)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (answer.stdout, answer.stderr) == (f"ok {SIZE}\n", "")


@pytest.mark.go
@pytest.mark.parametrize("path", ["checkpoint", "tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/188"])
def test_go_sumdb_refuses_a_changed_byte(
    go_check: Path, node: Node, key: VerifierKey, tmp_path: Path, path: str
) -> None:
    shutil.copytree(node.directory(), tmp_path / "copy")
    victim = tmp_path / "copy" / path
    content = bytearray(victim.read_bytes())
    content[45] ^= 1
    victim.write_bytes(content)
    command = [str(go_check), str(tmp_path / "copy"), str(key)]
    assert subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == 1


def test_a_vkey_is_what_the_specification_says(key: VerifierKey) -> None:
    coded = b64encode(b"\x01" + key.public).decode()
    digest = sha256(f"{key.name}\n".encode() + b"\x01" + key.public).digest()
    assert str(key) == f"{key.name}+{digest[:4].hex()}+{coded}"
