"""What is kept already: the records of a span in this transaction, in the month file and in the one before it.

For the first day of a month the month before is looked into as well, so that a span which is told of around midnight
is one span.
"""

from pathlib import Path

import msgspec

from onrecord.model.record import Place
from onrecord.model.time import Clock
from onrecord.vault.body import place_of
from onrecord.vault.month import DEDUPE_HALF, MonthFile, MonthReader, Response

_DAY_US = 86_400_000_000


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A record of the span that is asked for."""

    place: Place
    dedupe: bytes


class Known:
    """The commit thread's view of what is kept."""

    def __init__(self, clock: Clock, file: MonthFile) -> None:
        self._clock = clock
        self._before: MonthReader | None = None
        self._before_until_us = 0
        self._staged: dict[bytes, list[Kept]] = {}
        self.file = file
        self.moved = file.has_moved()
        """Whether any span of this month may be kept under another identity than its own."""

    def turn_to(self, file: MonthFile) -> None:
        """Go on in the file of a new month, and look back at the one that it follows."""
        self.look_back(self.file.path)
        self.file = file
        self.moved = self.moved or file.has_moved()

    def look_back(self, path: Path) -> None:
        """From now on, for a day, the records of this file are known as well."""
        if self._before is not None:
            self._before.close()
        self._before = MonthReader(path)
        self._before_until_us = self._clock.now_us() + _DAY_US
        self.moved = self.moved or self._before.has_moved()

    def begin(self) -> None:
        """A transaction begins: nothing is staged, and the day after a month's end may be over."""
        self._staged = {}
        if self._before is not None and self._clock.now_us() > self._before_until_us:
            self._before.close()
            self._before = None

    def close(self) -> None:
        """Close what was opened for looking back."""
        if self._before is not None:
            self._before.close()

    def stage(self, kept: Kept) -> None:
        """A record of this transaction."""
        self._staged.setdefault(kept.dedupe[:DEDUPE_HALF], []).append(kept)

    def of(self, identity: bytes) -> list[Kept]:
        """The records of a span, the first one first."""
        found: list[Kept] = []
        if self._before is not None:
            found += _found(self._before, identity)
        found += _found(self.file, identity)
        return found + self._staged.get(identity, [])

    def response(self, name: bytes) -> Response | None:
        """What is known of a response, by its keyed digest."""
        found = self.file.response(name)
        return self._before.response(name) if found is None and self._before is not None else found

    def moved_span(self, identity: bytes) -> Response | None:
        """The response under which the span of that identity is kept, when it is kept under one."""
        found = self.file.moved(identity)
        return self._before.moved(identity) if found is None and self._before is not None else found


def _found(file: MonthReader, identity: bytes) -> list[Kept]:
    found = file.find(identity)
    return [Kept(Place(file.year, place_of(at)[1]), dedupe) for at, dedupe in found] if found else []
