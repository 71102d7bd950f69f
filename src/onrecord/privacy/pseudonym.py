"""Pseudonyms: what stands in the store where a person's identifier stood.

A pseudonym is an HMAC-SHA-256 under the project's key, cut to 60 bits and written as 12 Crockford base32 characters
(among a million values any two collide with a chance of 1 in 2 million). No table maps it back; whoever holds the key
can still confirm a guess, so the key stays with the other keys. A value detected in text becomes
``<LABEL_k7m2q9xd4x1n>``, an id becomes ``usr_…``, ``ses_…``, ``ten_…`` or ``id_…``.

Invariants: the same key, label and canonical form give the same pseudonym; what is already one is returned unchanged.
Text that only imitates a pseudonym is therefore kept as it stands: nothing ever resolves one to a value, so an
imitation is at worst a name that nobody has.
"""

import hmac
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford base32, lower case: no i, l, o, u."""
_DIGITS = "[0-9a-hjkmnp-tv-z]{12}"
TOKEN: Final = re.compile(rf"<(?:[A-Z][A-Z_]{{1,30}}_{_DIGITS}|SECRET|CARD_[0-9]{{4}})>")
"""Grammar of everything that screening writes into text; nothing inside a match is looked at again."""
TOKEN_TRIGGER: Final = rb"<(?:SECRET|CARD_[0-9]{4}|[A-Z][A-Z_]{1,30}_[0-9a-z]{12})>"
"""The same for the trigger engines, a little wider."""
_MADE_ID = re.compile(rf"(?:usr|ses|ten|id)_{_DIGITS}\Z")
_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_KEPT = 4096
"""Pseudonyms that one project remembers: users and sessions of the last minutes, not all of them."""


def is_made_id(text: str) -> bool:
    """Whether ``text`` has the form of a user, session, tenant or text pseudonym."""
    return _MADE_ID.match(text) is not None


def labels_in(text: str) -> tuple[str, ...]:
    """Labels of the tokens in ``text``, sorted, each once."""
    return tuple(sorted({token.group()[1:-1].rpartition("_")[0] or "SECRET" for token in TOKEN.finditer(text)}))


def short_mac(key: bytes, purpose: str, message: str) -> str:
    """12 base32 characters (60 bits) of HMAC-SHA-256 over purpose, NUL and message (UTF-8, lone surrogates kept)."""
    text = f"{purpose}\0{message}".encode("utf-8", "surrogatepass")
    bits = int.from_bytes(hmac.digest(key, text, "sha256")[:8]) >> 4
    return "".join([_PAIRS[bits >> shift & 1023] for shift in (50, 40, 30, 20, 10, 0)])


class Pseudonyms:
    """The pseudonyms of one project. Safe to share between threads."""

    def __init__(self, key: bytes) -> None:
        """``key``: the project's pseudonym key, at least 16 bytes; ValueError when shorter."""
        if len(key) < 16:  # noqa: PLR2004 - 128 bits
            raise ValueError("a pseudonym key has at least 16 bytes")
        self._mac: Callable[[str, str], str] = lru_cache(_KEPT)(lambda kind, raw: short_mac(key, kind, raw))
        self._id: Callable[[str, str, str], str] = lru_cache(_KEPT)(self._make_id)

    def token(self, label: str, canonical: str) -> str:
        """The token of a value found in text; ``canonical`` is its one form (see docs/format/pseudonyms.md)."""
        if TOKEN.fullmatch(canonical):
            return canonical
        return f"<{label}_{self._mac(label, canonical)}>"

    def user(self, raw: str) -> str:
        """The pseudonym of a user id as the client sent it."""
        return self._id("usr_", "USER", raw)

    def session(self, raw: str) -> str:
        """The pseudonym of a session id."""
        return self._id("ses_", "SESSION", raw)

    def tenant(self, raw: str) -> str:
        """The pseudonym of a tenant id."""
        return self._id("ten_", "TENANT", raw)

    def text_id(self, raw: str) -> str:
        """The pseudonym of any other id that is text, such as a trace id that is neither hex nor a UUID."""
        return self._id("id_", "ID", raw)

    def _make_id(self, prefix: str, kind: str, raw: str) -> str:
        if not raw or is_made_id(raw):
            return raw
        return prefix + self._mac(kind, raw)
