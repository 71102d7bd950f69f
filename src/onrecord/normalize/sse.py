"""Server-sent events: the events of a stream's bytes, and where in the bytes each one ends.

Works on the bytes of the whole stream, never chunk by chunk, so that a character or a line that was cut between two
chunks is whole. Source: WHATWG HTML, "Server-sent events". One difference: what stands after the last blank line is an
event too when it says something, because a stream that was cut is read up to the cut.
"""

from collections.abc import Iterator

import msgspec
import orjson

_MARK = b"\xef\xbb\xbf"


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event."""

    name: str
    data: bytes
    end: int
    """Bytes of the stream up to and with the event."""

    def value(self) -> object:
        """Its data as JSON.

        Raises:
            ValueError: it is none.
        """
        return orjson.loads(self.data)


def events(stream: bytes) -> Iterator[Event]:
    """The events of a stream in order; comments and fields that nobody defined are passed over."""
    name = b""
    data: list[bytes] = []
    end = 0
    for line in stream.splitlines(keepends=True):
        end += len(line)
        said = line.rstrip(b"\r\n")
        if not said:
            if data:
                yield Event(name.decode("utf-8", "replace"), b"\n".join(data), end)
            name, data = b"", []
            continue
        field, _, value = said.removeprefix(_MARK).partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    if data:
        yield Event(name.decode("utf-8", "replace"), b"\n".join(data), end)
