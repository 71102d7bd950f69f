"""The audit of a data directory: every entry of every ledger against everything the vault holds. Needs no server.

Order, so that it is right on a live directory: the ledgers' checkpoints are read first, then the vault is held at one
moment, then everything is compared. Every entry under a checkpoint must be in the vault, or excused by a tombstone.
What can not be judged by that checkpoint (published or erased a moment ago) is judged at the end by a newer one.
Each entry that has content ends in exactly one state. A damaged file is a finding, never an error.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from onrecord.errors import Corrupt, Missing
from onrecord.governance.tombstones import Tombstone, Tombstones
from onrecord.keys.keystore import KeyStore
from onrecord.ledger.checkpoint import Checkpoint
from onrecord.ledger.commitment import commit
from onrecord.ledger.entry import decode_entry
from onrecord.ledger.note import VerifierKey
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.ledger.stored import stored_files
from onrecord.ledger.verify import Finding, LedgerCheck
from onrecord.vault.body import place_of
from onrecord.vault.check import Opened, open_month
from onrecord.vault.month import MonthReader

INTACT, ERASED, EXPIRED, PENDING, MISSING, ALTERED, LOCKED = (
    "intact", "erased", "expired", "pending", "missing", "altered", "not opened",
)  # fmt: skip
STATES = (INTACT, ERASED, EXPIRED, PENDING, MISSING, ALTERED, LOCKED)
_DAMAGE: Final = (Corrupt, ValueError, TypeError, sqlite3.Error, zstandard.ZstdError, msgspec.DecodeError)
"""What reading a damaged file can raise."""
Key = tuple[str, int, int]
"""Project id, year and index of a record."""


class LedgerVerdict(msgspec.Struct, frozen=True):
    """What was found of one ledger and the content it speaks of."""

    name: str
    """``<project>/<node>/<year>``."""
    size: int
    checkpoint: Checkpoint | None
    states: dict[str, int]
    excused: dict[str, int]
    """Records excused by each tombstone, by what it says: ``erased by entry 12``."""
    kinds: dict[str, int]
    findings: list[Finding]


class Trust(msgspec.Struct, frozen=True):
    """What the caller brings to judge by."""

    keys: Mapping[str, Sequence[VerifierKey]]
    """Verifier keys by ledger name."""
    held: Mapping[str, Sequence[Checkpoint]] = {}
    """Older signed checkpoints by ledger name, which the ledger must continue."""


class _Ledger:
    """One ledger while it is being compared."""

    def __init__(self, directory: Path, name: str, trust: Trust, loose: "_Loose") -> None:
        self.name = name
        self.project, _, year = name.split("/")
        self.year = int(year)
        self._loose = loose
        self._held = trust.held.get(name, ())
        """Signed before; when none of it was published, because a crash came between, the spool must hold it all."""
        self.reader = LedgerReader(read_directory(directory))
        self.check = LedgerCheck(
            self.reader,
            keys=trust.keys.get(name, ()),
            held=self._held,
            files=stored_files(directory),
            later=self.later,
        )
        self.size = self.check.checkpoint.size if self.check.checkpoint else 0
        self.commitments: dict[int, bytes] = {}
        self.keyless: set[int] = set()
        self.late: list[tuple[str, int, Opened]] = []
        self.tombstones = Tombstones(self.reader)
        self.states: Counter[str] = Counter()
        self.excused: Counter[str] = Counter()
        self.findings: list[Finding] = []

    def read(self) -> None:
        """Check the ledger itself; note what each entry promises of the vault."""
        for index, entry in self.check.entries():
            if entry.commitment:
                self.commitments[index] = entry.commitment
            self.tombstones.note(index, entry)

    def later(self, first: int, end: int) -> list[bytes]:
        """Entries [first, end) that were published since, or wait in the spool; without a gap."""
        found: list[bytes] = []
        with suppress(Missing, Corrupt, ValueError):
            newest = self.reader.checkpoint().size
            found += [data for _, data in self.reader.entries(first, min(end, newest), newest)]
        while first + len(found) < end:
            data = self._loose.spooled.get((self.project, self.year, first + len(found)))
            if data is None:
                break
            found.append(data)
        return found

    def find(self, state: str, file: str, index: int | None, sentence: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(state, file, index, sentence))

    def verdict(self) -> LedgerVerdict:
        """The result."""
        report = self.check.report()
        findings = [*report.findings, *self.findings]
        waiting = [len(self.later(0, one.size)) == one.size for one in self._held]
        if report.checkpoint is None and waiting and all(waiting):
            findings = [one for one in findings if one.index is not None or one.file not in ("checkpoint", "vkey")]
        return LedgerVerdict(
            self.name,
            self.size,
            report.checkpoint,
            dict(self.states),
            dict(self.excused),
            report.kinds,
            findings,
        )


def audit(data: Path, trust: Trust, keys: KeyStore | None) -> list[LedgerVerdict]:
    """Compare all ledgers and all month files of a data directory.

    Without ``keys`` content is not opened: what is there is *not opened*, what should be there is still *missing*.

    Raises:
        Missing: there is no ledger below ``data``.
    """
    root = data / "ledger"
    published = ledger_names(data)
    names = sorted({*published, *(name for name in trust.held if (root / name).is_dir())})
    if not names and not any((data / "vault").glob("*.db")):
        raise Missing(f"{data} is not a data directory of onrecord: it has no ledger and no vault")
    loose = _Loose()
    ledgers = {name: _Ledger(root / name, name, trust, loose) for name in names}
    months: list[MonthReader] = []
    try:
        for path in sorted((data / "vault").glob("????-??.db")):
            _hold(path, months, loose)
        for ledger in ledgers.values():
            ledger.read()
        for month in months:
            _compare_month(month, keys, ledgers, loose)
    finally:
        for month in months:
            month.close()
    if loose.findings and ledger_names(data) != published:
        return audit(data, trust, keys)  # the first checkpoint of a ledger came meanwhile
    for ledger in ledgers.values():
        _judge_the_late(ledger)
        _account_for_the_rest(ledger)
    verdicts = [ledger.verdict() for ledger in ledgers.values()]
    return [*verdicts, *loose.verdict()]


def ledger_names(data: Path) -> list[str]:
    """``<project>/<node>/<year>`` of each ledger of a data directory that has ever been published."""
    root = data / "ledger"
    return sorted(path.parent.relative_to(root).as_posix() for path in root.glob("*/*/*/checkpoint"))


class _Loose:
    """What is found outside every ledger: damaged files, entries that are spooled but not published yet."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.spooled: dict[Key, bytes] = {}
        self.pending = 0

    def find(self, state: str, file: str, index: int | None, sentence: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(state, file, index, sentence))

    def verdict(self) -> list[LedgerVerdict]:
        """The result, when there is anything to say."""
        if not self.findings and not self.pending:
            return []
        return [LedgerVerdict("vault", 0, None, {PENDING: self.pending}, {}, {}, self.findings)]


def _hold(path: Path, months: list[MonthReader], loose: _Loose) -> None:
    """Hold the file at one moment, check its structure, take in what its spool has for the ledgers."""
    file = f"vault/{path.name}"
    try:
        month = MonthReader(path)
        months.append(month)
        month.hold()
        for fault in month.check():
            loose.find(ALTERED, file, None, f"SQLite: {fault}")
        projects = month.project_ids()
        previous: bytes | None = None
        for group in month.spool():
            group.check(previous)
            previous = group.chain
            for project, year, index, data in group.entries():
                loose.spooled[projects.get(project, str(project)), year, index] = data
    except _DAMAGE as error:
        loose.find(ALTERED, file, None, f"the file, or the spool in it, is altered: {error}")


def _compare_month(month: MonthReader, keys: KeyStore | None, ledgers: Mapping[str, _Ledger], loose: _Loose) -> None:
    """Compare every record of a month file with its entry."""
    file = f"vault/{month.path.name}"
    try:
        projects = month.project_ids()
        by_number = {
            number: next((one for one in ledgers.values() if (one.project, one.year) == (project, month.year)), None)
            for number, project in projects.items()
        }
        for opened in open_month(month, keys):
            number, index = place_of(opened.id)
            ledger = by_number.get(number)
            if ledger is None:
                _compare_spooled(loose, file, (projects.get(number, str(number)), month.year, index), opened)
            elif index < ledger.size:
                _compare(ledger, file, index, opened)
            else:
                ledger.late.append((file, index, opened))
    except _DAMAGE as error:
        loose.find(ALTERED, file, None, f"the file can not be read through: {error}")


def _compare(ledger: _Ledger, file: str, index: int, opened: Opened) -> None:
    promised = ledger.commitments.get(index)
    by = ledger.tombstones.of(index)
    if promised is None:
        ledger.states[ALTERED] += 1
        ledger.find(ALTERED, file, index, "the vault holds content that no entry speaks of")
    elif by is None and opened.state == "keyless":
        ledger.keyless.add(index)
        return
    elif by is not None:
        _excuse(ledger, by)
        if by.done:
            ledger.find(ALTERED, file, index, f"content that entry {by.index} says is gone is there again")
    elif opened.state == "locked":
        ledger.states[LOCKED] += 1
    elif _fits(opened, promised):
        ledger.states[INTACT] += 1
    else:
        ledger.states[ALTERED] += 1
        ledger.find(ALTERED, file, index, "the content is not what the entry commits to")
    ledger.commitments.pop(index, None)


def _fits(opened: Opened, promised: bytes) -> bool:
    return opened.state == "open" and commit(opened.salt, opened.digests) == promised


def _excuse(ledger: _Ledger, by: Tombstone) -> None:
    state = ERASED if by.kind == "erasure" else EXPIRED
    ledger.states[state] += 1
    ledger.excused[f"{state} by entry {by.index}"] += 1


def _compare_spooled(loose: _Loose, file: str, key: Key, opened: Opened) -> None:
    """Compare a record of a ledger that has no checkpoint yet."""
    data = loose.spooled.get(key)
    if data is None:
        loose.find(ALTERED, file, key[2], "the vault holds content whose entry is neither in a ledger nor in the spool")
    elif opened.state == "locked" or _fits(opened, decode_entry(data).commitment):
        loose.pending += 1
    else:
        loose.find(ALTERED, file, key[2], "the content is not what its spooled entry commits to")


def _judge_the_late(ledger: _Ledger) -> None:
    """Judge content behind the checkpoint by what was published since, or waits in the spool."""
    end = max((index for _, index, _ in ledger.late), default=ledger.size - 1) + 1
    entries = [decode_entry(data) for data in _readable(ledger, end)]
    for offset, entry in enumerate(entries):
        ledger.tombstones.note(ledger.size + offset, entry)
    for file, index, opened in ledger.late:
        if index - ledger.size >= len(entries):
            sentence = "the vault holds content whose entry is neither in a ledger nor in the spool"
            ledger.find(ALTERED, file, index, sentence)
            continue
        promised = entries[index - ledger.size].commitment
        if opened.state == "locked" or _fits(opened, promised) or ledger.tombstones.of(index):
            ledger.states[PENDING] += 1
        else:
            ledger.find(ALTERED, file, index, "the content is not what its spooled entry commits to")


def _readable(ledger: _Ledger, end: int) -> list[bytes]:
    """The entries behind the checkpoint, at least up to ``end`` as far as they are anywhere."""
    with suppress(Missing, Corrupt, ValueError):
        end = max(end, ledger.reader.checkpoint().size)
    found: list[bytes] = []
    for data in ledger.later(ledger.size, end):
        try:
            decode_entry(data)
        except ValueError:
            break
        found.append(data)
    return found


def _account_for_the_rest(ledger: _Ledger) -> None:
    """Entries whose content the vault does not hold: excused by a tombstone, also by a later one, or missing."""
    for index in sorted(ledger.commitments):
        by = ledger.tombstones.of(index)
        if by is not None:
            _excuse(ledger, by)
            continue
        ledger.states[MISSING] += 1
        what = "the key of this content is gone" if index in ledger.keyless else "the content is not in the vault"
        ledger.find(MISSING, "vault", index, f"{what}, and no entry says why")
