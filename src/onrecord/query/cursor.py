"""Cursors: where a page ended, as opaque text. Pure. A text that is not a cursor of this kind is ``Rejected``."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec

from onrecord import limits
from onrecord.errors import Rejected
from onrecord.model.record import Place
from onrecord.query.results import PageRequest


class PlaceCursor(msgspec.Struct, frozen=True, array_like=True, tag="p", forbid_unknown_fields=True):
    """After the record at this place."""

    shard: int
    index: int


class NameCursor(msgspec.Struct, frozen=True, array_like=True, tag="n", forbid_unknown_fields=True):
    """After the user or session of this pseudonym, last received then."""

    received_us: int
    name: str


C = TypeVar("C", PlaceCursor, NameCursor)
_places = msgspec.json.Decoder(PlaceCursor)
_names = msgspec.json.Decoder(NameCursor)
_CURSOR_CHARACTERS = 1_024


def encode(cursor: PlaceCursor | NameCursor) -> str:
    """The cursor as text for a URL."""
    return urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode("ascii")


def place_after(text: str) -> Place | None:
    """The place that a list goes on after; ``None`` for its beginning."""
    if not text:
        return None
    cursor = _decode(_places, text)
    if not 0 <= cursor.shard < 1 << 16 or not 0 <= cursor.index < 1 << 63:
        raise _rejected()
    return Place(cursor.shard, cursor.index)


def name_after(text: str) -> NameCursor | None:
    """The user or session that a list goes on after; ``None`` for its beginning."""
    if not text:
        return None
    cursor = _decode(_names, text)
    if not 0 <= cursor.received_us < 1 << 63:
        raise _rejected()
    return cursor


def limit_of(page: PageRequest) -> int:
    """How many rows a page may have.

    Raises:
        Rejected: fewer than 1 or more than ``limits.PAGE_ROWS`` were asked for.
    """
    if not 1 <= page.limit <= limits.PAGE_ROWS:
        raise Rejected(f"The parameter 'limit' is between 1 and {limits.PAGE_ROWS}.")
    return page.limit


def _decode(decoder: msgspec.json.Decoder[C], text: str) -> C:
    if len(text) > _CURSOR_CHARACTERS:
        raise _rejected()
    try:
        return decoder.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, msgspec.MsgspecError):
        raise _rejected() from None


def _rejected() -> Rejected:
    return Rejected("The parameter 'after' is not a cursor of this list.", hint="Begin again without it.")
