"""Random values that let somebody in, and what is kept of them.

A token has 256 random bits, so one SHA-256 is enough to make the stored value worthless to a thief; only passwords,
which people choose, need a slow hash.
"""

import hashlib
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_CHARACTERS: Final = 10
"""The shortest password that is accepted (NIST SP 800-63B asks for 8)."""

_TOKEN_BYTES: Final = 32


def new_token() -> str:
    """256 random bits, 43 URL-safe characters."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_password() -> str:
    """A password for a person to type once: 100 random bits in groups of five."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def digest_of(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


class Passwords:
    """Argon2id with the parameters of RFC 9106, second choice (64 MiB): about 50 ms of one core."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = ""

    def hash(self, password: str) -> str:
        """The string to store, salt and parameters included."""
        return self._hasher.hash(password)

    def matches(self, stored: str, password: str) -> bool:
        """Whether ``password`` is the one; as slow for a name that nobody has, so that time tells nothing."""
        if not stored:
            self._nobody = self._nobody or self._hasher.hash(new_token())
        try:
            self._hasher.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(stored)
