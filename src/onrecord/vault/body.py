"""The sealed body of one record: its salt, its manifest and the segments that it is the first to carry.

Byte layout: docs/format/vault.md. Sealing is AES-256-GCM (NIST SP 800-38D) under the partition's key, with the
record's place as associated data; the plaintext is one zstd frame (RFC 8878).
"""

import secrets
import struct

import msgspec
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.errors import Corrupt
from onrecord.keys.seal import NONCE_BYTES
from onrecord.vault.dictionary import NEWEST, NUMBERS, load

_DOMAIN = b"onrecord/record/v1"
_PLACE = struct.Struct(">HQ")
_LEVEL = 1
_INDEX_BITS = 40


class Body(msgspec.Struct, frozen=True, array_like=True):
    """What one record adds to its partition."""

    salt: bytes
    shape: tuple[int, int, int]
    """Tool slots (0 or 1), input messages, output messages."""
    base: int
    take: int
    refs: list[int]
    segments: list[bytes]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Body)


def record_id(project: int, index: int) -> int:
    """The rowid of a record: project number above, ledger index below."""
    return project << _INDEX_BITS | index


def place_of(identifier: int) -> tuple[int, int]:
    """Project number and ledger index of a rowid."""
    return identifier >> _INDEX_BITS, identifier & (1 << _INDEX_BITS) - 1


class Sealer:
    """Seals and opens bodies. Holds compression contexts, so each thread has its own."""

    def __init__(self) -> None:
        dictionary = load(NEWEST)
        dictionary.precompute_compress(level=_LEVEL)
        self._compressor = zstandard.ZstdCompressor(dict_data=dictionary)
        self._decompressors = {number: zstandard.ZstdDecompressor(dict_data=load(number)) for number in NUMBERS}

    def seal(self, aead: AESGCM, body: Body, *, year: int, identifier: int, dedupe: bytes) -> bytes:
        """``nonce || ciphertext || tag``."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plaintext = self._compressor.compress(_encoder.encode(body))
        return nonce + aead.encrypt(nonce, plaintext, _DOMAIN + _PLACE.pack(year, identifier) + dedupe)

    def open(self, aead: AESGCM, sealed: bytes, *, year: int, identifier: int, dedupe: bytes) -> Body:
        """The body that was sealed for this place.

        Raises:
            Corrupt: when a byte of it, its key or its place is another.
        """
        associated = _DOMAIN + _PLACE.pack(year, identifier) + dedupe
        try:
            plaintext = aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
            number = zstandard.get_frame_parameters(plaintext).dict_id
            return _decoder.decode(self._decompressors[number].decompress(plaintext))
        except (InvalidTag, ValueError, KeyError, zstandard.ZstdError, msgspec.DecodeError) as error:
            raise Corrupt("the content of a record does not open under its key") from error
