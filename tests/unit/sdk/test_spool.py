"""The spool on disk: sealed, bounded, of one process each, taken over when that process has ended."""

import os
import shutil
import stat
from pathlib import Path

import pytest
import zstandard

from onrecord.sdk.declare import Declarations
from onrecord.sdk.outbox import Batch, Outbox
from onrecord.sdk.settings import ClientSettings
from onrecord.sdk.spool import Spool

KEY = "or_0123_secret"


def spool_of(directory: Path, **fields: object) -> Spool:
    return Spool(ClientSettings(spool=directory, api_key=KEY, **fields))  # type: ignore[arg-type]


def keep(spool: Spool, first: int, last: int, body: bytes = b"words") -> bool:
    outbox = spool.own
    kept = spool.put(outbox, Batch(last, last - first + 1, os.urandom(4).hex(), "traces"), body, durable=True)
    if kept:
        outbox.settle(last)
    return kept


def abandon(spool: Spool) -> None:
    """What the end of a process does: the lock goes, the files stay."""
    spool.abandon()


def test_a_batch_reads_back_and_its_name_says_its_numbers(tmp_path: Path) -> None:
    spool = spool_of(tmp_path)
    keep(spool, 1, 4, b"the first four")
    keep(spool, 5, 5)
    first, second = spool.own.batches()
    assert (first.first, first.last, first.signal, second.first) == (1, 4, "traces", 5)
    assert spool.own.body(first) == b"the first four"
    abandon(spool)


def test_nothing_of_a_batch_is_readable_without_the_key(tmp_path: Path) -> None:
    spool = spool_of(tmp_path)
    keep(spool, 1, 1, b"the quince orchard is sold")
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"quince" not in written
    assert KEY.encode() not in written
    box, batch = spool.own, spool.own.batches()[0]
    other = Outbox(box.directory, box.counter, b"another key")
    assert other.body(batch) is None
    abandon(spool)


def test_a_batch_that_is_altered_moved_or_cut_off_does_not_open(tmp_path: Path) -> None:
    spool = spool_of(tmp_path)
    keep(spool, 1, 1)
    box, batch = spool.own, spool.own.batches()[0]
    path = box.directory / batch.name
    whole = path.read_bytes()
    for broken in (whole[:-1], whole[:20], b"", whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(broken)
        assert box.body(batch) is None
    renamed = Batch(9, 9, batch.token, batch.signal)
    path.rename(box.directory / renamed.name)
    (box.directory / renamed.name).write_bytes(whole)
    assert box.body(renamed) is None
    abandon(spool)


def test_directories_and_files_are_closed_to_others(tmp_path: Path) -> None:
    spool = spool_of(tmp_path / "spool")
    keep(spool, 1, 1)
    for path in (tmp_path / "spool").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    abandon(spool)


def test_a_full_spool_takes_nothing_more_and_gives_nothing_up(tmp_path: Path) -> None:
    spool = spool_of(tmp_path, spool_bytes=64 * 1024)
    kept = [keep(spool, number, number, os.urandom(10_000)) for number in range(1, 10)]
    assert kept[0]
    assert not kept[-1]
    assert [batch.first for batch in spool.own.batches()] == list(range(1, sum(kept) + 1))
    spool.remove(spool.own, spool.own.batches()[0])
    assert keep(spool, 20, 20, os.urandom(10_000))
    abandon(spool)


def test_a_living_process_keeps_its_outbox_and_a_dead_ones_is_taken_over_once(tmp_path: Path) -> None:
    dead, heir, other = spool_of(tmp_path), spool_of(tmp_path), spool_of(tmp_path)
    keep(dead, 1, 2)
    producer = dead.own.producer
    assert heir.adopt() == []
    abandon(dead)
    assert [box.producer for box in heir.adopt()] == [producer]
    assert heir.adopt() == other.adopt() == []
    box = heir.adopted[0]
    assert box.body(box.batches()[0]) == b"words"
    heir.dissolve(box)
    assert not box.directory.exists()


def test_another_key_or_another_server_has_a_place_of_its_own(tmp_path: Path) -> None:
    places = {
        Spool(ClientSettings(spool=tmp_path, api_key=key, endpoint=endpoint)).place
        for key in ("or_a", "or_b")
        for endpoint in ("http://one", "http://two")
    }
    assert len(places) == 4


def test_what_a_process_was_killed_over_is_not_taken_for_a_batch(tmp_path: Path) -> None:
    spool = spool_of(tmp_path)
    keep(spool, 1, 1)
    (spool.own.directory / ".half-written").write_bytes(b"x")
    (spool.own.directory / "notes.txt").write_bytes(b"x")
    assert len(spool.own.batches()) == 1
    abandon(spool)


def test_a_batch_whose_number_was_not_settled_is_not_sent_yet(tmp_path: Path) -> None:
    spool = spool_of(tmp_path)
    spool.put(spool.own, Batch(3, 3, "00", "traces"), b"x", durable=False)
    assert spool.own.batches() == []
    assert spool.own.recover() == 0
    assert [batch.last for batch in spool.own.batches()] == [3]
    abandon(spool)


def test_an_end_without_anything_left_leaves_no_outbox(tmp_path: Path) -> None:
    spool = spool_of(tmp_path)
    keep(spool, 1, 1)
    spool.own.counter.given = 1
    spool.remove(spool.own, spool.own.batches()[0])
    spool.close()
    assert list(spool.place.iterdir()) == []


def test_an_end_with_something_left_leaves_it_to_the_next(tmp_path: Path) -> None:
    spool = spool_of(tmp_path)
    keep(spool, 1, 1)
    spool.close()
    assert [batch.count for box in spool_of(tmp_path).adopt() for batch in box.batches()] == [1]


def test_without_a_key_the_secret_is_made_once(tmp_path: Path) -> None:
    places = {Spool(ClientSettings(spool=tmp_path)).place for _ in range(3)}
    assert len(places) == 1
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_directory_that_can_not_be_written_is_replaced_by_a_temporary_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert tmp_path not in spool_of(tmp_path / "spool").place.parents


def declared(spool: Spool, outbox: Outbox) -> str:
    """What the declarations in an outbox say."""
    bodies = [outbox.body(batch) or b"" for batch in outbox.batches() if not batch.count]
    return b"".join(zstandard.ZstdDecompressor().decompress(body) for body in bodies).decode()


def test_what_was_taken_and_never_written_is_known_to_the_heir(tmp_path: Path) -> None:
    dead, heir = spool_of(tmp_path), spool_of(tmp_path)
    keep(dead, 1, 3)
    dead.own.counter.given = 9
    abandon(dead)
    box = heir.adopt()[0]
    assert box.recover() == 6
    abandon(heir)


def test_a_drop_whose_declaration_was_not_written_is_declared_by_the_heir(tmp_path: Path) -> None:
    dead, heir, last = spool_of(tmp_path), spool_of(tmp_path), spool_of(tmp_path)
    keep(dead, 1, 3)
    dead.own.counter.given = 5
    Declarations(dead, ("t", "1"), 1.0).dropped(dead.own, 2, "spool_full")
    abandon(dead)
    box = heir.adopt()[0]
    words = Declarations(heir, ("t", "1"), 1.0)
    words.dropped(box, box.recover(), "killed")
    abandon(heir)
    box = last.adopt()[0]
    assert box.recover() == 2, "the heir was killed before it could say so"
    words = Declarations(last, ("t", "1"), 1.0)
    words.dropped(box, 2, "killed")
    assert words.write(box, zstandard.ZstdCompressor())
    assert "killed" in declared(last, box)
    assert box.recover() == 0
    abandon(last)


def test_a_directory_that_somebody_tidied_away_is_made_again(tmp_path: Path) -> None:
    spool = spool_of(tmp_path)
    keep(spool, 1, 1)
    shutil.rmtree(spool.own.directory)
    assert keep(spool, 2, 2)
    assert [batch.last for batch in spool.own.batches()] == [2]
    abandon(spool)
