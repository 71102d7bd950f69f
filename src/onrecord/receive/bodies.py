"""Request bodies: read, decompressed and accounted for, the same way at every door.

A body is refused before its first byte is read when its coding is not known, its length is beyond its bound, or the
server holds as much as it may. Bodies that are large enough to hold up the event loop are decompressed in a thread.
"""

import asyncio
import functools
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from starlette.requests import ClientDisconnect, Request

from onrecord import limits
from onrecord.errors import Rejected
from onrecord.receive import body
from onrecord.receive.inflight import Inflight, Reservation
from onrecord.receive.tally import Tally

_TOO_LARGE: Final = 413
_logger = logging.getLogger(__name__)
_CHUNK_RESERVE_BYTES: Final = 256 * 1024
"""Held for a chunked body, whose length nobody knows, before its first byte is read."""


class Bodies(msgspec.Struct, frozen=True, kw_only=True):
    """Reads request bodies against one account of memory."""

    inflight: Inflight
    tally: Tally
    workers: Executor
    """Threads that decompress."""
    body_bytes: int = limits.BODY_BYTES

    @asynccontextmanager
    async def plain(self, request: Request, signal: str) -> AsyncIterator[bytes]:
        """The body, decompressed; its memory is held in the account until the block ends.

        Raises:
            Rejected: 400 damaged or not whole, 408 too slow, 413 too large, 415 an unknown coding.
            Pushback: the server holds as much as it may.
        """
        encoding = body.encoding_of(request.headers.get("content-encoding", ""))
        expected = self._expected_bytes(request.headers.get("content-length"))
        with self.inflight.enter(expected) as held:
            sent, _ = await _read(request, held, expected)
            self.tally.received_bytes[signal] += len(sent)
            plain = await self._decompress(sent, encoding, held)
            del sent
            self.tally.decoded_bytes[signal] += len(plain)
            yield plain

    @asynccontextmanager
    async def whatever(self, request: Request, signal: str) -> AsyncIterator[tuple[bytes, str]]:
        """Like ``plain``, for a client that drops for ever what is refused.

        A body that can not be decompressed comes as it was sent, and with it a sentence that says why. One that is
        larger than any body may be is read to its end, and its beginning comes.

        Raises:
            Rejected: 408 too slow, 400 not whole.
            Pushback: the server holds as much as it may.
        """
        expected = _length(request.headers.get("content-length"))
        with self.inflight.enter(min(expected, limits.BODY_COMPRESSED_BYTES)) as held:
            sent, length = await _read(request, held, expected, cut=True)
            self.tally.received_bytes[signal] += length
            try:
                encoding = body.encoding_of(request.headers.get("content-encoding", ""))
                plain = await self._as_much(sent, encoding, held, is_whole=length == len(sent))
            except Rejected as fault:
                yield sent, fault.message
                return
            del sent
            self.tally.decoded_bytes[signal] += len(plain)
            yield plain, ""

    def _expected_bytes(self, content_length: str | None) -> int:
        expected = _length(content_length)
        if expected > limits.BODY_COMPRESSED_BYTES:
            raise body.too_large(limits.BODY_COMPRESSED_BYTES)
        return expected

    async def _decompress(self, sent: bytes, encoding: str, held: Reservation) -> bytes:
        if encoding == "identity":
            if len(sent) > self.body_bytes:
                raise body.too_large(self.body_bytes)
            return sent
        if len(sent) <= limits.INLINE_BODY_BYTES:
            # A small body may still be a bomb, and a bomb must not hold up the event loop.
            plain = _try_inline(sent, encoding)
            if plain is not None:
                held.change(len(plain) - len(sent))
                return plain
        loop = asyncio.get_running_loop()
        plain = await loop.run_in_executor(self.workers, body.decompress, sent, encoding, self.body_bytes, held.change)
        held.change(-len(sent))
        return plain

    async def _as_much(self, sent: bytes, encoding: str, held: Reservation, *, is_whole: bool) -> bytes:
        """The body, or as much of its beginning as a body may have."""
        before = held.held_bytes
        try:
            if is_whole:
                return await self._decompress(sent, encoding, held)
        except Rejected as fault:
            if fault.status != _TOO_LARGE:
                raise
            held.change(before - held.held_bytes)
        _logger.warning("of a body larger than any may be the beginning is kept (%d bytes as sent)", len(sent))
        loop = asyncio.get_running_loop()
        work = functools.partial(body.decompress, sent, encoding, self.body_bytes, held.change, cut=True)
        plain = await loop.run_in_executor(self.workers, work)
        held.change(-len(sent))
        return plain


def _length(content_length: str | None) -> int:
    """How long a body says that it is."""
    if content_length is None:
        return _CHUNK_RESERVE_BYTES
    return int(content_length) if content_length.isdecimal() else 0


def _try_inline(sent: bytes, encoding: str) -> bytes | None:
    """The body when it stays small, nothing when it does not."""
    try:
        return body.decompress(sent, encoding, limits.INLINE_BODY_BYTES * 8)
    except Rejected as error:
        if error.status == _TOO_LARGE:
            return None
        raise


async def _read(request: Request, held: Reservation, expected: int, *, cut: bool = False) -> tuple[bytes, int]:
    """The whole body as sent, within its bounds in bytes and in time, and its length.

    With ``cut`` a body beyond the bound is read to its end, in time, and only its beginning is kept.
    """
    pieces: list[bytes] = []
    length = 0
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            async for piece in request.stream():
                length += len(piece)
                if length > limits.BODY_COMPRESSED_BYTES:
                    if not cut:
                        raise body.too_large(limits.BODY_COMPRESSED_BYTES)
                    continue
                if length > expected:
                    held.change(len(piece))
                pieces.append(piece)
    except TimeoutError:
        raise Rejected(f"The body did not arrive within {limits.BODY_SECONDS} s.", status=408) from None
    except ClientDisconnect:
        raise Rejected("The client left before the body was whole.") from None
    return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), length
