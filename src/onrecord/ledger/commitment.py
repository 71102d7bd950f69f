"""The salted commitment to a record's content, and the disclosure of one slot without the others.

The commitment stands in the ledger for ever; the salt stands in the vault and can be destroyed. Hiding rests on the
salt (32 random bytes per record, never used twice), binding on SHA-256. Layout: docs/format/entry.md.

Everything here is pure; wrong sizes raise ``ValueError``, a disclosure that does not fit is answered ``False``.
"""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256, shake_256
from typing import Final

import msgspec

HASH_BYTES: Final = 32
_SALTS: Final = b"onrecord/salts/v1\0"
_SLOT: Final = b"onrecord/slot/v1\0"
_RECORD: Final = b"onrecord/record/v1\0"


class SlotOpening(msgspec.Struct, frozen=True):
    """What a reader needs, besides the slot's bytes, to check one slot against a commitment."""

    index: int
    salt: bytes
    """Salt of this slot alone."""
    others: tuple[bytes, ...]
    """Slot commitments of all other slots, in order."""


def slot_digest(slot: bytes) -> bytes:
    """SHA-256 of a slot's bytes; the same slot in many records is digested once."""
    return sha256(slot).digest()


def slot_salts(salt: bytes, count: int) -> list[bytes]:
    """The salts of ``count`` slots, derived from the record's salt.

    Raises:
        ValueError: the record's salt is not 32 bytes.
    """
    if len(salt) != HASH_BYTES:
        raise ValueError(f"a record's salt is {HASH_BYTES} bytes, not {len(salt)}")
    stream = shake_256(_SALTS + salt).digest(HASH_BYTES * count)
    return [stream[at : at + HASH_BYTES] for at in range(0, len(stream), HASH_BYTES)]


def slot_commitments(salt: bytes, digests: Sequence[bytes]) -> list[bytes]:
    """The salted commitment of each slot, from the slots' digests.

    Raises:
        ValueError: a size is wrong.
    """
    if any(len(digest) != HASH_BYTES for digest in digests):
        raise ValueError(f"a slot's digest is {HASH_BYTES} bytes")
    salts = slot_salts(salt, len(digests))
    return [sha256(_SLOT + one + digest).digest() for one, digest in zip(salts, digests, strict=True)]


def commit(salt: bytes, digests: Sequence[bytes]) -> bytes:
    """The commitment to a record whose slots have these digests (``slot_digest``).

    Raises:
        ValueError: a size is wrong.
    """
    return _join(slot_commitments(salt, digests))


def open_slot(salt: bytes, digests: Sequence[bytes], index: int) -> SlotOpening:
    """What discloses slot ``index`` and nothing of the others.

    Raises:
        ValueError: there is no such slot, or a size is wrong.
    """
    if not 0 <= index < len(digests):
        raise ValueError(f"there is no slot {index} of {len(digests)}")
    commitments = slot_commitments(salt, digests)
    others = tuple(commitments[:index] + commitments[index + 1 :])
    return SlotOpening(index=index, salt=slot_salts(salt, len(digests))[index], others=others)


def check_slot(commitment: bytes, opening: SlotOpening, slot: bytes) -> bool:
    """Whether ``slot`` is what the record held at ``opening.index``."""
    sizes_fit = len(opening.salt) == HASH_BYTES and all(len(other) == HASH_BYTES for other in opening.others)
    if not sizes_fit or not 0 <= opening.index <= len(opening.others):
        return False
    own = sha256(_SLOT + opening.salt + slot_digest(slot)).digest()
    parts = [*opening.others[: opening.index], own, *opening.others[opening.index :]]
    return hmac.compare_digest(_join(parts), commitment)


def _join(commitments: Iterable[bytes]) -> bytes:
    joined = b"".join(commitments)
    count = len(joined) // HASH_BYTES
    return sha256(_RECORD + count.to_bytes(4, "big") + joined).digest()
