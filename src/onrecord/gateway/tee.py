"""A tee: sees every byte of a body on its way, keeps the first of them, and knows length and digest of all."""

from collections.abc import Callable
from hashlib import sha256

from onrecord.limits import GATEWAY_BODY_BYTES, GATEWAY_MARKS
from onrecord.model.exchange import Kept, Mark


class Tee:
    """Collects one body. It keeps the pieces as they came: nothing is decoded, nothing copied but once at the end."""

    def __init__(self, grow: Callable[[int], bool], *, bound: int = GATEWAY_BODY_BYTES) -> None:
        """``grow`` is asked for memory before a piece is kept; when it says no, no more is kept."""
        self._grow = grow
        self._left = bound
        self._pieces: list[bytes] = []
        self._digest = sha256()
        self._marks: list[Mark] = []
        self.size = 0
        self.whole = True

    def add(self, piece: bytes, unix_nano: int) -> None:
        """See a piece that arrived at that time."""
        self.size += len(piece)
        self._digest.update(piece)
        if len(self._marks) < GATEWAY_MARKS:
            self._marks.append(Mark(self.size, unix_nano))
        if not self.whole:
            return
        kept = piece if len(piece) <= self._left else piece[: self._left]
        if len(kept) < len(piece) or not self._grow(len(kept)):
            self.whole = False
            kept = kept if len(kept) < len(piece) and self._grow(len(kept)) else b""
        self._left -= len(kept)
        if kept:
            self._pieces.append(kept)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """When the body had grown to which size."""
        return tuple(self._marks)

    def kept(self, media: str, coding: str) -> Kept:
        """What was kept of the body."""
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        state = "whole" if self.whole else "truncated"
        return Kept(data=data, size=self.size, sha256=self._digest.digest(), media=media, coding=coding, state=state)
