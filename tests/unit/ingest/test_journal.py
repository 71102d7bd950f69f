"""Journal files: what was promised is read again, what was torn was not promised, and what is over opens no more."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from onrecord.ingest.journal import Entry, JournalFile, journal_files, journal_path, read_journal, shred

KEY = AESGCM(b"k" * 32)
GROUPS = st.lists(st.lists(st.binary(max_size=60), min_size=1, max_size=4), min_size=1, max_size=6)


def entry(body: bytes) -> Entry:
    return Entry(2, "gateway", "msgpack", body)


def written(path: Path, groups: list[list[bytes]]) -> list[int]:
    """A file with these groups; where each of them ends."""
    file = JournalFile.create(path, KEY)
    ends = []
    for group in groups:
        file.append([entry(body) for body in group])
        ends.append(path.stat().st_size)
    file.close()
    return ends


def flat(groups: list[list[bytes]]) -> list[bytes]:
    return [body for group in groups for body in group]


def bodies(path: Path) -> list[bytes]:
    return [one.body for one in read_journal(path, KEY).entries]


@given(groups=GROUPS, data=st.data())
def test_wherever_the_last_write_was_torn_every_group_before_it_is_there(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[bytes]], data: st.DataObject
) -> None:
    path = journal_path(tmp_path_factory.mktemp("journal"), "server", 1)
    ends = written(path, groups)
    cut = data.draw(st.integers(0, ends[-1]))
    path.write_bytes(path.read_bytes()[:cut])
    whole = sum(end <= cut for end in ends)
    found = read_journal(path, KEY)
    assert [one.body for one in found.entries] == flat(groups[:whole])
    assert not found.damaged


@given(groups=GROUPS, data=st.data())
def test_a_flipped_bit_is_damage_unless_it_is_in_the_last_group_and_hides_no_other_group(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[bytes]], data: st.DataObject
) -> None:
    path = journal_path(tmp_path_factory.mktemp("journal"), "server", 1)
    ends = written(path, groups)
    head = 79
    at = data.draw(st.integers(head, ends[-1] - 1))
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(raw)
    struck = next(number for number, end in enumerate(ends) if at < end)
    found = read_journal(path, KEY)
    assert [one.body for one in found.entries] == flat(groups[:struck] + groups[struck + 1 :])
    assert found.damaged == (struck < len(groups) - 1)


def test_a_file_that_is_used_again_shows_nothing_of_its_earlier_use(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "server", 1)
    file = JournalFile.create(path, KEY)
    for number in range(20):
        file.append([entry(b"earlier %d" % number)])
    earlier = path.read_bytes()
    file.renew(KEY)
    assert read_journal(path, KEY).entries == []
    assert not read_journal(path, KEY).damaged
    file.append([entry(b"later")])
    assert (bodies(path), read_journal(path, KEY).damaged) == ([b"later"], False)
    assert path.stat().st_size == len(earlier), "its blocks are used again"
    assert b"earlier" not in earlier, "nothing lies open"
    file.close()


def test_a_file_whose_key_was_overwritten_opens_no_more_even_with_the_installations_key(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "server", 1)
    written(path, [[b"secret"]])
    other = tmp_path / "kept-open"
    other.hardlink_to(path)  # as whoever recovers a removed file would see it
    shred(path)
    assert not path.exists()
    found = read_journal(other, KEY)
    assert (found.entries, found.damaged) == ([], False)


def test_another_installations_key_opens_nothing_and_says_so(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "server", 1)
    written(path, [[b"secret"]])
    found = read_journal(path, AESGCM(b"x" * 32))
    assert (found.entries, found.damaged) == ([], True)


def test_files_are_taken_in_the_order_in_which_they_were_begun_whoever_wrote_them(tmp_path: Path) -> None:
    for owner, number in (("server", 3), ("relay", 20), ("server", 100)):
        written(journal_path(tmp_path, owner, number), [[b"x"]])
    (tmp_path / "notes.txt").write_text("not ours")
    assert [path.name.split(".")[0] for path in journal_files(tmp_path)] == ["server", "relay", "server"]
    assert len(journal_files(tmp_path, "relay")) == 1


def test_a_group_that_can_not_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = journal_path(tmp_path, "server", 1)
    file = JournalFile.create(path, KEY)
    file.append([entry(b"first")])

    def no_room(_: int) -> None:
        raise OSError(28, "no space")

    with monkeypatch.context() as patched:
        patched.setattr("onrecord.ingest.journal.os.fdatasync", no_room)
        with pytest.raises(OSError, match="no space"):
            file.append([entry(b"second")])
    file.append([entry(b"third")])
    file.close()
    found = read_journal(path, KEY)
    assert ([one.body for one in found.entries], found.damaged) == ([b"first", b"third"], False)
