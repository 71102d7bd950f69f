"""A delivery of the gateway: the exchanges that waited together, in one body.

The gateway packs, the way of a record unpacks. Content codings are undone here, as far as the bytes go: a stream that
was cut is read up to the cut.
"""

import zlib
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from onrecord.errors import Rejected
from onrecord.limits import BODY_BYTES, ID_BYTES
from onrecord.model.exchange import Exchange, Kept
from onrecord.receive.body import ENCODINGS, decompress
from onrecord.receive.decoded import Fault

SIGNAL: Final = "gateway"
MEDIA: Final = "msgpack"

_encoder = msgspec.msgpack.Encoder()
_raws = msgspec.msgpack.Decoder(list[msgspec.Raw])
_exchange = msgspec.msgpack.Decoder(Exchange)


class Piece(msgspec.Struct, frozen=True):
    """One exchange, its codings undone."""

    exchange: Exchange
    digest: bytes
    """SHA-256 of the exchange as packed."""


def packed(exchange: Exchange) -> bytes:
    """One exchange, to be ``joined`` with others."""
    return _encoder.encode(exchange)


def joined(exchanges: Sequence[bytes]) -> bytes:
    """Packed exchanges as the body of one delivery."""
    return _encoder.encode([msgspec.Raw(one) for one in exchanges])


def unpack(body: bytes, _media: str) -> tuple[list[Piece], list[Fault]]:
    """The exchanges of a delivery.

    Raises:
        Rejected: it is not a body that ``joined`` made.
    """
    try:
        raws = _raws.decode(body)
        pieces = [Piece(_exchange.decode(raw), sha256(raw).digest()) for raw in raws]
    except (msgspec.ValidationError, msgspec.DecodeError):
        raise Rejected("The delivery holds no exchanges.") from None
    return [Piece(_plain(piece.exchange), piece.digest) for piece in pieces], []


def kind(piece: Piece) -> str:
    """An exchange that has only begun is an intent."""
    return "span" if piece.exchange.ended_unix_nano else "intent"


def _plain(exchange: Exchange) -> Exchange:
    request, response = _uncoded(exchange.request), _uncoded(exchange.response)
    if request is exchange.request and response is exchange.response:
        return exchange
    return replace(exchange, request=request, response=response)


def _uncoded(kept: Kept) -> Kept:
    """The body without its coding, ``coding`` then empty; as it is when its coding can not be undone."""
    coding = kept.coding.strip().lower().replace("x-gzip", "gzip")
    if not coding or not kept.data:
        return kept
    if coding == "identity":
        return replace(kept, coding="")
    if coding not in ENCODINGS:
        return kept
    try:
        data = decompress(kept.data, coding, BODY_BYTES)
    except Rejected:
        data = _up_to_the_cut(kept.data, coding)
    return replace(kept, data=data, coding="") if data else kept


def _up_to_the_cut(data: bytes, coding: str) -> bytes:
    """What a damaged or cut deflate stream says before its fault; nothing for zstd, whose blocks are whole or not."""
    if coding not in {"gzip", "deflate"}:
        return b""
    stream = zlib.decompressobj(zlib.MAX_WBITS | 32 if coding == "gzip" else zlib.MAX_WBITS)
    found: list[bytes] = []
    left = BODY_BYTES
    for start in range(0, len(data), ID_BYTES):
        try:
            piece = stream.decompress(data[start : start + ID_BYTES], left)
        except zlib.error:
            break
        found.append(piece)
        left -= len(piece)
        if left <= 0:
            break
    return b"".join(found)
