"""Kill the recording process anywhere: nothing acknowledged is lost, nothing is kept twice, the ledger goes on."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.model.record import Place
from tests.crash.driver import delivery
from tests.recorded import PROJECT, recording

POINTS = (
    "commit.staged", "commit.keys-durable", "commit.durable", "commit.before-ack",
    "ledger.tiles-written", "ledger.synced", "ledger.locked", "ledger.published",
)  # fmt: skip
COUNT = 120


def run(directory: Path, first: int, *point: str) -> set[int]:
    """Run the driver to its end, or until it kills itself; the numbers it said were acknowledged."""
    command = [sys.executable, "-m", "tests.crash.driver", str(directory), str(first), str(COUNT), *point]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    assert not point or done.returncode == -signal.SIGKILL, f"{point} was never passed"
    return acknowledged(done.stdout)


def acknowledged(output: str) -> set[int]:
    return {int(line.split()[1]) for line in output.splitlines() if line.startswith("ack ")}


def check(directory: Path, acked: set[int], *, first: int = 0) -> None:
    """Everything acknowledged reads back equal and is recognised when sent again; the ledger holds each record once."""
    with recording(directory) as made:
        for number in sorted(acked):
            assert made.pipeline.submit(delivery(number)).result(30).duplicates == 2, f"span {number} was lost"
        for number in range(first, first + COUNT, 2):
            made.pipeline.submit(delivery(number)).result(30)
        made.settle()
        (ledger,) = (directory / "data" / "ledger" / PROJECT.id / "n1").iterdir()
        reader = LedgerReader(read_directory(ledger))
        size = reader.checkpoint().size
        seen = set()
        for index in range(1, size):
            kept = made.content.read(2, Place(int(ledger.name), index))
            number = int(kept.span_id, 16)
            assert kept.output[0].parts[0].text == f"answer {number}"
            assert number not in seen, f"span {number} is kept twice"
            seen.add(number)
        assert seen >= {n for number in acked for n in (number, number + 1) if n}


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_a_named_point_loses_nothing_acknowledged(tmp_path: Path, point: str, nth: int) -> None:
    acked = run(tmp_path, 2, point, str(nth))
    check(tmp_path, acked, first=2)


@pytest.mark.slow
def test_twenty_kills_at_random_moments_of_one_directory_lose_nothing(tmp_path: Path) -> None:
    rng = random.Random(20)
    acked: set[int] = set()
    for life in range(20):
        command = [sys.executable, "-m", "tests.crash.driver", str(tmp_path), str(2 + life * COUNT), str(COUNT)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(rng.random() * 0.4)
            process.kill()
            acked |= acknowledged(first + process.stdout.read())
    assert len(acked) > 40
    check(tmp_path, acked, first=2)


def test_a_stop_with_work_under_way_finishes_it(tmp_path: Path) -> None:
    acked = run(tmp_path, 2)
    assert len(acked) == COUNT // 2
    check(tmp_path, acked, first=2)
