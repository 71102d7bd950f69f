"""The audit of a data directory: every entry of every ledger against everything the vault holds. Needs no server.

Order, so that it is right on a live directory: the ledgers' checkpoints are read first, then the vault is held at one
moment, then everything is compared. Every entry under a checkpoint must be in the vault, or excused by a tombstone.
Each entry that has content ends in exactly one state.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from onrecord.errors import Corrupt, Missing
from onrecord.governance.tombstones import Tombstones
from onrecord.keys.keystore import KeyStore
from onrecord.ledger.checkpoint import Checkpoint
from onrecord.ledger.commitment import commit
from onrecord.ledger.entry import Entry, decode_entry
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


class LedgerVerdict(msgspec.Struct, frozen=True):
    """What was found of one ledger and the content it speaks of."""

    name: str
    """``<project>/<node>/<year>``."""
    size: int
    checkpoint: Checkpoint | None
    states: dict[str, int]
    excused: dict[int, int]
    """Records excused by each tombstone, by its index."""
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

    def __init__(self, directory: Path, name: str, trust: Trust) -> None:
        self.name = name
        self.reader = LedgerReader(read_directory(directory))
        self.check = LedgerCheck(
            self.reader, keys=trust.keys.get(name, ()), held=trust.held.get(name, ()), files=stored_files(directory)
        )
        self.size = self.check.checkpoint.size if self.check.checkpoint else 0
        self.commitments: dict[int, bytes] = {}
        self.tombstones = Tombstones(self.reader)
        self.states: Counter[str] = Counter()
        self.excused: Counter[int] = Counter()
        self.findings: list[Finding] = []

    def read(self) -> None:
        """Check the ledger itself; note what each entry promises of the vault."""
        for index, entry in self.check.entries():
            if entry.commitment:
                self.commitments[index] = entry.commitment
            self.tombstones.note(index, entry)

    def find(self, state: str, file: str, index: int | None, sentence: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(state, file, index, sentence))

    def verdict(self) -> LedgerVerdict:
        """The result."""
        report = self.check.report()
        return LedgerVerdict(
            self.name,
            self.size,
            report.checkpoint,
            dict(self.states),
            dict(self.excused),
            report.kinds,
            [*report.findings, *self.findings],
        )


def audit(data: Path, trust: Trust, keys: KeyStore | None) -> list[LedgerVerdict]:
    """Compare all ledgers and all month files of a data directory.

    Without ``keys`` content is not opened: what is there is *not opened*, what should be there is still *missing*.

    Raises:
        Missing: there is no ledger below ``data``.
    """
    root = data / "ledger"
    names = sorted(path.parent.relative_to(root).as_posix() for path in root.glob("*/*/*/checkpoint"))
    if not names and not any((data / "vault").glob("*.db")):
        raise Missing(f"{data} is not a data directory of onrecord: it has no ledger and no vault")
    ledgers = {name: _Ledger(root / name, name, trust) for name in names}
    months = [MonthReader(path) for path in sorted((data / "vault").glob("????-??.db"))]
    loose = _Loose()
    try:
        for month in months:
            _hold(month, loose)
        for ledger in ledgers.values():
            ledger.read()
        for month in months:
            _compare_month(month, keys, ledgers, loose)
    finally:
        for month in months:
            month.close()
    for ledger in ledgers.values():
        _account_for_the_rest(ledger)
    verdicts = [ledger.verdict() for ledger in ledgers.values()]
    return [*verdicts, *loose.verdict()]


class _Loose:
    """What is found outside every ledger: damaged files, entries that are spooled but not published yet."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.spooled: dict[tuple[str, int, int], Entry] = {}
        self.pending = 0

    def verdict(self) -> list[LedgerVerdict]:
        if not self.findings and not self.pending:
            return []
        return [LedgerVerdict("vault", 0, None, {PENDING: self.pending}, {}, {}, self.findings)]


def _hold(month: MonthReader, loose: _Loose) -> None:
    """Hold the file at one moment, check its structure, take in what its spool has for the ledgers."""
    file = f"vault/{month.path.name}"
    try:
        month.hold()
        loose.findings += [Finding(ALTERED, file, None, f"SQLite: {fault}") for fault in month.check()]
        projects = month.project_ids()
        previous: bytes | None = None
        for group in month.spool():
            group.check(previous)
            previous = group.chain
            for project, year, index, data in group.entries():
                loose.spooled[projects.get(project, str(project)), year, index] = decode_entry(data)
    except (Corrupt, ValueError, sqlite3.DatabaseError) as error:
        loose.findings.append(Finding(ALTERED, file, None, f"the spool of {month.month} is altered: {error}"))


def _compare_month(month: MonthReader, keys: KeyStore | None, ledgers: Mapping[str, _Ledger], loose: _Loose) -> None:
    """Compare every record of a month file with its entry."""
    file = f"vault/{month.path.name}"
    try:
        projects = month.project_ids()
        by_number = {
            number: next((one for name, one in ledgers.items() if _is_of(name, project, month.year)), None)
            for number, project in projects.items()
        }
        for opened in open_month(month, keys):
            number, index = place_of(opened.id)
            ledger = by_number.get(number)
            if ledger is not None and index < ledger.size:
                _compare(ledger, file, index, opened)
            else:
                _compare_spooled(loose, file, (projects.get(number, str(number)), month.year, index), opened)
    except (Corrupt, sqlite3.DatabaseError, ValueError) as error:
        loose.findings.append(Finding(ALTERED, file, None, str(error)))


def _is_of(name: str, project: str, year: int) -> bool:
    first, _, last = name.split("/")
    return first == project and last == str(year)


def _compare(ledger: _Ledger, file: str, index: int, opened: Opened) -> None:
    promised = ledger.commitments.pop(index, None)
    by = ledger.tombstones.of(index)
    if promised is None:
        ledger.states[ALTERED] += 1
        ledger.find(ALTERED, file, index, "the vault holds content that no entry speaks of")
    elif by is not None:
        ledger.states[ERASED if by.kind == "erasure" else EXPIRED] += 1
        ledger.excused[by.index] += 1
        if by.done:
            ledger.find(ALTERED, file, index, f"content that entry {by.index} says is gone is there again")
    elif opened.state == "locked":
        ledger.states[LOCKED] += 1
    elif opened.state == "open" and commit(opened.salt, opened.digests) == promised:
        ledger.states[INTACT] += 1
    elif opened.state == "keyless":
        ledger.states[MISSING] += 1
        ledger.find(MISSING, file, index, "the key of this content is gone, and no entry says why")
    else:
        ledger.states[ALTERED] += 1
        ledger.find(ALTERED, file, index, "the content is not what the entry commits to")


def _compare_spooled(loose: _Loose, file: str, key: tuple[str, int, int], opened: Opened) -> None:
    entry = loose.spooled.get(key)
    if entry is None:
        sentence = "the vault holds content whose entry is neither in a ledger nor in the spool"
        loose.findings.append(Finding(ALTERED, file, key[2], sentence))
    elif opened.state in ("altered", "open") and commit(opened.salt, opened.digests) != entry.commitment:
        loose.findings.append(Finding(ALTERED, file, key[2], "the content is not what its spooled entry commits to"))
    else:
        loose.pending += 1


def _account_for_the_rest(ledger: _Ledger) -> None:
    """Entries whose content the vault does not hold: excused by a tombstone, also by a later one, or missing."""
    if any(ledger.tombstones.of(index) is None for index in ledger.commitments):
        with suppress(Missing, Corrupt, ValueError):
            newest = ledger.reader.checkpoint().size
            for index, data in ledger.reader.entries(ledger.size, newest, newest):
                ledger.tombstones.note(index, decode_entry(data))
    for index in sorted(ledger.commitments):
        by = ledger.tombstones.of(index)
        if by is None:
            ledger.states[MISSING] += 1
            ledger.find(MISSING, "vault", index, "the content is not in the vault, and no entry says why")
        else:
            ledger.states[ERASED if by.kind == "erasure" else EXPIRED] += 1
            ledger.excused[by.index] += 1
