"""Bodies, decompressed within a bound.

A body is decompressed piece by piece into at most ``limit`` bytes: a bomb costs no more memory than the bound and a
piece. Encodings are those of RFC 9110 (gzip with any number of members, deflate with or without its zlib wrapper)
and RFC 9659 (zstd, window of 8 MB at most). A stream that ends early is malformed: half a batch is never taken for a
whole one.
"""

import sys
import zlib
from collections.abc import Callable
from typing import Final

from onrecord import limits
from onrecord.errors import Rejected

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODINGS: Final = ("identity", "gzip", "deflate", "zstd")

_PIECE_BYTES: Final = 1024 * 1024
_SLICE_BYTES: Final = 64 * 1024
_GZIP_BITS: Final = 31
_ZLIB_BITS: Final = 15
_RAW_BITS: Final = -15
_ZSTD_OPTIONS: Final[dict[int, int]] = {
    zstd.DecompressionParameter.window_log_max: limits.ZSTD_WINDOW_BYTES.bit_length() - 1
}


class _Enough(Exception):
    """The bound is reached."""


class _Pieces:
    """What came out so far: counted, bounded, joined once."""

    def __init__(self, limit: int, grow: Callable[[int], None], *, cut: bool) -> None:
        self._pieces: list[bytes] = []
        self._left = limit
        self._limit = limit
        self._grow = grow
        self._cut = cut

    def add(self, piece: bytes) -> None:
        if self._left < len(piece):
            if not self._cut:
                raise too_large(self._limit)
            self._pieces.append(piece[: self._left])
            raise _Enough
        self._left -= len(piece)
        self._grow(len(piece))
        self._pieces.append(piece)

    def joined(self) -> bytes:
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


def too_large(limit_bytes: int) -> Rejected:
    """The refusal of a body beyond its bound."""
    return Rejected(
        f"The body is larger than {limit_bytes:,} bytes.",
        hint="Send smaller batches (OTEL_BSP_MAX_EXPORT_BATCH_SIZE).",
        status=413,
    )


def encoding_of(header: str) -> str:
    """The one content coding that a ``Content-Encoding`` header names.

    Raises:
        Rejected: 415, a coding that is not known or more than one.
    """
    name = header.strip().lower() or "identity"
    name = "gzip" if name == "x-gzip" else name
    if name not in ENCODINGS:
        raise Rejected(
            "The content coding is not one that this server reads.",
            hint=f"Send one of {', '.join(ENCODINGS)}.",
            status=415,
        )
    return name


def decompress(
    body: bytes, encoding: str, limit: int, grow: Callable[[int], None] = lambda _: None, *, cut: bool = False
) -> bytes:
    """``body`` without its content coding, at most ``limit`` bytes.

    Args:
        body: as received.
        encoding: one of ``ENCODINGS``.
        limit: in bytes.
        grow: told of every piece before it is kept; what it raises ends the work.
        cut: ``body`` is the beginning of a stream: what can be had of it is the answer, up to the limit.

    Raises:
        Rejected: 413 beyond the limit, 400 when the stream is damaged, ends early or carries foreign bytes after it.
    """
    pieces = _Pieces(limit, grow, cut=cut)
    try:
        match encoding:
            case "gzip":
                _inflate(body, _GZIP_BITS, pieces)
            case "deflate":
                _inflate(body, _ZLIB_BITS if _has_zlib_header(body) else _RAW_BITS, pieces)
            case "zstd":
                _unzstd(body, pieces)
            case _:
                pieces.add(body)
    except (zlib.error, zstd.ZstdError):
        raise Rejected(f"The {encoding} stream is damaged.", hint="The sender must compress the body again.") from None
    except _Enough:
        pass
    except _EndsEarly:
        if not cut:
            raise
    return pieces.joined()


class _EndsEarly(Rejected):
    """A stream that is not there to its end."""


def _ends_early(encoding: str) -> _EndsEarly:
    return _EndsEarly(
        f"The {encoding} stream ends before its end.", hint="The body was cut on its way; send it again whole."
    )


def _has_zlib_header(body: bytes) -> bool:
    """RFC 1950: method 8, and the first two bytes a multiple of 31. Some clients send bare deflate."""
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0  # noqa: PLR2004


def _inflate(body: bytes, bits: int, pieces: _Pieces) -> None:
    """One deflate stream, or gzip members in a row. Fed in slices: what zlib leaves over is copied at every turn."""
    stream = zlib.decompressobj(bits)
    members = 1
    for start in range(0, len(body), _SLICE_BYTES):
        rest = body[start : start + _SLICE_BYTES]
        while rest:
            if stream.eof:
                rest = rest.lstrip(b"\0")  # gzip pads members with zeros
                if not rest:
                    break
                members += 1
                if bits != _GZIP_BITS or members > limits.GZIP_MEMBERS:
                    raise Rejected("Bytes follow the end of the compressed body.")
                stream = zlib.decompressobj(bits)
            rest = _drain(stream, rest, pieces)
    if not stream.eof:
        raise _ends_early("gzip" if bits == _GZIP_BITS else "deflate")


def _drain(stream: "zlib._Decompress", rest: bytes, pieces: _Pieces) -> bytes:
    """Feed ``rest`` until it is used up or its member ends; what follows the end is returned."""
    while True:
        piece = stream.decompress(rest, _PIECE_BYTES)
        pieces.add(piece)
        if stream.eof:
            return stream.unused_data
        rest = stream.unconsumed_tail
        if not rest and len(piece) < _PIECE_BYTES:
            return b""


def _unzstd(body: bytes, pieces: _Pieces) -> None:
    """Zstandard frames in a row."""
    rest, frames = body, 0
    while rest or not frames:
        frames += 1
        if frames > limits.GZIP_MEMBERS:
            raise Rejected("The zstd body has too many frames.")
        stream = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        pieces.add(stream.decompress(rest, _PIECE_BYTES))
        while not stream.eof:
            if stream.needs_input:
                raise _ends_early("zstd")
            pieces.add(stream.decompress(b"", _PIECE_BYTES))
        rest = stream.unused_data
