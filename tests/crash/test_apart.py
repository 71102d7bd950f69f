"""Kill the process between a call and its answer, or in the middle of joining them: they are one span, once."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.apart import ANSWER
from tests.lone import call, deliver, told
from tests.recorded import recording
from tests.unit.ingest.test_joins import IDS, ORDERS, keep_spool, rows


@ORDERS
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("point", ["commit.staged", "commit.keys-durable", "commit.durable"])
def test_a_call_and_its_answer_are_one_span_wherever_the_process_died(
    tmp_path: Path, order: int, point: str, nth: int
) -> None:
    command = [sys.executable, "-m", "tests.crash.apart", str(tmp_path), str(order), point, str(nth)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout.count("ack") == nth - 1
    durable = nth if point == "commit.durable" else nth - 1
    with recording(tmp_path) as made:
        keep_spool(made)
        again = deliver(made, *[call(1), told(ANSWER)][::order])
        shown = rows(made)
    assert sum(ack.duplicates for ack in again) == durable
    assert list(shown) == [IDS]
    assert shown[IDS]["output_text"] == ANSWER
