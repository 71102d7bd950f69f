"""Checkpoints: what a ledger says of itself, signed. Pure. Source: c2sp.org/tlog-checkpoint.

Three lines: origin, size, root. Extension lines, which the specification discourages, are refused: a line that
nobody defined would be text in a place that never forgets.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from onrecord.ledger.merkle import EMPTY_ROOT, HASH_BYTES
from onrecord.ledger.note import Note, Signed, VerifierKey, check_note, encode_note, parse_note, sign_note


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree head: so many entries, this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text says.

    Raises:
        ValueError: it is not the one spelling of a checkpoint.
    """
    origin, size, coded = [*text.split("\n"), "", "", ""][:3]
    try:
        checkpoint = Checkpoint(origin, int(size), b64decode(coded, validate=True))
    except (Base64Error, ValueError):
        raise ValueError("the text is not a checkpoint") from None
    if not origin or checkpoint.size < 0 or len(checkpoint.root) != HASH_BYTES or checkpoint.text != text:
        raise ValueError("the text is not a checkpoint as a checkpoint is spelled")
    if (checkpoint.size == 0) != (checkpoint.root == EMPTY_ROOT):
        raise ValueError("the checkpoint's root does not fit its size")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> bytes:
    """The signed note of a checkpoint, under the origin as key name."""
    return encode_note(sign_note(checkpoint.text, checkpoint.origin, private))


def open_checkpoint(data: bytes, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, list[Signed]]:
    """A checkpoint and the signatures by known keys; its origin must have signed it.

    Raises:
        ValueError: it is malformed, or not signed by a key of ``keys`` that is named as its origin.
    """
    note: Note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    signed = check_note(note, keys)
    if all(one.key.name != checkpoint.origin for one in signed):
        raise ValueError("the checkpoint is not signed by the ledger that it names")
    return checkpoint, signed


def read_checkpoint(data: bytes) -> Checkpoint:
    """A checkpoint without looking at its signatures: only for what is checked elsewhere.

    Raises:
        ValueError: it is malformed.
    """
    return parse_checkpoint(parse_note(data).text)
