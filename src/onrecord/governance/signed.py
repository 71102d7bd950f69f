"""What was signed last, as the key directory says it: ``checkpoints.db`` read without being its writer.

Each row holds the checkpoint twice, in columns and as the signed note. A row whose halves differ is named and
excuses nothing.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from onrecord.durable import open_database
from onrecord.ledger.checkpoint import Checkpoint, read_checkpoint
from onrecord.ledger.verify import Finding

FILE: Final = "checkpoints.db"


class Signed(msgspec.Struct, frozen=True):
    """The last signed checkpoint of each ledger by ledger name, and what is wrong with the file."""

    last: dict[str, Checkpoint]
    findings: list[Finding]


def read_signed(keys: Path) -> Signed:
    """Read the file; without one nothing is known and nothing is wrong."""
    last: dict[str, Checkpoint] = {}
    findings: list[Finding] = []
    if not (keys / FILE).exists():
        return Signed(last, findings)
    try:
        with closing(open_database(keys / FILE, schema="", read_only=True)) as db:
            faults = [row[0] for row in db.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
            rows = db.execute("SELECT origin, size, root, note FROM checkpoint ORDER BY origin").fetchall()
    except sqlite3.Error as error:
        faults, rows = [str(error)], []
    findings += [Finding("altered", FILE, None, f"SQLite: {fault}") for fault in faults]
    for origin, size, root, note in rows:
        checkpoint = _checkpoint_of(note)
        if checkpoint is not None and (checkpoint.origin, checkpoint.size, checkpoint.root) == (origin, size, root):
            last[checkpoint.origin.partition("/")[2]] = checkpoint
        else:
            findings.append(Finding("altered", FILE, None, "a last signed checkpoint is not that of its note"))
    return Signed(last, findings)


def older_than(published: Checkpoint | None, name: str, last: Mapping[str, Checkpoint]) -> Finding | None:
    """What is wrong when less was signed, by that file, than is published. ``last`` is read after ``published``."""
    if published is None:
        return None
    signed = last.get(name)
    if signed is None:
        return Finding("missing", FILE, published.size, "the last signed checkpoint of this ledger is not there")
    if signed.size < published.size:
        sentence = f"{published.size} entries are published, but the last signed checkpoint says {signed.size}"
        return Finding("altered", FILE, signed.size, f"{sentence}: keys or data come from a backup")
    return None


def _checkpoint_of(note: object) -> Checkpoint | None:
    try:
        return read_checkpoint(note) if isinstance(note, bytes) else None
    except ValueError:
        return None
