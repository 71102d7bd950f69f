"""Kill the process, or cut the power, while calls are in the journal: each that was promised is on the record once."""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from onrecord.governance.verdict import verify_data
from onrecord.ingest.journal import journal_files
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.model.record import Place
from onrecord.server.recording import Recording
from tests.crash.disk import Ack, Operation, Sync, acknowledged, after_cut, materialise, without_syncs
from tests.crash.record import operations_of
from tests.crash.test_crash import acknowledged as said
from tests.crash.test_power_loss import FAST
from tests.recorded import PROJECT, recording

COUNT = 60
CUTS = 60
POINTS = ("journal.durable", "commit.staged", "commit.durable", "commit.before-ack")


def numbers(made: Recording, directory: Path) -> list[int]:
    """The numbers of all calls on the record."""
    made.settle()
    found = []
    for checkpoint in (directory / "data" / "ledger" / PROJECT.id).glob("n1/*/checkpoint"):
        ledger = checkpoint.parent
        size = LedgerReader(read_directory(ledger)).checkpoint().size
        for index in range(1, size):
            span = made.content.read(PROJECT.number, Place(int(ledger.name), index))
            assert getattr(span.output[0].parts[0], "text", "") == f"answer {int(span.span_id, 16)}"
            found.append(int(span.span_id, 16))
    return found


def check(directory: Path, acked: set[int]) -> None:
    with recording(directory) as made:
        made.journal.empty().result(30)
        found = numbers(made, directory)
    assert acked <= set(found), "promised and not on the record"
    assert len(found) == len(set(found)), "there twice"
    assert journal_files(directory / "data" / "journal") == []


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_what_was_promised_is_recorded_by_the_next_start(tmp_path: Path, point: str, nth: int) -> None:
    command = [sys.executable, "-m", "tests.crash.journaled", str(tmp_path), "1", str(COUNT), point, str(nth)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    acked = said(done.stdout)
    check(tmp_path, acked)


@pytest.fixture(scope="module")
def recorded() -> Iterator[tuple[str, list[Operation]]]:
    """The system calls of a process that keeps calls until it is killed, and of one that ends well."""
    with tempfile.TemporaryDirectory(dir=FAST) as made:
        yield (
            made,
            operations_of("tests.crash.journaled", made, [("1", "60", "ledger.tiles-written", "1"), ("100", "60")]),
        )


def lost_after(operations: Sequence[Operation], root: str, cut: int, seed: int) -> list[str]:
    """What is wrong when the power went before operation ``cut``."""
    acked = set(acknowledged(operations, cut))
    there, folders = after_cut(operations, cut, random.Random(seed), only=None)
    with tempfile.TemporaryDirectory(dir=FAST) as made:
        directory = Path(made)
        materialise(there, folders, root, directory)
        try:
            check(directory, acked)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            return [f"{type(error).__name__}: {error}"]
        if not acked:
            return []
        findings = verify_data(directory / "data", directory / "keys").findings
        return [f"{name} {finding}" for name, finding in findings]


@pytest.mark.strace
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_power_cut_loses_no_call_that_was_promised(recorded: tuple[str, list[Operation]]) -> None:
    root, operations = recorded
    near = {at + step for at, one in enumerate(operations) if isinstance(one, Ack | Sync) for step in (0, 1)}
    cuts = random.Random().sample(sorted(near), CUTS)
    faults = {cut: lost_after(operations, root, cut, cut) for cut in cuts}
    assert {cut: found for cut, found in faults.items() if found} == {}


@pytest.mark.strace
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_without_the_syncs_of_the_journal_a_power_cut_loses_some(recorded: tuple[str, list[Operation]]) -> None:
    """The proof above can fail: it does when the journal syncs nothing."""
    root, operations = recorded
    unsynced = without_syncs(operations, ".journal")
    promised = [at for at, one in enumerate(unsynced) if isinstance(one, Ack)]
    assert any(lost_after(unsynced, root, cut + 1, cut) for cut in promised[5:60:6])
