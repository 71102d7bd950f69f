"""Erasing: after it returns, no file of the store holds a byte of what was erased, compressed or not."""

from collections.abc import Iterator

import pytest
import zstandard

from onrecord.model.record import Place
from onrecord.model.time import FixedClock
from onrecord.store.client import Store
from onrecord.store.delete import erase, expire
from onrecord.store.writer import Writer
from tests.contract.store_rows import NOVEMBER_US, PROJECT, indexes, line

pytestmark = pytest.mark.chdb
CANARY = "zanzibarquetzal"
PLACES = [Place(2026, 10), Place(2026, 11)]
ZSTD, LZ4, NONE = 0x90, 0x82, 0x02
HEADER = 16 + 9


def blocks(content: bytes) -> Iterator[bytes]:
    """What a file of compressed blocks holds: 16 bytes of checksum, method, both sizes, data; nothing otherwise."""
    at = 0
    while at + HEADER <= len(content):
        method = content[at + 16]
        size = int.from_bytes(content[at + 17 : at + 21], "little")
        full = int.from_bytes(content[at + 21 : at + 25], "little")
        if method not in {ZSTD, LZ4, NONE} or size < 9 or at + 16 + size > len(content):
            return
        data = content[at + HEADER : at + 16 + size]
        if method == ZSTD:
            yield zstandard.ZstdDecompressor().decompress(data, max_output_size=full)
        elif method == LZ4:
            yield unlz4(data)
        else:
            yield data
        at += 16 + size


def unlz4(data: bytes) -> bytes:
    """An LZ4 block, decompressed (lz4_Block_format.md)."""
    out, at = bytearray(), 0

    def length(start: int) -> int:
        nonlocal at
        total = start
        if start == 15:
            while True:
                more = data[at]
                at += 1
                total += more
                if more != 255:
                    break
        return total

    while at < len(data):
        token = data[at]
        at += 1
        literals = length(token >> 4)
        out += data[at : at + literals]
        at += literals
        if at >= len(data):
            break
        back = int.from_bytes(data[at : at + 2], "little")
        at += 2
        for _ in range(length(token & 15) + 4):
            out.append(out[-back])
    return bytes(out)


def files_with(store: Store, word: str) -> list[str]:
    """Files of the engine that hold the word as it is or inside a compressed block."""
    assert store.directory is not None
    sought = word.encode()
    return [
        path.name
        for path in store.directory.rglob("*")
        if path.is_file()
        and (sought in (content := path.read_bytes()) or any(sought in block for block in blocks(content)))
    ]


@pytest.fixture
def filled(store: Store) -> Store:
    """A thousand spans, two of which (one trace) hold the canary in every kind of column, over several parts."""
    writer = Writer(store, FixedClock(1))
    lines = [line(n, user_id="usr_kept", said=f"word{n} and more of it") for n in range(1_000)]
    for index in (10, 11):
        lines[index] = line(
            index, user_id=f"usr_{CANARY}", said=f"tell {CANARY} that", name=f"{CANARY}-step",
            metadata={f"key{CANARY}": CANARY}, tags=(CANARY,), environment=CANARY,
        )  # fmt: skip
    for start in range(0, 1_000, 250):
        writer.insert("spans", lines[start : start + 250], f"t{start}")
    bad = b'{"project":"%b","shard":2026,"idx":11,"duration_us":"x","status_message":"%b"}'
    writer.insert("spans", [bad % (PROJECT.encode(), CANARY.encode())], "bad")
    return store


def test_the_search_for_the_canary_finds_it_while_it_is_there(filled: Store) -> None:
    assert {"data.bin"} <= set(files_with(filled, CANARY))


def test_nothing_of_the_erased_is_left_in_any_file(filled: Store) -> None:
    erase(filled, PROJECT, PLACES)
    assert files_with(filled, CANARY) == []


def test_nothing_is_left_after_the_parts_have_been_merged_either(filled: Store) -> None:
    filled.command("OPTIMIZE TABLE spans FINAL")
    erase(filled, PROJECT, PLACES)
    assert files_with(filled, CANARY) == []


def test_everybody_else_is_still_there(filled: Store) -> None:
    erase(filled, PROJECT, PLACES)
    assert len(indexes(filled)) == 998
    assert len(indexes(filled, "hasAllTokens(input_text, 'more')")) == 998
    assert indexes(filled, "hasAllTokens(input_text, 'word12')") == [12]


def test_erasing_again_finds_nothing_to_do(filled: Store) -> None:
    for _ in range(2):
        erase(filled, PROJECT, PLACES)
    assert len(indexes(filled)) == 998


def test_another_project_with_the_same_places_is_not_touched(filled: Store) -> None:
    erase(filled, "0000000000000000", PLACES)
    assert len(indexes(filled)) == 1_000


def test_a_name_that_a_remaining_span_of_the_trace_bears_out_stays(store: Store) -> None:
    Writer(store, FixedClock(1)).insert(
        "spans", [line(0, user_id="usr_a", session_id="ses_s"), line(1, user_id="usr_b")], "a"
    )
    erase(store, PROJECT, [Place(2026, 0)])
    assert store.query("SELECT field, value FROM trace_names").result_rows == [("user", "usr_b")]


@pytest.mark.parametrize("point", ["store.erase-noted", "store.erase-names-renewed", "store.erase-rows-deleted"])
def test_an_erasure_that_was_cut_off_is_finished_by_running_it_again(filled: Store, point: str) -> None:
    def die(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        erase(filled, PROJECT, PLACES, crash_point=die)
    erase(filled, PROJECT, PLACES)
    assert files_with(filled, CANARY) == []
    assert len(indexes(filled)) == 998


def test_expiry_drops_a_month_of_a_class_and_leaves_the_next(store: Store) -> None:
    writer = Writer(store, FixedClock(1))
    december_us = NOVEMBER_US + 30 * 86_400 * 1_000_000
    writer.insert("spans", [line(0, said=CANARY), line(1, received_us=december_us)], "a")
    expire(store, "standard", 202611)
    assert indexes(store) == [1]
    assert files_with(store, CANARY) == []
