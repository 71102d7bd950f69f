"""The key-encryption key: where it comes from, and how it is made once.

It lives outside the data directory. Its loss means that nothing opens, so one is made only for a data directory
that has no key store yet, and a start without it refuses. ``recovery_code`` writes it as words of a fixed alphabet
with a checksum, for a sheet of paper in a safe.
"""

import base64
import binascii
import hashlib
import subprocess
from pathlib import Path

from onrecord.durable import make_directory, write_file
from onrecord.errors import Rejected
from onrecord.keys.seal import KEY_BYTES, new_key

_PREFIX = "onrecord-kek-v1:"
_GROUP = 5


def parse_kek(text: str) -> bytes:
    """The 32 bytes of a KEK as written in its file, its environment variable or its recovery code.

    Raises:
        Rejected: when the text is not a KEK, without repeating a character of it.
    """
    text = text.strip()
    try:
        if text.startswith(_PREFIX):
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        else:
            key = _parse_recovery_code(text)
    except (binascii.Error, ValueError) as error:
        raise Rejected(
            "the key-encryption key is not readable", hint=f"It looks like {_PREFIX}<44 characters>."
        ) from error
    if len(key) != KEY_BYTES:
        raise Rejected(f"the key-encryption key has {len(key)} bytes, not {KEY_BYTES}")
    return key


def format_kek(key: bytes) -> str:
    """A KEK as it stands in its file, newline included."""
    return f"{_PREFIX}{base64.b64encode(key).decode('ascii')}\n"


def recovery_code(key: bytes) -> str:
    """A KEK for paper: base32 in groups of five, two checksum bytes at the end."""
    text = base64.b32encode(key + hashlib.sha256(b"onrecord/recovery\0" + key).digest()[:3]).decode("ascii").rstrip("=")
    return "-".join(text[i : i + _GROUP] for i in range(0, len(text), _GROUP))


def _parse_recovery_code(text: str) -> bytes:
    letters = "".join(text.upper().replace("-", "").split())
    raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    key, check = raw[:KEY_BYTES], raw[KEY_BYTES:]
    if hashlib.sha256(b"onrecord/recovery\0" + key).digest()[:3] != check:
        raise ValueError("checksum")
    return key


def load_kek(path: Path, *, text: str = "", command: str = "") -> bytes | None:
    """The KEK from ``text`` (an environment variable), the output of ``command`` (a KMS client), or the file.

    Returns None when only the file was asked for and it is not there.

    Raises:
        Rejected: when a source was named and does not deliver a key.
    """
    if text:
        return parse_kek(text)
    if command:
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=30)  # noqa: S602
        if done.returncode != 0:
            raise Rejected(f"the command for the key-encryption key ended with status {done.returncode}")
        return parse_kek(done.stdout)
    try:
        return parse_kek(path.read_text("ascii"))
    except FileNotFoundError:
        return None


def create_kek(path: Path) -> bytes:
    """Make a KEK and its 0600 file, durable before this returns."""
    make_directory(path.parent)
    key = new_key()
    write_file(path, format_kek(key).encode("ascii"))
    return key
