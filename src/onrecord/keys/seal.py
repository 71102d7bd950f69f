"""Sealing small secrets under a key: AES-256-GCM with a random nonce, ``nonce || ciphertext || tag``.

Random 96-bit nonces allow 2^32 seals under one key (NIST SP 800-38D, 8.3). A bucket key seals the partition keys of
one class and month, a partition key the records of one conversation in one month: both stay far below.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.errors import Corrupt

KEY_BYTES = 32
NONCE_BYTES = 12
OVERHEAD_BYTES = NONCE_BYTES + 16


def new_key() -> bytes:
    """A fresh random 256-bit key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(aead: AESGCM, plaintext: bytes, associated: bytes) -> bytes:
    """Encrypt ``plaintext`` and bind it to ``associated``."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + aead.encrypt(nonce, plaintext, associated)


def unseal(aead: AESGCM, sealed: bytes, associated: bytes) -> bytes:
    """The plaintext that ``seal`` was given.

    Raises:
        Corrupt: when key, bytes or associated data are not those of the seal.
    """
    try:
        return aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
    except (InvalidTag, ValueError) as error:
        raise Corrupt("a sealed value does not open under its key") from error
