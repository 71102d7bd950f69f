"""A process like ``tests.crash.driver`` whose records come through the journal.

``python -m tests.crash.journaled DIRECTORY FIRST COUNT [POINT NTH]``
"""

import sys
import threading
from functools import partial
from pathlib import Path

from onrecord.model.time import SystemClock
from onrecord.server.recording import Recording
from tests.crash.driver import killer
from tests.exchanged import kept
from tests.recorded import PROJECT

_UNDER_WAY = 6


def main() -> None:
    """Keep calls, several at once, and say which are durable, until done or killed."""
    directory, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    crash_point = killer(sys.argv[4], int(sys.argv[5])) if len(sys.argv) > 4 else lambda _: None
    made = Recording(
        data=directory / "data", keys=directory / "keys", host="localhost", node="n1", clock=SystemClock(),
        projects=lambda: [PROJECT], crash_point=crash_point,
    )  # fmt: skip
    made.start()
    room = threading.Semaphore(_UNDER_WAY)

    def answer(number: int, error: Exception | None) -> None:
        assert error is None, error
        sys.stdout.write(f"ack {number}\n")
        sys.stdout.flush()
        room.release()

    for number in range(first, first + count):
        room.acquire()
        made.journal.keep(kept(number), partial(answer, number))
        if number == first + count // 2:
            made.journal.empty().result(30)
    made.journal.empty().result(30)
    made.settle()
    made.stop()


if __name__ == "__main__":
    main()
