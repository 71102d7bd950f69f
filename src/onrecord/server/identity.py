"""Who this installation is: the host and node in the origin of its ledgers, fixed at the first start.

An origin names a ledger for ever, so it must not follow a setting or a host name that changes: both stand in
``onrecord.json`` and are read from there ever after.
"""

import re
import secrets
from pathlib import Path
from typing import Final

import msgspec

from onrecord.durable import write_file
from onrecord.errors import Corrupt, Rejected

FILE: Final = "onrecord.json"
FORMAT: Final = 1
_HOST: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of ``onrecord.json``."""

    format: int = FORMAT
    """Version of the layout of the data directory."""
    host: str
    node: str


def identity(data: Path, host: str) -> Identity:
    """The identity of this data directory; made with ``host`` when it has none.

    Raises:
        Rejected: ``host`` is no host name, or the directory was written by a later version.
        Corrupt: the file is there and can not be read.
    """
    path = data / FILE
    if path.exists():
        try:
            found = msgspec.json.decode(path.read_bytes(), type=Identity)
        except (msgspec.DecodeError, OSError):
            raise Corrupt(f"{FILE} can not be read.", hint="Restore it from a backup; it names the ledgers.") from None
        if found.format != FORMAT:
            raise Rejected(
                f"The data directory has format {found.format}; this program knows format {FORMAT}.",
                hint="Start the version of onrecord that wrote it.",
            )
        return found
    if not _HOST.fullmatch(host):
        raise Rejected("The host of the origin is not a host name.", hint="Lower-case letters, digits, dots, hyphens.")
    made = Identity(host=host, node=secrets.token_hex(4))
    write_file(path, msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    return made
