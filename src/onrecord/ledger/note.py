"""Signed notes: a text, and who signed it. Pure. Source: c2sp.org/signed-note, c2sp.org/tlog-cosignature.

Signatures by unknown keys are ignored; a known key whose signature does not fit spoils the note; a note without one
good signature by a known key is nothing. Text that is not exactly a note raises ``ValueError``.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
"""Ed25519 signature of a witness, with the time at which it saw the checkpoint."""
COSIGNATURE_ML_DSA_44: Final = 0x06
SIGNATURES_LIMIT: Final = 64
"""Signature lines that are read; the specification asks for at least 16."""
_KEY_ID_BYTES: Final = 4
_ED25519_BYTES: Final = 32
_TIME_BYTES: Final = 8


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key under a name, as a vkey says it: ``name+hex(key id)+base64(type || public key)``."""

    name: str
    kind: int
    """Signature type."""
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that name the key in a signature line."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode('ascii')}"


class Signature(msgspec.Struct, frozen=True):
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes
    """For a cosignature: eight bytes of time, then the signature."""

    @property
    def line(self) -> str:
        """The line, with its newline."""
        return f"\u2014 {self.name} {b64encode(self.key_id + self.signature).decode('ascii')}\n"


class Note(msgspec.Struct, frozen=True):
    """A text and its signatures, not yet checked."""

    text: str
    """Ends in a newline."""
    signatures: tuple[Signature, ...]


class Signed(msgspec.Struct, frozen=True):
    """A signature that holds."""

    key: VerifierKey
    time_s: int | None = None
    """Seconds since the epoch, when it is a cosignature."""


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """First four bytes of SHA-256(name, newline, type, public key)."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:_KEY_ID_BYTES]


def parse_vkey(text: str) -> VerifierKey:
    """The key that a vkey says.

    Raises:
        ValueError: it is not a vkey, or its key id is not that of its key.
    """
    name, _, rest = text.partition("+")
    hexed, _, coded = rest.partition("+")
    data = _decode64(coded)
    if not _is_name(name) or not data:
        raise ValueError("the text is not a verifier key (name+id+key)")
    key = VerifierKey(name=name, kind=data[0], public=data[1:])
    if key.kind in (ED25519, COSIGNATURE) and len(key.public) != _ED25519_BYTES:
        raise ValueError("an Ed25519 key has 32 bytes")
    if key.id.hex() != hexed:
        raise ValueError("the verifier key's id is not that of its key")
    return key


def parse_note(data: bytes) -> Note:
    """The note that these bytes are.

    Raises:
        ValueError: they are not a signed note.
    """
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the note is not UTF-8") from None
    if any(character < " " and character != "\n" for character in whole):
        raise ValueError("the note holds a control character")
    text, separator, signatures = whole.rpartition("\n\n")
    lines = signatures.split("\n")
    if not separator or lines[-1] or not 1 < len(lines) <= SIGNATURES_LIMIT + 1:
        raise ValueError("the note has no signature lines after a blank line, or too many")
    return Note(text=text + "\n", signatures=tuple(map(_signature, lines[:-1])))


def encode_note(note: Note) -> bytes:
    """The bytes of a note."""
    return (note.text + "\n" + "".join(signature.line for signature in note.signatures)).encode()


def sign_note(text: str, name: str, private: Ed25519PrivateKey) -> Note:
    """``text`` signed under ``name``. Ed25519 is deterministic: the same text gives the same note.

    Raises:
        ValueError: the text does not end in a newline, or the name can not stand in a note.
    """
    if not text.endswith("\n") or not _is_name(name):
        raise ValueError("a note's text ends in a newline and its key's name has no spaces and no plus")
    public = private.public_key().public_bytes_raw()
    signature = Signature(name, key_id(name, ED25519, public), private.sign(text.encode()))
    return Note(text=text, signatures=(signature,))


def check_note(note: Note, keys: Iterable[VerifierKey]) -> list[Signed]:
    """The signatures by ``keys`` that hold, one per key, in the note's order.

    Raises:
        ValueError: a known key's signature does not hold, or no known key signed.
    """
    known = {(key.name, key.id): key for key in keys}
    found: dict[tuple[str, bytes], Signed] = {}
    for signature in note.signatures:
        who = (signature.name, signature.key_id)
        key = known.get(who)
        if key is None or who in found or key.kind not in (ED25519, COSIGNATURE):
            continue
        found[who] = _check(note.text, key, signature.signature)
    if not found:
        raise ValueError("no known key signed the note")
    return list(found.values())


def _check(text: str, key: VerifierKey, signature: bytes) -> Signed:
    time_s = None
    message = text.encode()
    if key.kind == COSIGNATURE:
        time_s = int.from_bytes(signature[:_TIME_BYTES], "big")
        signature = signature[_TIME_BYTES:]
        message = f"cosignature/v1\ntime {time_s}\n".encode() + message
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        raise ValueError(f"the signature of {key.name} does not hold") from None
    return Signed(key=key, time_s=time_s)


def _signature(line: str) -> Signature:
    dash, name, coded = [*line.split(" "), "", "", ""][:3]
    data = _decode64(coded)
    if dash != "\u2014" or line.count(" ") != 2 or not _is_name(name) or len(data) <= _KEY_ID_BYTES:  # noqa: PLR2004
        raise ValueError("a signature line of the note is malformed")
    return Signature(name=name, key_id=data[:_KEY_ID_BYTES], signature=data[_KEY_ID_BYTES:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def _decode64(text: str) -> bytes:
    """The bytes; empty when the text is not their one spelling."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return b""
    return data if b64encode(data).decode("ascii") == text else b""
