"""Shards: which ledger a record goes to, how it is named, and the entries that chain, close and keep it alive. Pure.

A ledger belongs to one project, node and year. Its first entry names the final checkpoint of its predecessor, its
last entry names its successor. The one who assigns indexes (the commit thread) decides when these are written.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from onrecord.ledger.checkpoint import Checkpoint
from onrecord.ledger.entry import Entry, Previous, encode_entry

_HOST: Final = re.compile(r"[a-z0-9.-]+(?::\d+)?")
_ID: Final = re.compile(r"[a-z0-9]+")


class Origin(msgspec.Struct, frozen=True):
    """The name of a ledger: ``<host>/<project id>/<node>/<year>``."""

    host: str
    project: str
    node: str
    shard: int

    def __str__(self) -> str:
        return f"{self.host}/{self.project}/{self.node}/{self.shard}"

    def directory(self, root: Path) -> Path:
        """Its directory below ``DATA/ledger``."""
        return root / self.project / self.node / str(self.shard)


def parse_origin(text: str) -> Origin:
    """The origin that a checkpoint names.

    Raises:
        ValueError: it is not an origin of this form.
    """
    host, project, node, shard = [*text.split("/"), "", "", ""][:4]
    if not _HOST.fullmatch(host) or not _ID.fullmatch(project) or not _ID.fullmatch(node) or not shard.isdecimal():
        raise ValueError("the origin is not <host>/<project id>/<node>/<year>")
    origin = Origin(host, project, node, int(shard))
    if str(origin) != text:
        raise ValueError("the origin is not spelled as an origin is spelled")
    return origin


def shard_of(received_us: int) -> int:
    """The year (UTC) whose ledger holds a record received at this instant."""
    return datetime.fromtimestamp(received_us / 1_000_000, UTC).year


def opening_entry(
    *,
    id: str,  # noqa: A002 - the word of the format
    received_us: int,
    previous: Checkpoint | None = None,
    other_node: bool = False,
    lost: tuple[int, int] | None = None,
) -> bytes:
    """The first entry of a ledger. ``previous`` is its predecessor's final checkpoint, ``lost`` what a recovery misses.

    Raises:
        ValueError: the predecessor's origin is not one of ours.
    """
    continued = None
    if previous is not None:
        origin = parse_origin(previous.origin)
        node = origin.node if other_node else ""
        continued = Previous(shard=origin.shard, size=previous.size, root=previous.root, node=node)
    return encode_entry(Entry(kind="shard", id=id, received_us=received_us, previous=continued, lost=lost))


def closing_entry(*, id: str, received_us: int, successor: int) -> bytes:  # noqa: A002 - the word of the format
    """The last entry of a ledger, which says which year continues it."""
    return encode_entry(Entry(kind="shard", id=id, received_us=received_us, next=successor))


def heartbeat_entry(*, id: str, received_us: int, index: int) -> bytes:  # noqa: A002 - the word of the format
    """The entry that says that a ledger lives; ``index`` is its own."""
    return encode_entry(Entry(kind="heartbeat", id=id, received_us=received_us, size=index))
