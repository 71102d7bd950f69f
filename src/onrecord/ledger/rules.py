"""What the entries of one ledger owe each other, beyond being entries. Pure. Source: docs/format/ledger.md."""

from collections.abc import Sequence
from typing import Final

from onrecord.ledger.checkpoint import Checkpoint
from onrecord.ledger.entry import Entry
from onrecord.ledger.shard import shard_of
from onrecord.limits import HEARTBEAT_S

_SILENCE_US: Final = 2 * HEARTBEAT_S * 1_000_000


class EntryRules:
    """Judges entries in order of their index."""

    def __init__(self, previous: Checkpoint | None = None) -> None:
        """``previous`` is the predecessor's final checkpoint, when the caller holds it."""
        self._previous = previous
        self._last_us = 0
        self._closed = False
        self.silences: list[tuple[int, int, int]] = []
        """Index, from and to of stretches without an entry; a stopped server is silent too, so this is no fault."""

    def are_plain(self, entries: Sequence[Entry]) -> bool:
        """Whether these next entries can have no fault, known from a few whole lists; takes them in when so."""
        times = [self._last_us, *[entry.received_us for entry in entries]]
        plain = (
            not self._closed
            and times[-1] - times[0] <= _SILENCE_US
            and times == sorted(times)
            and {entry.kind for entry in entries}.isdisjoint(("shard", "heartbeat"))
            and all(entry.part_of is None for entry in entries)
        )
        if plain:
            self._last_us = times[-1]
        return plain

    def fault(self, index: int, entry: Entry, size: int) -> str:
        """What is wrong with this entry at this index of a ledger of ``size``; empty when nothing is."""
        last_us, self._last_us = self._last_us, max(self._last_us, entry.received_us)
        if entry.received_us < last_us:
            return f"entry {index} was received before the entry in front of it"
        if index == 0 or entry.kind == "shard":
            return self._shard_fault(index, entry, size)
        if self._closed:
            return f"entry {index} stands behind the entry that closes the ledger"
        if entry.received_us - last_us > _SILENCE_US and last_us:
            self.silences.append((index, last_us, entry.received_us))
        if entry.kind == "heartbeat" and entry.size != index:
            return f"entry {index} is a heartbeat of another place"
        if entry.part_of is not None and entry.part_of[0] == shard_of(entry.received_us) and entry.part_of[1] >= index:
            return f"entry {index} continues an entry that comes after it"
        return ""

    def _shard_fault(self, index: int, entry: Entry, size: int) -> str:
        if index == 0:
            return self._first_fault(entry)
        if entry.kind != "shard" or entry.next is None:
            return f"entry {index} opens a ledger in the middle of one"
        self._closed = True
        return "" if index == size - 1 else f"entry {index} closes the ledger, but others follow it"

    def _first_fault(self, entry: Entry) -> str:
        if entry.kind != "shard":
            return "the first entry does not open the ledger"
        if self._previous is None:
            return ""
        named = entry.previous
        if named is None or (named.size, named.root) != (self._previous.size, self._previous.root):
            return "the first entry does not name the final checkpoint of the ledger that this one continues"
        return ""
