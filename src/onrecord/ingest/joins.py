"""Log records that name only the response of a model call, and how they find its span: docs/adr/0006.

Three cases, each decided in the transaction that makes the record durable. The span came first: the record becomes a
part of it, in its partition. The record came first: it waits without a row, and the span that comes becomes a part of
*it*, under its identity, while its partition is tied to whomever the span's trace is tied to. No span comes in time:
the record is shown by itself. What is stored of this stands in docs/format/vault.md.
"""

import logging

from msgspec.structs import replace

from onrecord.ingest.item import Item
from onrecord.ingest.known import Kept, Known
from onrecord.ingest.partitions import Partitions
from onrecord.keys.locator import Locators
from onrecord.limits import LONE_PART_SECONDS
from onrecord.vault.month import DEDUPE_HALF, Response

_log = logging.getLogger(__name__)
_LONE_US = LONE_PART_SECONDS * 1_000_000


class Joins:
    """Decides under which identity a record is kept. The commit thread's."""

    def __init__(self, known: Known, partitions: Partitions) -> None:
        self._known = known
        self._partitions = partitions
        self._due_us = 0
        """Nothing waits so long that it is to be shown before this."""

    def join(self, item: Item, locators: Locators, now_us: int) -> tuple[Item, bool]:
        """The item under the identity and in the conversation of its span; and whether it waits for one, without a row.

        The item itself is left as it is: when the transaction fails, it is decided anew.
        """
        own = item.dedupe[:DEDUPE_HALF]
        if not item.response:
            moved = self._read(self._known.moved_span(own), locators) if item.table == "spans" else None
            return (item if moved is None else _kept_as(item, moved.kept)), False
        found = self._read(self._known.response(item.response), locators)
        if item.table != "spans":
            return (item if found is None or not found.span else replace(item, trace=found.trace)), False
        if own == item.response:
            return self._join_part(item, found, locators, now_us)
        return self._join_span(item, own, found, locators, now_us), False

    def is_due(self, now_us: int) -> bool:
        """Whether ``overdue`` may find something."""
        return now_us >= self._due_us

    def overdue(self, now_us: int, *, every: bool = False) -> list[tuple[int, Kept, Kept, int]]:
        """Project, first and last record, and revision of each part that waits no longer: it is to be shown by itself.

        With ``every`` nothing goes on waiting. Inside a transaction; the month file forgets that they waited.
        """
        file = self._known.file
        shown: list[tuple[int, Kept, Kept, int]] = []
        for name in file.waiting() if every else file.waiting(now_us - _LONE_US):
            file.forget_response(name)
            ids = [identifier for identifier, _ in file.find(name)]
            records = self._known.of(name)
            if ids and records:
                shown.append((ids[0] >> 40, records[0], records[-1], len(records) - 1))
        self._due_us = now_us + _LONE_US // 10
        return shown

    def _join_part(self, item: Item, found: Response | None, locators: Locators, now_us: int) -> tuple[Item, bool]:
        if found is not None and found.span:
            session = found.session or item.session
            return replace(_kept_as(item, found.kept), trace=found.trace, session=session), False
        if found is not None:
            return item, True
        if self._known.of(item.response):
            return item, False  # it waited long enough and is shown by itself
        self._write(Response(item.response, item.response, b"", item.trace, item.session, now_us, b""), locators)
        return item, True

    def _join_span(self, item: Item, own: bytes, found: Response | None, locators: Locators, now_us: int) -> Item:
        if found is not None and found.span:
            # Of several calls that name a response the first one has it.
            return _kept_as(item, found.kept) if found.span == own else item
        self._partitions.adopt(item.trace, locators.alone(item.response))
        is_first = found is None or self._known.of(own) or not self._known.of(item.response)
        kept = own if is_first else item.response
        if found is not None and kept == own:  # the span has a row already, so what waited for it gets its own
            self._write(replace(found, since_us=0), locators)
            self._due_us = 0
            return item
        self._write(Response(item.response, kept, own, item.trace, item.session, now_us, b""), locators)
        self._known.moved |= kept != own
        return _kept_as(item, kept)

    def _write(self, response: Response, locators: Locators) -> None:
        self._known.file.set_response(replace(response, mark=_mark(response, locators)))

    def _read(self, found: Response | None, locators: Locators) -> Response | None:
        """What was found, unless a byte of it was changed: then nothing rests on it."""
        if found is not None and found.mark != _mark(found, locators):
            _log.error("what is known of a response is altered in the vault; its parts are kept by themselves")
            return None
        return found


def _mark(response: Response, locators: Locators) -> bytes:
    return locators.mark(response.name, response.kept, response.span, response.trace, response.session)


def _kept_as(item: Item, identity: bytes) -> Item:
    return replace(item, dedupe=identity + item.dedupe[DEDUPE_HALF:])
