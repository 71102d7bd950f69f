"""Decompression: every coding, every bound, every way to be cut short."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard

from onrecord import limits
from onrecord.errors import Pushback, Rejected
from onrecord.receive.body import decompress, encoding_of

TEXT = b"".join(b"span %d of many\n" % number for number in range(20_000))
NOISE = random.Random(7).randbytes(300_000)
LIMIT = 8 * 1024 * 1024


def _raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


ENCODED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("data", [b"", b"x", TEXT, NOISE], ids=["empty", "byte", "text", "noise"])
@pytest.mark.parametrize("encoding", ENCODED)
def test_what_was_compressed_comes_back(encoding: str, data: bytes) -> None:
    assert decompress(ENCODED[encoding](data), encoding, LIMIT) == data


def test_deflate_without_its_zlib_wrapper_is_read() -> None:
    assert decompress(_raw_deflate(TEXT), "deflate", LIMIT) == TEXT


def test_gzip_members_in_a_row_are_one_body() -> None:
    members = gzip.compress(TEXT) + gzip.compress(b"") + gzip.compress(NOISE)
    assert decompress(members, "gzip", LIMIT) == TEXT + NOISE


def test_zeros_after_the_last_gzip_member_are_padding() -> None:
    assert decompress(gzip.compress(TEXT) + bytes(100_000), "gzip", LIMIT) == TEXT


def test_zstd_frames_in_a_row_are_one_body() -> None:
    assert decompress(zstandard.compress(TEXT) + zstandard.compress(NOISE), "zstd", LIMIT) == TEXT + NOISE


@pytest.mark.parametrize("cut", [1, 5, 9, 1_000])
@pytest.mark.parametrize("encoding", ENCODED)
def test_a_stream_that_ends_early_is_refused_with_a_sentence(encoding: str, cut: int) -> None:
    with pytest.raises(Rejected, match="ends before its end") as refusal:
        decompress(ENCODED[encoding](NOISE)[:-cut], encoding, LIMIT)
    assert refusal.value.status == 400


@pytest.mark.parametrize("encoding", ENCODED)
def test_an_empty_body_is_no_compressed_stream(encoding: str) -> None:
    with pytest.raises(Rejected, match="ends before its end"):
        decompress(b"", encoding, LIMIT)


@pytest.mark.parametrize("encoding", ENCODED)
def test_bytes_that_are_no_stream_are_refused(encoding: str) -> None:
    with pytest.raises(Rejected, match=r"damaged|ends before"):
        decompress(b"\xff" * 64, encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_foreign_bytes_after_the_stream_are_refused(encoding: str) -> None:
    with pytest.raises(Rejected):
        decompress(ENCODED[encoding](TEXT) + b"tail", encoding, LIMIT)


def test_a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    body = gzip.compress(bytes(1_000_000))
    assert len(decompress(body, "gzip", 1_000_000)) == 1_000_000
    with pytest.raises(Rejected) as refusal:
        decompress(body, "gzip", 999_999)
    assert refusal.value.status == 413


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_bomb_costs_no_more_memory_than_the_bound_and_a_piece(encoding: str) -> None:
    bomb = ENCODED[encoding](bytes(64 * 1024 * 1024))
    tracemalloc.start()
    try:
        with pytest.raises(Rejected):
            decompress(bomb, encoding, LIMIT)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < LIMIT + 4 * 1024 * 1024


def test_a_row_of_empty_gzip_members_is_refused_and_not_counted_for_ever() -> None:
    with pytest.raises(Rejected):
        decompress(gzip.compress(b"") * (limits.GZIP_MEMBERS + 1), "gzip", LIMIT)


def test_a_zstd_frame_that_asks_for_a_huge_window_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=0)
    frame = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(Rejected):
        decompress(frame.compress(NOISE) + frame.flush(), "zstd", LIMIT)


def test_growing_is_told_before_the_memory_is_kept_and_may_end_the_work() -> None:
    def full(_: int) -> None:
        raise Pushback("full")

    with pytest.raises(Pushback):
        decompress(gzip.compress(TEXT), "gzip", LIMIT, full)


@pytest.mark.parametrize(
    ("header", "encoding"),
    [("", "identity"), ("GZIP", "gzip"), (" x-gzip ", "gzip"), ("deflate", "deflate"), ("zstd", "zstd")],
)
def test_content_codings_are_known_by_their_names(header: str, encoding: str) -> None:
    assert encoding_of(header) == encoding


@pytest.mark.parametrize("header", ["br", "gzip, gzip", "compress"])
def test_an_unknown_content_coding_is_415(header: str) -> None:
    with pytest.raises(Rejected) as refusal:
        encoding_of(header)
    assert refusal.value.status == 415


@pytest.mark.parametrize("encoding", ENCODED)
def test_of_a_stream_whose_end_was_not_kept_the_beginning_is_had(encoding: str) -> None:
    data = NOISE + TEXT * 20
    sent = ENCODED[encoding](data)
    begun = decompress(sent[: len(sent) - 1_000], encoding, LIMIT, cut=True)
    assert data.startswith(begun)
    assert len(begun) > 100_000
    assert decompress(sent, encoding, 5_000, cut=True) == data[:5_000]


def test_no_more_of_a_bomb_is_taken_apart_than_is_kept() -> None:
    told: list[int] = []
    bomb = gzip.compress(bytes(200_000_000))
    assert len(decompress(bomb, "gzip", 3_000_000, told.append, cut=True)) == 3_000_000
    assert sum(told) < 4_000_000
