"""What the builders of streamed answers take and give."""

from typing import Any

import msgspec


class Told(msgspec.Struct, frozen=True):
    """One event of a stream, read as JSON."""

    name: str
    value: Any
    end: int
    """Bytes of the stream up to and with it."""


class Whole(msgspec.Struct, kw_only=True):
    """An answer put together."""

    body: dict[str, Any] = {}
    """As the provider would have sent it in one piece."""
    error: Any = None
    """What the provider said went wrong in mid-stream, as sent."""
    complete: bool = False
    """Whether the stream said that it had come to its end."""
    first: int = 0
    """Bytes of the stream up to the first event that carries content; 0 when none does."""
    strange: list[Any] = []
    """Events of a kind that nobody here knows, as sent."""
