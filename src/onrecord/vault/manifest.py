"""From the body of a record to its slots: where each message lies, following the earlier records it names. Pure."""

from collections.abc import Callable

import msgspec

from onrecord.errors import Corrupt
from onrecord.vault.body import Body


class Content(msgspec.Struct, frozen=True):
    """The slots of one record, byte for byte what its commitment covers."""

    salt: bytes
    shape: tuple[int, int, int]
    """Tool slots (0 or 1), input messages, output messages."""
    slots: list[bytes]
    """The attributes segment, the tool definitions, the input messages, the output messages."""

    @property
    def attributes(self) -> bytes:
        """The attributes segment."""
        return self.slots[0]

    @property
    def tools(self) -> bytes | None:
        """The tool definitions, when the call offered any."""
        return self.slots[1] if self.shape[0] else None

    @property
    def input(self) -> list[bytes]:
        """The input messages in order."""
        first = 1 + self.shape[0]
        return self.slots[first : first + self.shape[1]]

    @property
    def output(self) -> list[bytes]:
        """The output messages in order."""
        return self.slots[1 + self.shape[0] + self.shape[1] :]


def message_places(identifier: int, get: Callable[[int], Body]) -> list[tuple[int, int]]:
    """Record id and ordinal of each message slot of a record, in order.

    Raises:
        Corrupt: when the manifest names what can not be (a later record, a message beyond its base's end).
    """
    chain = [(identifier, get(identifier))]
    while chain[-1][1].base:
        at, body = chain[-1]
        if body.base >= at:
            raise Corrupt("the manifest of a record names a later record")
        chain.append((body.base, get(body.base)))
    places: list[tuple[int, int]] = []
    for at, body in reversed(chain):
        if body.take > len(places):
            raise Corrupt("the manifest of a record goes beyond the one it begins with")
        refs = zip(body.refs[::2], body.refs[1::2], strict=True)
        places = places[: body.take] + [(record or at, ordinal) for record, ordinal in refs]
    return places


def content_of(identifier: int, get: Callable[[int], Body]) -> Content:
    """The content of a record; ``get`` opens the body of any record of its partition.

    Raises:
        Corrupt: when the manifest does not fit the segments.
    """
    body = get(identifier)
    slots = [body.segments[0]] if body.segments else []
    try:
        for record, ordinal in message_places(identifier, get):
            slots.append(get(record).segments[ordinal])
    except IndexError as error:
        raise Corrupt("the manifest of a record names a segment that is not there") from error
    if len(slots) != 1 + sum(body.shape):
        raise Corrupt("the manifest of a record does not fit its shape")
    return Content(body.salt, body.shape, slots)
