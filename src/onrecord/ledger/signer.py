"""The Ed25519 key that signs a project's ledgers: one file, mode 0600, outside the data directory.

The file is a Go ``sumdb/note`` private key line (docs/format/ledger.md). A key is made exactly once, when a project
begins. When it is missing although a ledger exists, nothing signs: a second key would make a second history.
"""

import os
import secrets
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from onrecord.durable import make_directory, write_file
from onrecord.errors import Corrupt, Unavailable
from onrecord.ledger.checkpoint import Checkpoint, sign_checkpoint
from onrecord.ledger.note import ED25519, VerifierKey, key_id

_PREFIX: Final = "PRIVATE+KEY"
_SEED_BYTES: Final = 32


class Signer:
    """Signs checkpoints of one project."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def sign(self, checkpoint: Checkpoint) -> bytes:
        """The signed note; the same bytes for the same checkpoint."""
        return sign_checkpoint(checkpoint, self._private)

    def key(self, origin: str) -> VerifierKey:
        """The verifier key of the ledger ``origin``."""
        return VerifierKey(origin, ED25519, self._private.public_key().public_bytes_raw())


def key_path(signing: Path, project: str) -> Path:
    """Where the key of a project is kept: ``<keys>/signing/<project>.key``."""
    return signing / f"{project}.key"


def create_signer(signing: Path, project: str) -> Signer:
    """Make the key of a new project.

    Raises:
        Corrupt: the project has a key already; it is never replaced.
    """
    path = key_path(signing, project)
    if path.exists():
        raise Corrupt(f"the signing key of project {project} exists already", hint="Keep it: it signs the ledger.")
    make_directory(signing)
    seed = secrets.token_bytes(_SEED_BYTES)
    write_file(path, _line(project, seed).encode())
    return Signer(Ed25519PrivateKey.from_private_bytes(seed))


def load_signer(signing: Path, project: str) -> Signer:
    """Read the key of a project.

    Raises:
        Unavailable: the key is not there; the ledger can be read but not signed.
        Corrupt: the file is not the key of this project, or others may read it.
    """
    path = key_path(signing, project)
    try:
        text = path.read_text(encoding="ascii").rstrip("\n")
    except FileNotFoundError:
        raise Unavailable(
            f"the signing key of project {project} is missing",
            hint=f"Restore {path.name} beside the KEK; what is signed can still be read and verified.",
        ) from None
    except (UnicodeDecodeError, OSError):
        raise Corrupt(f"the signing key of project {project} can not be read") from None
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise Corrupt(f"the signing key of project {project} is readable by others", hint=f"chmod 600 {path.name}")
    seed = _seed(text)
    if _line(project, seed) != text:
        raise Corrupt(f"the file {path.name} is not the signing key of project {project}")
    return Signer(Ed25519PrivateKey.from_private_bytes(seed))


def _line(name: str, seed: bytes) -> str:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    coded = b64encode(bytes([ED25519]) + seed).decode("ascii")
    return f"{_PREFIX}+{name}+{key_id(name, ED25519, public).hex()}+{coded}"


def _seed(text: str) -> bytes:
    """The seed in a key line; a fixed one when the line is malformed, so that the comparison fails."""
    try:
        data = b64decode(text.split("+", 4)[4], validate=True)
    except (IndexError, ValueError):
        data = b""
    return data[1:] if len(data) == 1 + _SEED_BYTES else bytes(_SEED_BYTES)
