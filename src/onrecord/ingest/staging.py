"""One transaction of the commit thread: from prepared items to rows of the month file.

Here a record gets its time of receipt and its index, is recognised as new, sent again or a further part of a span,
finds its partition and is sealed. Everything staged is taken back whole when anything fails.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import zstandard

from onrecord.ingest.indexes import Indexes
from onrecord.ingest.item import LETTER_DOMAIN, Batch, DeadLetter, Item
from onrecord.ingest.joins import Joins
from onrecord.ingest.known import Kept, Known
from onrecord.ingest.numbers import Numbers
from onrecord.ingest.partitions import Partitions
from onrecord.ingest.project import ProjectRuntimes
from onrecord.keys.keystore import KeyStore
from onrecord.keys.seal import seal
from onrecord.ledger.entry import Entry, Previous, decode_entry, encode_entry, span_entry
from onrecord.limits import DEAD_LETTER_DAYS, DEAD_LETTERS
from onrecord.model.ids import new_id
from onrecord.model.numbering import Gap
from onrecord.model.record import Place
from onrecord.model.time import Clock, month_of
from onrecord.store.row import stamp
from onrecord.vault.body import Sealer, record_id
from onrecord.vault.month import DEDUPE_HALF, MonthFile, MonthReader, SpoolGroup

REVISE = "revise"
"""Pseudo-table of the spool: the projector reads the merged span from the vault (docs/format/spool.md)."""
_DAY_US = 86_400_000_000

encode = msgspec.msgpack.Encoder().encode


class Staging:
    """What the commit thread holds between ``begin`` and ``commit``."""

    def __init__(
        self,
        directory: Path,
        keys: KeyStore,
        runtimes: ProjectRuntimes,
        indexes: Indexes,
        clock: Clock,
        *,
        final: Callable[[int, int, int], Previous | None],
        newest_us: int = 0,
    ) -> None:
        """Open the month files.

        ``newest_us`` is the time of receipt of the newest published entry: time does not fall below it, nor below
        what the spool holds, when the clock was set back.

        ``final(project, year, size)`` waits for the ledger's signed checkpoint of that size and names it; asked for
        size 0 it names the final checkpoint of a ledger that is closed already, else None.
        """
        self._directory = directory
        self._runtimes = runtimes
        self._indexes = indexes
        self._clock = clock
        self._final = final
        self._sealer = Sealer()
        self._keys = keys
        self.partitions = Partitions(keys, self._sealer)
        self._numbers = Numbers()
        self._packer = zstandard.ZstdCompressor(level=1)
        self._earlier: list[MonthFile] = []
        self._spool_id = 0
        self._chain = b"\0" * 16
        self._trimmed = 0
        self._tidied = False
        self.dead_total = 0
        self.dropped_total = 0
        self._previous: dict[int, Previous | None] = {}
        self._closing: set[tuple[int, int]] = set()
        """Ledgers (project, year) whose last entry is in the spool, also after a crash: it is never written twice."""
        self._received_us = newest_us
        self.on_closed: Callable[[], None] = lambda: None
        """Called when ledgers of an older year got their last entry: wakes the sequencer."""
        self.followers: list[Callable[[], int]] = []
        """Positions up to which each follower is done with the spool."""
        self.settled = 0
        """Up to this spool position everything was published and projected when the files were opened."""
        self._file, before = self._start()
        self._known = Known(clock, self._file)
        if before is not None:
            self._known.look_back(before)
        self._joins = Joins(self._known, self.partitions)
        self._clear()
        self._year = min([of_year for _, of_year, _ in indexes.before(self._file.year)], default=self._file.year)

    # --- the transaction ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start: choose the month file, remember what to take back."""
        self._received_us = max(self._received_us, self._clock.now_us())
        self._clear()
        month = month_of(self._received_us)
        if month > self._file.month:
            self._turn_to(month)
        if self._file.year != self._year:
            self._close_ledgers(self._file.year)
            self._clear()
        self._file.begin()
        if self._joins.is_due(self._received_us):
            self._show_overdue()

    def stage(self, batch: Batch) -> int:
        """Stage every item of a delivery; return how many had been kept before."""
        duplicates = 0
        for item in batch.items:
            again = not self._stage(item)
            duplicates += again
            if item.numbers is not None:
                self._numbers.note(item.project, item.numbers, self._received_us, self._file, again=again)
        for letter in batch.dead:
            self._stage_dead(letter)
        return duplicates

    def commit_keys(self) -> None:
        """Make the keys durable that the staged records are sealed with."""
        self.partitions.commit()

    def commit(self) -> None:
        """Make the staged records durable, in one transaction of one file."""
        file = self._file
        file.insert(self._records)
        if self._entries or self._rows:
            self._append_spool(self._entries, self._rows)
        if self._dead:
            oldest_us = self._clock.now_us() - DEAD_LETTER_DAYS * _DAY_US
            self.dropped_total += file.insert_dead(self._dead, DEAD_LETTERS, oldest_us)
            self.dead_total += len(self._dead)
        self._numbers.write(file, self._received_us)
        done = self._done()
        if done > self._trimmed:
            file.trim_spool(done)
        file.commit()
        self._numbers.keep()
        self._tidied = False
        if not self._earlier:
            self._trimmed = max(self._trimmed, done)

    def rollback(self) -> None:
        """Take everything back."""
        self._file.rollback()
        self._numbers.rollback()
        self.partitions.rollback()
        indexes, self._chain, self._spool_id = self._before
        self._indexes.restore(indexes)

    # --- around it ------------------------------------------------------------------------------------------

    @property
    def spool_id(self) -> int:
        """The id of the newest spool group."""
        return self._spool_id

    def trim(self) -> None:
        """Remove spool groups that nobody needs any more, and give back their space (the commit thread is idle)."""
        upto = self._done()
        if upto > self._trimmed:
            for file in [*self._earlier, self._file]:
                with file.transaction():
                    file.trim_spool(upto)
            self._trimmed = upto
            self._tidied = False
            for file in [file for file in self._earlier if not file.spool(limit=1)]:
                self._earlier.remove(file)
                file.close()
        elif not self._tidied:
            tidied = (self._file.tidy(), self._keys.tidy())
            self._tidied = all(tidied)
        if self._joins.is_due(self._clock.now_us()):
            self._show(every=False)

    def _done(self) -> int:
        return min([position() for position in self.followers], default=0)

    def due_gaps(self, until_us: int) -> list[tuple[int, bytes, tuple[Gap, ...]]]:
        """Project, producer and gaps that are there since ``until_us`` or longer without a record of it."""
        return self._numbers.due(until_us, self._file)

    def ids_of_partitions(self, partitions: list[int]) -> list[tuple[int, int]]:
        """Year and rowid of every record in these partitions, in any month. In the commit thread."""
        found: list[tuple[int, int]] = []
        for path in sorted(self._directory.glob("????-??.db")):
            with contextlib.closing(MonthReader(path)) as reader:
                found += ((reader.year, identifier) for identifier in reader.ids_of_partitions(partitions))
        return found

    def erase(self, partitions: list[int]) -> None:
        """Remove every record of these partitions, in any month, from file and WAL. In the commit thread."""
        self.partitions.forget()
        self.trim()
        writable = {file.month: file for file in [*self._earlier, self._file]}
        for path in sorted(self._directory.glob("????-??.db")):
            file = writable.get(path.stem) or MonthFile(path)
            file.erase(file.ids_of_partitions(partitions))
            if path.stem not in writable:
                file.close()

    def close(self) -> None:
        """Close every month file."""
        with contextlib.suppress(sqlite3.Error):  # a full disk: the next start trims
            self.trim()
            self._file.tidy()
        self._known.close()
        for file in [*self._earlier, self._file]:
            file.close()

    # --- inside ---------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        """Nothing is staged; this is where ``rollback`` goes back to."""
        self._before = (self._indexes.snapshot(), self._chain, self._spool_id)
        self._records: list[tuple[int, bytes, int, bytes]] = []
        self._entries: list[tuple[int, int, int, bytes]] = []
        self._rows: list[tuple[str, bytes]] = []
        self._known.begin()
        self._named: set[int] = set()
        self._dead: list[tuple[int, int, str, str, bytes]] = []

    def _stage(self, item: Item) -> bool:
        runtime = self._runtimes.numbered(item.project)
        waits = False
        existing: list[Kept] = []
        if not item.installation or item.numbers is not None:
            if item.response or self._known.moved:
                item, waits = self._joins.join(item, runtime.locators, self._received_us)
            existing = self._known.of(item.dedupe[:DEDUPE_HALF])
            if any(kept.dedupe == item.dedupe for kept in existing):
                return False
        file = self._file
        year = file.year
        index = self._indexes.next_index(item.project, year)
        if item.project not in self._named:
            file.set_meta(f"project/{item.project}", runtime.project.id.encode())
            self._named.add(item.project)
        if index == 0:
            self._open_ledger(item.project, year)
            index = 1
        identifier = record_id(item.project, index)
        first = existing[0].place if existing else None
        if item.slots:
            partition = self.partitions.of(item, runtime.locators, file)
            body = partition.history.encode(identifier, item.salt, item.shape, item.slots, item.digests)
            sealed = self._sealer.seal(partition.aead, body, year=year, identifier=identifier, dedupe=item.dedupe)
            self._records.append((identifier, item.dedupe, partition.id, sealed))
        self._entries.append((item.project, year, index, _entry(item, first, index, self._received_us)))
        self._indexes.advance(item.project, year, index + 1)
        if item.table and not waits:
            self._rows.append(self._row(item, Place(year, index), first, len(existing)))
        self._known.stage(Kept(Place(year, index), item.dedupe))
        return True

    def _row(self, item: Item, place: Place, first: Place | None, revision: int) -> tuple[str, bytes]:
        if first is None or item.table != "spans":
            return item.table, stamp(item.line, place, 0, self._received_us)
        return _revise(item.project, first, place, revision)

    def _show_overdue(self, *, every: bool = False) -> None:
        """Give rows to the parts whose span did not come in time."""
        for project, first, last, revision in self._joins.overdue(self._received_us, every=every):
            self._rows.append(_revise(project, first.place, last.place, revision))

    def _show(self, *, every: bool) -> None:
        """The same in a transaction of its own."""
        self._received_us = max(self._received_us, self._clock.now_us())
        self._clear()
        try:
            with self._file.transaction():
                self._show_overdue(every=every)
                if self._rows:
                    self._append_spool([], self._rows)
        except BaseException:
            self.rollback()
            raise
        self._clear()

    def _stage_dead(self, letter: DeadLetter) -> None:
        runtime = self._runtimes.numbered(letter.project)
        aead = self.partitions.installation(letter.project, letter.retention, runtime.locators, self._file)
        body = seal(aead, self._packer.compress(letter.raw), LETTER_DOMAIN)
        self._dead.append((letter.received_us, letter.project, letter.signal, letter.reason, body))

    def _open_ledger(self, project: int, year: int) -> None:
        """The first entry of a ledger names the final checkpoint of the one that it continues."""
        entry = Entry(kind="shard", id=new_id(), received_us=self._received_us, previous=self._previous.get(project))
        self._entries.append((project, year, 0, encode_entry(entry)))

    def _close_ledgers(self, year: int) -> None:
        """Once a year: write the last entry of every older ledger and wait until its final checkpoint is signed."""
        older = self._indexes.before(year)
        unclosed = [one for one in older if one[:2] not in self._closing and not self._final(*one[:2], 0)]
        entries = [
            (
                project,
                of_year,
                size,
                encode_entry(Entry(kind="shard", id=new_id(), received_us=self._received_us, next=year)),
            )
            for project, of_year, size in unclosed
        ]
        if entries:
            with self._file.transaction():
                self._append_spool(entries, [])
            for project, of_year, size, _ in entries:
                self._indexes.advance(project, of_year, size + 1)
                self._closing.add((project, of_year))
            self._clear()  # it is durable: what fails from here on does not take it back
            self.on_closed()
        self._previous = {
            project: self._final(project, of_year, size if (project, of_year) in self._closing else 0)
            for project, of_year, size in self._indexes.before(year)
        }
        self._closing.clear()
        self._year = year

    def _append_spool(self, entries: list[tuple[int, int, int, bytes]], rows: list[tuple[str, bytes]]) -> None:
        self._spool_id += 1
        packed = self._packer.compress(encode(entries))
        self._chain = self._file.append_spool(self._spool_id, self._chain, packed, self._packer.compress(encode(rows)))

    def _start(self) -> tuple[MonthFile, Path | None]:
        """Open the newest month file, and earlier ones whose spool is not empty; the file to look back at."""
        names = sorted(path.stem for path in self._directory.glob("????-??.db"))
        current = max([month_of(max(self._received_us, self._clock.now_us())), *names[-1:]])
        if names and self._waits_in(names[-1]):
            current = names[-1]  # the first transaction turns to the new month, and shows what waits in this one
        for name in names:
            with contextlib.closing(MonthReader(self._directory / f"{name}.db")) as reader:
                unfinished = bool(reader.spool(limit=1))
                if unfinished or int(name[:4]) == int(current[:4]):
                    self._indexes.follow(reader)
                self._spool_id = max(self._spool_id, reader.last_spool_id())
            if unfinished and name != current:
                self._earlier.append(MonthFile(self._directory / f"{name}.db"))
        older = [self._directory / f"{name}.db" for name in names if name < current]
        file = MonthFile(self._directory / f"{current}.db")
        file.producers.carry(older[-1] if older else None, self._clock.now_us())
        waiting = [group for each in [*self._earlier, file] for group in each.spool()]
        if waiting:
            self._chain = waiting[-1].chain
            self._closing = {ledger for group in waiting for ledger in _closed_by(group)}
            self._received_us = max(self._received_us, *_times(waiting[-1]))
        self.settled = waiting[0].id - 1 if waiting else self._spool_id
        return file, older[-1] if older else None

    def _waits_in(self, month: str) -> bool:
        with contextlib.closing(MonthReader(self._directory / f"{month}.db")) as reader:
            return bool(reader.waiting())

    def _turn_to(self, month: str) -> None:
        """Go on in the file of a new month; what waits in the old one waits no longer."""
        self._show(every=True)
        following = MonthFile(self._directory / f"{month}.db")
        following.producers.carry(self._file.path, self._clock.now_us())
        self._earlier.append(self._file)
        self._file = following
        self._known.turn_to(following)
        self.partitions.forget()


def _times(group: SpoolGroup) -> list[int]:
    return [0, *(decode_entry(data).received_us for _, _, _, data in group.entries()[-1:])]


def _closed_by(group: SpoolGroup) -> list[tuple[int, int]]:
    """Ledgers (project, year) that get their last entry by a group."""
    return [(project, year) for project, year, _, data in group.entries() if decode_entry(data).next is not None]


def _revise(project: int, first: Place, last: Place, revision: int) -> tuple[str, bytes]:
    return REVISE, encode((project, first.shard, first.index, last.shard, last.index, revision))


def _entry(item: Item, first: Place | None, index: int, received_us: int) -> bytes:
    if item.entry is not None:
        size = index if item.entry.kind == "heartbeat" else None
        return encode_entry(msgspec.structs.replace(item.entry, received_us=received_us, size=size))
    assert item.span is not None
    facts = item.facts
    return span_entry(
        item.span,
        id=facts.record_id,
        received_us=received_us,
        commitment=item.commitment,
        mode=facts.mode,
        kind=facts.kind,
        part_of=first,
    )
