"""Power loss at any moment: what was acknowledged is there, once, whole, and proven; recording goes on.

Two lives of a recording process are recorded as system calls: one is killed at a named point, one takes over, turns to
the next month and stops. Then the disk is built as a power cut may leave it (``tests.crash.disk``), hundreds of times.
"""

import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from onrecord.errors import Missing, OnrecordError
from onrecord.governance.verdict import verify_data
from onrecord.model.record import Place
from onrecord.receive.port import Delivery
from onrecord.server.recording import Recording
from tests.crash.disk import Ack, Name, Operation, Sync, acknowledged, after_cut, materialise, without_syncs
from tests.crash.driver import delivery
from tests.crash.paced import clock
from tests.crash.record import operations_of
from tests.recorded import PROJECT, recording

pytestmark = [
    pytest.mark.strace,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
FAST = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
ROOT = "/recorded"


@pytest.fixture(scope="module")
def recorded() -> Iterator[list[Operation]]:
    """The operations of two lives of one directory."""
    with tempfile.TemporaryDirectory(dir=FAST) as made:
        lives = [("2", "200", "0", "ledger.locked", "4"), ("202", "200", "0")]
        yield operations_of("tests.crash.paced", made, lives)


def faults_after(operations: Sequence[Operation], root: str, cut: int, seed: int, only: int | None) -> list[str]:
    """What is wrong when the power went before operation ``cut``; empty when every promise holds."""
    acked = sorted(acknowledged(operations, cut))
    there, folders = after_cut(operations, cut, random.Random(seed), only=only)
    with tempfile.TemporaryDirectory(dir=FAST) as made:
        directory = Path(made)
        materialise(there, folders, root, directory)
        try:
            return _faults(directory, acked)
        except (OnrecordError, AssertionError, sqlite3.Error) as error:
            return [f"{type(error).__name__}: {error}"]


def _faults(directory: Path, acked: list[int]) -> list[str]:
    faults = []
    if acked:
        report = verify_data(directory / "data", directory / "keys")
        faults += [f"verify before the start: {name} {finding}" for name, finding in report.findings]
    with recording(directory, clock(1)) as made:
        if acked:
            ack = made.pipeline.submit(_all_of(acked)).result(30)
            faults += [f"lost: only {ack.duplicates} of {2 * len(acked)}"] * (ack.duplicates != 2 * len(acked))
        ack = made.pipeline.submit(delivery(100_000)).result(30)
        faults += ["recording does not go on"] * (ack.accepted != 2)
        made.settle()
        faults += _read_back(made, {number for first in acked for number in (first, first + 1)})
    report = verify_data(directory / "data", directory / "keys")
    return faults + [f"verify after the stop: {name} {finding}" for name, finding in report.findings]


def _all_of(acked: list[int]) -> Delivery:
    body = b"".join(delivery(number).body for number in acked)
    return Delivery(project=PROJECT, signal="traces", media="protobuf", body=body)


def _read_back(made: Recording, wanted: set[int]) -> list[str]:
    """Every record under the checkpoint: read, equal to what was sent, there once."""
    faults = []
    seen: set[int] = set()
    for index in range(1, made.ledgers.signed_size(PROJECT.id, 2026)):
        entry = made.published_entry(PROJECT.number, Place(2026, index))
        if entry is not None and entry.kind == "heartbeat":
            continue  # the clock went on for a month; it has no content
        try:
            kept = made.content.read(2, Place(2026, index))
        except Missing:
            faults.append(f"record {index} has no content")
            continue
        number = int(kept.span_id, 16)
        text = getattr(kept.output[0].parts[0], "text", "")
        faults += [f"span {number} reads back as {text}"] * (text != f"answer {number}")
        faults += [f"span {number} is kept twice"] * (number in seen)
        seen.add(number)
    return faults + [f"span {number} is nowhere" for number in sorted(wanted - seen)]


def interesting(operations: Sequence[Operation]) -> list[int]:
    """The cuts just before and just after each acknowledgement and each sync."""
    near = {at + step for at, one in enumerate(operations) if isinstance(one, Ack | Sync) for step in (0, 1)}
    return sorted(near | {len(operations)})


def run_cuts(
    operations: Sequence[Operation], cuts: Sequence[int], *, lonely: bool = False, first_seed: int = 0
) -> dict[int, list[str]]:
    """The faults of each cut that has any; two cuts at a time. ``lonely``: of what was not synced only the last."""
    root = next(getattr(one, "path", "") for one in operations)
    with ProcessPoolExecutor(2, mp_context=get_context("fork"), initializer=_take, initargs=(operations, root)) as pool:
        seeds = range(first_seed, first_seed + len(cuts))
        only = [cut - 1 if lonely else None for cut in cuts]
        found = dict(zip(cuts, pool.map(_one, cuts, seeds, only, chunksize=4), strict=True))
    return {cut: faults for cut, faults in found.items() if faults}


def _take(operations: Sequence[Operation], root: str) -> None:
    globals()["_given"] = (operations, root)


def _one(cut: int, seed: int, only: int | None) -> list[str]:
    operations, root = globals()["_given"]
    return faults_after(operations, root, cut, seed, only)


def test_a_power_cut_at_any_of_many_moments_loses_nothing_acknowledged(recorded: list[Operation]) -> None:
    rng = random.Random(1)
    cuts = sorted(rng.sample(interesting(recorded), 100) + rng.sample(range(1, len(recorded)), 20))
    assert run_cuts(recorded, cuts) == {}


def test_a_checkpoint_that_reaches_the_disk_before_every_other_new_name_lacks_nothing(
    recorded: list[Operation],
) -> None:
    renamed = [at for at, one in enumerate(recorded) if isinstance(one, Name) and one.path.endswith("/checkpoint")]
    assert renamed
    assert run_cuts(recorded, [at + 1 for at in renamed], lonely=True) == {}


@pytest.mark.slow
def test_a_power_cut_near_every_acknowledgement_and_sync_loses_nothing(recorded: list[Operation]) -> None:
    assert run_cuts(recorded, interesting(recorded)) == {}


@pytest.mark.parametrize("part", ["vault/2026-11.db-wal", "keys.db-wal", ".checkpoint.tmp", "/tile/"])
def test_without_its_syncs_each_kind_of_file_is_found_lost(recorded: list[Operation], part: str) -> None:
    rng = random.Random(2)
    careless = without_syncs(recorded, part)
    cuts = rng.sample(range(len(careless) // 2, len(careless)), 24)
    assert run_cuts(careless, cuts) != {}
