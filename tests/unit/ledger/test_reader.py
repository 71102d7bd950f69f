"""A ledger is read over HTTP as from its directory, and checked while it grows."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from onrecord.errors import Missing, Rejected, Unavailable
from onrecord.ledger.merkle import is_included, leaf_hash
from onrecord.ledger.reader import LedgerReader, read_directory, read_url
from onrecord.ledger.signer import load_signer
from onrecord.ledger.stored import ledger_directories, stated_key, stored_files, tile_of_path
from onrecord.ledger.tile import ENTRIES, TileName, tiles_of
from onrecord.ledger.verify import LedgerCheck
from tests.unit.ledger.support import PROJECT, SHARD, Node, make_entries


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.fixture
def address(node: Node) -> Iterator[str]:
    node.append(make_entries(300))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(node.directory()))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_a_served_ledger_is_read_proved_and_checked(node: Node, address: str) -> None:
    reader = LedgerReader(read_url(address))
    entries = make_entries(300)
    assert list(reader.entries(250, 260)) == list(enumerate(entries))[250:260]
    proof = reader.proof(7)
    assert is_included(7, 300, leaf_hash(entries[7]), proof.hashes, reader.checkpoint().root)
    check = LedgerCheck(reader, keys=[stated_key(reader)])
    assert sum(1 for _ in check.entries()) == 300
    assert check.report().is_intact
    with pytest.raises(Missing):
        reader.entry(300)


def test_a_source_that_does_not_answer_is_unavailable_not_altered() -> None:
    with pytest.raises(Unavailable):
        LedgerReader(read_url("http://127.0.0.1:9/")).checkpoint()
    with pytest.raises(Rejected):
        read_url("file:///etc")


def test_a_ledger_is_checked_while_it_grows(node: Node) -> None:
    entries = make_entries(4_000)
    random = Random(7)
    node.append(entries[:1])
    done = threading.Event()

    def grow() -> None:
        at = 1
        while at < len(entries):
            end = min(len(entries), at + random.randrange(1, 90))
            node.append(entries[at:end])
            at = end
        done.set()

    key = load_signer(node.keys / "signing", PROJECT).key(str(node.ledgers.origin(PROJECT, SHARD)))
    writer = threading.Thread(target=grow)
    writer.start()
    checks = 0
    while not done.is_set() or checks == 0:
        held = node.ledgers.writer(PROJECT, SHARD).published
        directory = node.directory()
        files = stored_files(directory)
        check = LedgerCheck(LedgerReader(read_directory(directory)), keys=[key], held=[held], files=files)
        assert sum(1 for _ in check.entries()) >= held.size
        assert check.report().is_intact, check.report().findings
        checks += 1
    writer.join()
    assert checks > 3


def test_every_tile_path_reads_back_and_has_one_spelling() -> None:
    for name in (*tiles_of(70_000), TileName(ENTRIES, 1_234_067, 3), TileName(2, 1_000)):
        assert tile_of_path(name.path) == name
    for path in ("tile/0/1", "tile/0/x000/001", "tile/00/001", "tile/0/001.p/0", "tile/0/001.p/256", "tile/0/001.p/01"):
        assert tile_of_path(path) is None


def test_the_ledgers_of_a_data_directory_are_found_in_order(node: Node) -> None:
    for shard in (2027, 2026):
        node.ledgers.writer(PROJECT, shard)
    found = ledger_directories(node.root)
    assert found == [node.directory(shard=2026), node.directory(shard=2027)]
