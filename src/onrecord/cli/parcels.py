"""Files of records, cut into bodies that a server takes: OTLP (protobuf or JSON) and JSON lines of plain interactions.

A file may be compressed (gzip, zstd). What it is, its first bytes say. A *parcel* ends between two records, so that an
import that was broken off goes on after the last one that was acknowledged. Sources: OTLP 1.9, "OTLP/File exporter"
(JSON lines), and the OpenTelemetry Collector's file exporter (protobuf behind a big-endian length of four bytes).
"""

import gzip
import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import zstandard

from onrecord.errors import Rejected
from onrecord.limits import SPAN_BYTES
from onrecord.receive.decoded import Bad
from onrecord.receive.interactions import decode_line

PARCEL_BYTES: Final = 4 * 1024 * 1024
"""One body before compression: a second of a server's work at most."""
PARCEL_LINES: Final = 2_000
WHOLE_BYTES: Final = 1024 * 1024 * 1024
"""A file that is one JSON value or one protobuf message is read whole; a larger one must come in lines."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""
_LINE_BYTES: Final = SPAN_BYTES + 1
"""Of a line that is too long this much is sent: the server names it, and keeps its beginning."""
_RESOURCE_SPANS: Final = 0x0A
"""Tag of field 1, length-delimited: the only field of an ``ExportTraceServiceRequest`` that holds spans."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One body."""

    kind: str
    """``traces`` or ``interactions``."""
    media_type: str
    body: bytes
    upto: int
    """How much of the plain file is behind one after it: bytes for lines, messages otherwise."""
    faults: tuple[tuple[int, str], ...] = ()
    """Number of each line that is no interaction (from 1), and why."""


class _Export(msgspec.Struct, frozen=True):
    """An export, in either spelling, its resource spans as sent."""

    spans: list[msgspec.Raw] | None = msgspec.field(name="resourceSpans", default=None)
    snake: list[msgspec.Raw] | None = msgspec.field(name="resource_spans", default=None)
    others: Any = msgspec.field(name="resourceLogs", default=None)
    figures: Any = msgspec.field(name="resourceMetrics", default=None)


_otlp: Final = msgspec.json.Decoder(_Export)
_items: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Plain(io.RawIOBase):
    """The plain bytes of an open file, decompressed when its first bytes say so; they end where it is damaged."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.damaged = False
        """Whether there was more to come."""
        head = file.read(4)
        file.seek(0)
        self._plain: Any = file
        if head.startswith(_GZIP):
            self._plain = gzip.GzipFile(fileobj=file)
        elif head == _ZSTD:
            self._plain = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; 0 at the end, or where nothing can be decompressed any more."""
        try:
            read: int = self._plain.readinto1(buffer)
        except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError):
            self.damaged = True
            return 0
        return read


def opened(plain: Plain) -> io.BufferedReader:
    """The same, with a buffer before it; the mark that some editors put at the start of a file is passed over."""
    reader: io.BufferedReader = io.BufferedReader(plain, 1024 * 1024)
    if reader.peek(len(_MARK)).startswith(_MARK):
        reader.read(len(_MARK))
    return reader


def parcels(path: Path, reader: io.BufferedReader, start: int = 0) -> Iterator[Parcel]:
    """Every parcel of a file after ``start`` (the ``upto`` of the last one that was acknowledged).

    Raises:
        Rejected: the file is none of the formats; the sentence says why.
    """
    head = reader.peek(4096)[:4096]
    first = head.lstrip()[:1]
    if not head:
        return
    if first == b"[":
        yield from _array(path, reader, start)
    elif first == b"{":
        yield from _json(path, reader, start)
    else:
        yield from _protobuf(path, reader, start)


# --- JSON -----------------------------------------------------------------------------------------------------------


def _json(path: Path, reader: io.BufferedReader, start: int) -> Iterator[Parcel]:
    """Lines of OTLP or of interactions, or one OTLP value over many lines."""
    blank: list[bytes] = []
    line = reader.readline(WHOLE_BYTES)
    while line and not line.strip():
        blank.append(line)
        line = reader.readline(WHOLE_BYTES)
    following = b"" if _is_whole(line) else reader.readline(WHOLE_BYTES)
    if _spans_of(line) is not None:
        yield from _otlp_lines(chain(blank, [line], reader), start)
    elif not following or _is_interaction(following):
        yield from _interaction_lines(chain(blank, [line], [following] if following else [], reader), start)
    else:
        spans = _spans_of(line + following + _read_whole(path, reader))
        if spans is None:
            raise Rejected(
                f"{path.name} is JSON over many lines, but no OTLP.", hint="Write an interaction to each line."
            )
        yield from _cut(spans, start)


def _is_whole(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _is_interaction(line: bytes) -> bool:
    try:
        decode_line(line)
    except Bad:
        return False
    return True


def _spans_of(value: bytes) -> list[msgspec.Raw] | None:
    """The resource spans of an export as sent; ``None`` when the bytes are no JSON of that shape."""
    try:
        said = _otlp.decode(value)
    except msgspec.MsgspecError:
        return None
    found = said.spans if said.spans is not None else said.snake
    return [] if found is None and (said.others or said.figures) else found


def _otlp_lines(lines: Iterable[bytes], start: int) -> Iterator[Parcel]:
    """One export a line; lines of logs and metrics, which the collector writes beside, are passed over.

    A line that is larger than a parcel is cut; when the import breaks off inside it, the line is sent again.
    """
    waiting: list[msgspec.Raw] = []
    size = place = 0
    for line in lines:
        before, place = place, place + len(line)
        if place <= start or not line.strip():
            continue
        for one in _spans_of(line) or []:
            if size >= PARCEL_BYTES:
                yield _otlp_parcel(waiting, before)
                waiting, size = [], 0
            waiting.append(one)
            size += len(bytes(one))
    if waiting:
        yield _otlp_parcel(waiting, place)


def _cut(spans: list[msgspec.Raw], start: int) -> Iterator[Parcel]:
    waiting: list[msgspec.Raw] = []
    size = 0
    for place, one in enumerate(spans[start:], start + 1):
        waiting.append(one)
        size += len(bytes(one))
        if size >= PARCEL_BYTES or place == len(spans):
            yield _otlp_parcel(waiting, place)
            waiting, size = [], 0


def _otlp_parcel(spans: list[msgspec.Raw], upto: int) -> Parcel:
    body = b'{"resourceSpans":[' + b",".join(bytes(one) for one in spans) + b"]}"
    return Parcel(kind="traces", media_type="application/json", body=body, upto=upto)


def _interaction_lines(lines: Iterable[bytes], start: int) -> Iterator[Parcel]:
    waiting: list[bytes] = []
    faults: list[tuple[int, str]] = []
    size = place = 0
    for number, line in enumerate(lines, 1):
        place += len(line)
        if place <= start or not line.strip():
            continue
        waiting.append(line.strip()[:_LINE_BYTES])
        faults += _fault(number, line)
        size += len(waiting[-1])
        if size >= PARCEL_BYTES or len(waiting) >= PARCEL_LINES:
            yield _interactions(waiting, faults, place)
            waiting, faults, size = [], [], 0
    if waiting:
        yield _interactions(waiting, faults, place)


def _array(path: Path, reader: IO[bytes], start: int) -> Iterator[Parcel]:
    try:
        found = _items.decode(_read_whole(path, reader))
    except msgspec.MsgspecError:
        raise Rejected(f"{path.name} is no JSON.", hint="Write an interaction to each line.") from None
    waiting: list[bytes] = []
    faults: list[tuple[int, str]] = []
    size = 0
    for number, one in enumerate(found[start:], start + 1):
        line = bytes(one).replace(b"\n", b" ")[:_LINE_BYTES]
        waiting.append(line)
        faults += _fault(number, line)
        size += len(line)
        if size >= PARCEL_BYTES or len(waiting) >= PARCEL_LINES or number == len(found):
            yield _interactions(waiting, faults, number)
            waiting, faults, size = [], [], 0


def _fault(number: int, line: bytes) -> list[tuple[int, str]]:
    try:
        decode_line(line)
    except Bad as bad:
        return [(number, str(bad))]
    return []


def _interactions(lines: list[bytes], faults: list[tuple[int, str]], upto: int) -> Parcel:
    body = b"\n".join(lines)
    return Parcel(kind="interactions", media_type="application/x-ndjson", body=body, upto=upto, faults=tuple(faults))


# --- protobuf -------------------------------------------------------------------------------------------------------


def _protobuf(path: Path, reader: io.BufferedReader, start: int) -> Iterator[Parcel]:
    """Messages behind their lengths, or one message, cut between its resource spans."""
    head = reader.peek(5)[:5]
    if head[0] == _RESOURCE_SPANS:
        pieces = _resource_spans(path, _read_whole(path, reader))
    elif len(head) == 5 and head[4] == _RESOURCE_SPANS:  # noqa: PLR2004 - a length of four bytes, then a message
        pieces = _behind_lengths(path, reader)
    else:
        raise Rejected(
            f"{path.name} is neither OTLP (protobuf, JSON) nor JSON lines of interactions.",
            hint="The formats are described in docs/doors/import.md.",
        )
    waiting: list[bytes] = []
    size = place = 0
    for place, piece in enumerate(pieces, 1):
        if place <= start:
            continue
        waiting.append(piece)
        size += len(piece)
        if size >= PARCEL_BYTES:
            yield _message(waiting, place)
            waiting, size = [], 0
    if waiting:
        yield _message(waiting, place)


def _message(pieces: list[bytes], upto: int) -> Parcel:
    """Messages put behind one another are one message (protobuf, "Encoding": last one wins, repeated fields add)."""
    return Parcel(kind="traces", media_type="application/x-protobuf", body=b"".join(pieces), upto=upto)


def _behind_lengths(path: Path, reader: IO[bytes]) -> Iterator[bytes]:
    while head := reader.read(4):
        size = struct.unpack(">I", head)[0] if len(head) == 4 else WHOLE_BYTES  # noqa: PLR2004
        message = reader.read(size) if size < WHOLE_BYTES else b""
        if len(message) != size:
            raise Rejected(f"{path.name} ends in the middle of a message.", hint="What came before it is imported.")
        yield message


def _resource_spans(path: Path, message: bytes) -> Iterator[bytes]:
    """Each ``ResourceSpans`` of one message, with its tag and length."""
    place = 0
    while place < len(message):
        begin = place
        tag, place = _varint(message, place)
        size, place = _varint(message, place) if tag & 7 == 2 else (-1, place)  # noqa: PLR2004
        if size < 0 or place + size > len(message):
            raise Rejected(f"{path.name} is no OTLP: the message breaks off at byte {begin}.")
        place += size
        if tag == _RESOURCE_SPANS:
            yield message[begin:place]


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:  # noqa: PLR2004
        value |= (data[place] & 0x7F) << shift
        shift += 7
        place += 1
        if data[place - 1] < 0x80:  # noqa: PLR2004
            return value, place
    return -1, place


def _read_whole(path: Path, reader: IO[bytes]) -> bytes:
    whole = reader.read(WHOLE_BYTES + 1)
    if len(whole) > WHOLE_BYTES:
        raise Rejected(f"{path.name} is one value of more than {WHOLE_BYTES} bytes.", hint="Write it as lines.")
    return whole
