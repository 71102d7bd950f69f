"""The parts of a ``multipart/form-data`` body, from bytes that are in memory already.

Not ``email`` (it copies and guesses) and not a form reader (it writes temporary files): parts are found by their
delimiter alone, which is linear in the body. Source: RFC 2046 section 5.1, RFC 7578.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

_BOUNDARY: Final = re.compile(r"""boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))""", re.IGNORECASE)
_HEADER_BYTES: Final = 16 * 1024
"""The head of one part: a disposition, a type, a length."""
_NAME: Final = re.compile(r'[;\s]name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\(.)")


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part: its name, its media type as sent, its bytes."""

    name: str
    media: str
    body: bytes


class Broken(ValueError):
    """From here on the body can not be taken apart: why, and the byte where the part began."""

    def __init__(self, what: str, start: int) -> None:
        super().__init__(what)
        self.what = what
        self.start = start


def boundary_of(content_type: str) -> str:
    """The boundary that a ``Content-Type`` names; empty when it names none."""
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]) if found else ""


def parts(body: bytes, boundary: str) -> Iterator[Part]:
    """Every part in order.

    Raises:
        Broken: when it comes to what is no part; the parts before it were given.
    """
    mark = b"--" + boundary.encode("latin-1", "replace")
    at = 0 if body.startswith(mark) else body.find(b"\r\n" + mark) + 2
    if at == 1 or not boundary:
        raise Broken("the boundary that the header names is not in the body", 0)
    while True:
        at += len(mark)
        if body.startswith(b"--", at):
            return
        start = body.find(b"\r\n", at) + 2
        if start == 1:
            raise Broken("the body ends behind a boundary", at)
        end = body.find(b"\r\n" + mark, start - 2)
        if end < 0:
            raise Broken("the body ends within a part", start)
        yield _part(body, start, end)
        at = end + 2


def _part(body: bytes, start: int, end: int) -> Part:
    if end < start:  # a part without a head: its delimiter is the end of the one before
        return Part("", "", b"")
    if body.startswith(b"\r\n", start):
        return Part("", "", body[start + 2 : end])
    stop = body.find(b"\r\n\r\n", start, min(end + 4, start + _HEADER_BYTES))
    if stop < 0:
        return Part("", "", body[start:end])
    name = media = ""
    for line in body[start:stop].decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        match key.strip().lower():
            case "content-disposition":
                found = _NAME.search(value)
                name = _ESCAPED.sub(r"\1", found[1]) if found else ""
            case "content-type":
                media = value.strip()
    return Part(name, media, body[stop + 4 : end])
