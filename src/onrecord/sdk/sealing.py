"""Sealing what waits on disk: AES-256-GCM under a key derived from the ingest key with HKDF-SHA256 (RFC 5869).

The spool of a producer has a salt, and so a key, of its own. Whoever has the files but not the ingest key reads
nothing but sizes, times and counts.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_PLACE_BYTES: Final = 8


def place_of(secret: bytes, endpoint: str) -> str:
    """Name of the directory for what is sealed with this secret for this server; nothing can be told from it."""
    return _derive(secret, b"", b"onrecord/client/place/v1\0" + endpoint.encode(), _PLACE_BYTES).hex()


class Seal:
    """Seals and opens the batches of one producer."""

    def __init__(self, secret: bytes, salt: bytes) -> None:
        """``secret`` is the ingest key."""
        self._aead = AESGCM(_derive(secret, salt, b"onrecord/client/spool/v1", _KEY_BYTES))

    def close(self, plain: bytes, name: str) -> bytes:
        """Seal a batch and bind it to its name."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes | None:
        """The batch; ``None`` when it does not open: altered, cut off, or sealed with another key."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return None


def _derive(secret: bytes, salt: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=purpose).derive(secret)
