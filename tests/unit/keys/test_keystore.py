"""The key store: what it finds again, what it destroys, whom it refuses."""

import sqlite3
import threading
from pathlib import Path

import pytest

from onrecord.errors import Corrupt, Rejected
from onrecord.keys.kek import create_kek, format_kek, load_kek, parse_kek, recovery_code
from onrecord.keys.keystore import SESSION, TRACE, KeyStore, Partition
from onrecord.keys.locator import Locators

KEK = bytes(range(32))


def make(store: KeyStore, locator: bytes, kind: int = TRACE, bucket: str = "standard/2026-11") -> Partition:
    store.begin()
    partition = store.create_partition(2, kind, locator, bucket)
    store.commit()
    return partition


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys.db", KEK)


def test_a_partition_key_is_found_again_after_a_restart(tmp_path: Path, store: KeyStore) -> None:
    partition = make(store, b"l" * 16)
    store.close()
    again = KeyStore(tmp_path / "keys.db", KEK)
    assert again.partition_key(partition.id) == partition.key
    assert again.find_partition(b"l" * 16) == partition


def test_a_key_store_refuses_a_kek_that_it_was_not_made_with(tmp_path: Path, store: KeyStore) -> None:
    store.close()
    with pytest.raises(Rejected, match="does not fit"):
        KeyStore(tmp_path / "keys.db", bytes(32))


def test_no_key_stands_in_the_file_in_clear(tmp_path: Path, store: KeyStore) -> None:
    partition = make(store, b"l" * 16)
    project = store.project_key(2, "pseudonym")
    store.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert partition.key not in stored
    assert project not in stored
    assert KEK not in stored


def test_a_sealed_key_does_not_open_in_the_place_of_another_kind(tmp_path: Path, store: KeyStore) -> None:
    store.project_key(2, "pseudonym")
    store.project_key(2, "locator")
    store.close()
    with sqlite3.connect(tmp_path / "keys.db") as raw:
        raw.execute("UPDATE project_key SET wrapped = (SELECT wrapped FROM project_key WHERE name = 'pseudonym')")
    with pytest.raises(Corrupt):
        KeyStore(tmp_path / "keys.db", KEK).project_key(2, "locator")


def test_project_keys_are_made_once(store: KeyStore) -> None:
    assert store.project_key(2, "locator") == store.project_key(2, "locator")
    assert store.project_key(2, "locator") != store.project_key(3, "locator")


def test_what_is_rolled_back_is_not_there(store: KeyStore) -> None:
    store.begin()
    store.create_partition(2, TRACE, b"l" * 16, "standard/2026-11")
    store.rollback()
    assert store.find_partition(b"l" * 16) is None


def erasable(store: KeyStore) -> tuple[int, dict[str, int]]:
    """A person named on one session; its trace also lies in a partition of its own, another trace does not."""
    store.begin()
    session = store.create_partition(2, SESSION, b"s" * 16, "standard/2026-11")
    own = store.create_partition(2, TRACE, b"t" * 16, "standard/2026-11")
    other = store.create_partition(2, TRACE, b"o" * 16, "standard/2026-11")
    subject = store.create_subject(2, b"u" * 16)
    store.tie(subject.id, session.id)
    for partition in (session, own):
        store.link_trace(b"trace-1" + bytes(9), partition.id)
    store.link_trace(b"trace-2" + bytes(9), other.id)
    store.commit()
    return subject.id, {"session": session.id, "own": own.id, "other": other.id}


def test_erasing_a_person_covers_the_whole_trace_and_nothing_else(store: KeyStore) -> None:
    subject, partitions = erasable(store)
    store.retire(subject)
    assert store.partitions_erasing(subject) == [partitions["session"], partitions["own"]]
    store.destroy_keys(subject)
    assert store.partition_key(partitions["session"]) is None
    assert store.partition_key(partitions["own"]) is None
    assert store.partition_key(partitions["other"]) is not None


def test_what_comes_after_an_erasure_has_begun_is_not_part_of_it(store: KeyStore) -> None:
    subject, _ = erasable(store)
    store.retire(subject)
    assert store.find_partition(b"s" * 16) is None
    assert store.find_subject(b"u" * 16) is None
    assert store.partitions_of_trace(b"trace-1" + bytes(9)) == []


def test_an_erasure_that_a_crash_cut_off_is_found_again(tmp_path: Path, store: KeyStore) -> None:
    subject, _ = erasable(store)
    store.retire(subject)
    store.close()
    again = KeyStore(tmp_path / "keys.db", KEK)
    assert [found[0] for found in again.erasing()] == [subject]


def test_a_forgotten_person_leaves_no_byte_in_the_key_store(tmp_path: Path, store: KeyStore) -> None:
    subject, _ = erasable(store)
    tag = store.erasing() or store.find_subject(b"u" * 16)
    assert tag is not None
    store.retire(subject)
    store.destroy_keys(subject)
    store.forget(subject)
    assert store.erasing() == []
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for locator in (b"s" * 16, b"t" * 16, b"u" * 16, b"trace-1" + bytes(9)):
        assert locator not in stored
    assert b"trace-2" + bytes(9) in stored


def test_a_kek_is_read_back_from_its_file_and_from_its_recovery_code(tmp_path: Path) -> None:
    kek = create_kek(tmp_path / "keys" / "kek")
    assert load_kek(tmp_path / "keys" / "kek") == kek
    assert (tmp_path / "keys" / "kek").stat().st_mode & 0o777 == 0o600
    assert parse_kek(recovery_code(kek).lower()) == kek
    assert load_kek(tmp_path / "nowhere") is None
    assert load_kek(tmp_path / "nowhere", text=format_kek(kek)) == kek
    assert load_kek(tmp_path / "nowhere", command=f"cat {tmp_path / 'keys' / 'kek'}") == kek


@pytest.mark.parametrize("text", ["", "onrecord-kek-v1:AAAA", "onrecord-kek-v1:%%%", "AAAAA-BBBBB"])
def test_what_is_not_a_kek_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_kek(text)
    assert not text or text not in str(caught.value)


def test_a_locator_says_nothing_without_its_key() -> None:
    one, other = Locators(b"1" * 32), Locators(b"2" * 32)
    assert one.user("jan") != other.user("jan")
    assert one.user("jan") != one.session("jan") != one.trace("jan")
    assert one.month(one.trace("t"), "2026-11") != one.month(one.trace("t"), "2026-12")


def test_a_transaction_that_sqlite_took_back_by_itself_does_not_keep_others_from_writing(store: KeyStore) -> None:
    store.begin()
    store.create_partition(2, TRACE, b"l" * 16, "standard/2026-11")
    store._writer().execute("ROLLBACK")  # what a full disk does
    store.rollback()
    made: list[bytes] = []
    other = threading.Thread(target=lambda: made.append(store.project_key(2, "pseudonym")), daemon=True)
    other.start()
    other.join(5)
    assert len(made) == 1
    assert make(store, b"l" * 16).id > 0


def test_an_erasing_step_that_fails_leaves_the_store_writable(store: KeyStore) -> None:
    store._writer().execute("DROP TABLE tie")
    with pytest.raises(sqlite3.OperationalError):
        store.forget(1)
    assert make(store, b"l" * 16).id > 0
