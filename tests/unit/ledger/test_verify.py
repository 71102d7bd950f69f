"""A check finds every change and names its victim; an untouched ledger passes, also while it grows."""

import shutil
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from onrecord.ledger.checkpoint import Checkpoint, sign_checkpoint
from onrecord.ledger.edge import Edge
from onrecord.ledger.entry import Entry, encode_entry
from onrecord.ledger.files import write_manifest
from onrecord.ledger.lock import CheckpointLock
from onrecord.ledger.merkle import leaf_hash
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.ledger.shard import closing_entry, heartbeat_entry, opening_entry
from onrecord.ledger.signer import load_signer
from onrecord.ledger.stored import stated_key, stored_files
from onrecord.ledger.tile import encode_bundle
from onrecord.ledger.verify import LedgerCheck, LedgerReport
from tests.unit.ledger.support import PROJECT, SHARD, START_US, Node, make_entries, record_id

HOUR_US = 3_600_000_000


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def check(node: Node, *, held: tuple[Checkpoint, ...] = (), previous: Checkpoint | None = None) -> LedgerReport:
    directory = node.directory()
    reader = LedgerReader(read_directory(directory))
    key = load_signer(node.keys / "signing", PROJECT).key(str(node.ledgers.origin(PROJECT, SHARD)))
    subject = LedgerCheck(reader, keys=[key], held=held, previous=previous, files=stored_files(directory))
    for _ in subject.entries():
        pass
    return subject.report()


def states(report: LedgerReport) -> list[tuple[str, str, int | None]]:
    return [(finding.state, finding.file, finding.index) for finding in report.findings]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
def test_an_untouched_ledger_is_intact(node: Node, size: int) -> None:
    node.append(make_entries(size - size // 2))
    node.append(make_entries(size // 2, start=size - size // 2))
    locked = node.lock.last(str(node.ledgers.origin(PROJECT, SHARD)))
    assert locked
    report = check(node, held=(locked.checkpoint,))
    assert report.is_intact, report.findings
    assert sum(report.kinds.values()) == size
    assert report.kinds["shard"] == 1


def test_every_flipped_byte_of_a_directory_names_a_victim(node: Node) -> None:
    manifest = b"[[0,2]]"
    digest = sha256(manifest).digest()
    node.append(make_entries(2))
    erasure = Entry(kind="erasure", id=record_id(2), received_us=START_US + 2, manifest=digest, records=1)
    write_manifest(node.directory(), digest, manifest)
    node.append([encode_entry(erasure)])
    assert check(node).is_intact
    for path in sorted(path for path in node.directory().rglob("*") if path.is_file()):
        name = path.relative_to(node.directory()).as_posix()
        content = path.read_bytes()
        for at in range(len(content)):
            path.write_bytes(content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :])
            findings = check(node).findings
            assert any(name == finding.file or name in finding.sentence for finding in findings), (name, at, findings)
        path.write_bytes(content)
    assert check(node).is_intact


def test_every_missing_file_is_named(node: Node) -> None:
    node.append(make_entries(700))
    for path in sorted(path for path in node.directory().rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.unlink()
        name = path.relative_to(node.directory()).as_posix()
        assert ("missing", name) in {(state, file) for state, file, _ in states(check(node))}
        path.write_bytes(content)


def test_a_strange_file_is_named(node: Node) -> None:
    node.append(make_entries(3))
    (node.directory() / "tile" / "note.txt").write_text("hello")
    assert states(check(node)) == [("altered", "tile/note.txt", None)]


def test_a_rewritten_history_with_a_good_signature_contradicts_the_lock(node: Node, tmp_path: Path) -> None:
    node.append(make_entries(300))
    locked = node.lock.last(str(node.ledgers.origin(PROJECT, SHARD)))
    assert locked
    shutil.rmtree(node.directory())
    # Somebody who stole the key, but not the place of the last signed checkpoint.
    node.lock = CheckpointLock(tmp_path / "forged.db")
    node.open()
    node.append([*make_entries(100), *make_entries(250, start=1_000)])
    report = check(node, held=(locked.checkpoint,))
    assert [finding.index for finding in report.findings] == [300]
    assert check(node).is_intact


def test_a_cut_end_is_missing(node: Node, tmp_path: Path) -> None:
    node.append(make_entries(100))
    shutil.copytree(node.root, tmp_path / "old")
    node.append(make_entries(100, start=100))
    locked = node.lock.last(str(node.ledgers.origin(PROJECT, SHARD)))
    assert locked
    shutil.rmtree(node.root)
    shutil.copytree(tmp_path / "old", node.root)
    assert states(check(node, held=(locked.checkpoint,))) == [("missing", "checkpoint", 100)]


def test_a_strangers_signature_is_untrusted(node: Node) -> None:
    node.append(make_entries(5))
    path = node.directory() / "checkpoint"
    checkpoint = LedgerReader(read_directory(node.directory())).checkpoint()
    path.write_bytes(sign_checkpoint(checkpoint, Ed25519PrivateKey.generate()))
    assert states(check(node)) == [("untrusted", "checkpoint", None)]


def test_the_ledger_of_another_origin_is_untrusted(node: Node) -> None:
    node.append(make_entries(5))
    reader = LedgerReader(read_directory(node.directory()))
    subject = LedgerCheck(reader, keys=[stated_key(reader)], origin="log.example/other/n1/2026")
    assert len(list(subject.entries())) == 5
    assert states(subject.report()) == [("untrusted", "checkpoint", None)]


def ledger_of(node: Node, entries: list[bytes]) -> LedgerReport:
    node.append(entries)
    return check(node)


def test_a_later_version_is_counted_not_accused(node: Node) -> None:
    later = make_entries(1, start=1)[0].replace(b'"v":1', b'"v":2')
    report = ledger_of(node, [*make_entries(1), later])
    assert report.is_intact
    assert report.unknown_versions == 1


CLOSING = closing_entry(id=record_id(3), received_us=START_US + 9, successor=2027)
BACKWARDS = encode_entry(Entry(kind="part", id=record_id(3), received_us=START_US + 9, part_of=(2026, 3)))
SECOND_OPENING = opening_entry(id=record_id(3), received_us=START_US + 9)
MISPLACED = heartbeat_entry(id=record_id(3), received_us=START_US + 9, index=4)


def test_a_name_outside_the_lists_is_stated(node: Node) -> None:
    entry = make_entries(1, start=1)[0].replace(b'"m":"gpt-4o"', b'"m":"jan-dv"')
    report = ledger_of(node, [*make_entries(1), entry])
    assert report.is_intact
    assert report.unlisted == ("jan-dv", "openai")


@pytest.mark.parametrize(
    ("entries", "index", "word"),
    [
        (make_entries(2, start=1), 0, "open"),
        ([*make_entries(3), *make_entries(1, start=1)], 3, "received"),
        ([*make_entries(3), CLOSING, *make_entries(1, start=99)], 3, "closes"),
        ([*make_entries(3), SECOND_OPENING], 3, "middle"),
        ([*make_entries(3), MISPLACED], 3, "heartbeat"),
        ([*make_entries(3), BACKWARDS], 3, "after"),
        ([*make_entries(3), b"{}".ljust(256)], 3, "entry"),
    ],
)
def test_entries_that_break_the_rules_are_named(node: Node, entries: list[bytes], index: int, word: str) -> None:
    report = ledger_of(node, entries)
    assert report.findings[0].index == index
    assert word in report.findings[0].sentence


def test_a_silence_is_stated_and_a_heartbeat_ends_it(node: Node) -> None:
    late = START_US + 3 * HOUR_US
    report = ledger_of(node, [*make_entries(2), heartbeat_entry(id=record_id(2), received_us=late, index=2)])
    assert report.is_intact
    assert report.silences == ((2, START_US + 1, late),)


def test_shards_are_chained(node: Node) -> None:
    edge = Edge()
    edge.extend([leaf_hash(entry) for entry in make_entries(40)])
    final = Checkpoint("log.example/0123456789abcdef/n1/2025", 40, edge.root())
    opening = opening_entry(id=record_id(0), received_us=START_US, previous=final)
    node.append([opening])
    assert check(node, previous=final).is_intact
    changed = msgspec.structs.replace(final, size=41)
    assert states(check(node, previous=changed)) == [("altered", "tile/entries/000.p/1", 0)]


def test_an_altered_bundle_does_not_hide_what_is_behind_it(node: Node) -> None:
    node.append(make_entries(600))
    path = node.directory() / "tile/entries/000"
    path.write_bytes(encode_bundle([b"x"] * 256))
    other = node.directory() / "tile/entries/002.p/88"
    other.write_bytes(other.read_bytes()[:-1])
    assert {"tile/0/000", "tile/entries/002.p/88"} <= {finding.file for finding in check(node).findings}
