"""A process like ``tests.crash.driver`` that publishes often and turns to the next month halfway: much to lose.

``python -m tests.crash.paced DIRECTORY FIRST COUNT MONTH [POINT NTH]``; MONTH is how many months after November it is.
"""

import sys
from pathlib import Path

from onrecord.model.time import FixedClock
from onrecord.server.recording import Recording
from tests.crash.driver import delivery, killer
from tests.recorded import NOVEMBER_US, PROJECT

MONTH_US = 31 * 86_400_000_000
_PUBLISH_EVERY = 16


def clock(month: int) -> FixedClock:
    """A clock that stands in the middle of a month."""
    return FixedClock(NOVEMBER_US + month * MONTH_US)


def main() -> None:
    """Record until done or killed."""
    directory, first, count, month = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    now = clock(month)
    made = Recording(
        data=directory / "data", keys=directory / "keys", host="localhost", node="n1", clock=now,
        projects=lambda: [PROJECT],
        crash_point=killer(sys.argv[5], int(sys.argv[6])) if len(sys.argv) > 5 else lambda _: None,
    )  # fmt: skip
    made.start()
    for number in range(first, first + count, 4):
        if number == first + count // 2:
            now.advance(MONTH_US)
        waiting = [(one, made.pipeline.submit(delivery(one))) for one in (number, number + 2)]
        for one, done in waiting:
            done.result(30)
            sys.stdout.write(f"ack {one}\n")
            sys.stdout.flush()
        if (number - first) % _PUBLISH_EVERY == 0:
            made.settle()
            made.pipeline.exclusively(made.staging.trim).result(30)
    made.settle()
    made.stop()


if __name__ == "__main__":
    main()
