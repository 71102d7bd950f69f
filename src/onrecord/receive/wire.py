"""The frame of a protobuf message: where its fields are, without reading what is in them.

Only the few outer messages of OTLP are walked here, so that every span is then parsed alone: a bad one costs itself,
its bytes are at hand for the digest, and a broken frame is named by byte offset. Source: protobuf encoding guide.
"""

from collections.abc import Iterator

_BYTES = 2
_FIXED = {1: 8, 5: 4}
_MAX_VARINT = 10
_MAX_FIELD = (1 << 29) - 1


class BrokenFrame(ValueError):
    """The bytes are no protobuf message; says what is wrong and at which byte."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(f"{what} at byte {offset}")


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Field number, start and end of every length-delimited field between two offsets; others are skipped.

    Raises:
        BrokenFrame: a tag or length is malformed, or a field runs past the end.
    """
    at = start
    while at < end:
        tag_at = at
        tag = data[at]
        at += 1
        if tag > 0x7F:  # noqa: PLR2004 - the continuation bit of a varint
            tag, at = varint(data, tag_at, end)
        number, kind = tag >> 3, tag & 7
        if not 0 < number <= _MAX_FIELD:
            raise BrokenFrame("a field has no valid number", tag_at)
        if kind == _BYTES:
            length, at = varint(data, at, end)
            if length > end - at:
                raise BrokenFrame(f"field {number} is longer than what holds it", tag_at)
            yield number, at, at + length
            at += length
        elif kind == 0:
            _, at = varint(data, at, end)
        elif kind in _FIXED:
            at += _FIXED[kind]
            if at > end:
                raise BrokenFrame(f"field {number} is longer than what holds it", tag_at)
        else:
            raise BrokenFrame(f"field {number} has wire type {kind}, which OTLP does not use,", tag_at)


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number that starts at an offset, and the offset behind it.

    Raises:
        BrokenFrame: it does not end.
    """
    result = shift = 0
    start = at
    while at < end and at - start < _MAX_VARINT:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - no continuation bit: the last byte
            return result, at
        shift += 7
    raise BrokenFrame("a number does not end", start)
