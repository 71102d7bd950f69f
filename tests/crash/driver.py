"""A process that records spans and says on standard output which ones were acknowledged, until it is killed.

``python -m tests.crash.driver DIRECTORY FIRST COUNT [POINT NTH]`` sends COUNT spans from FIRST on, two to a
delivery, eight deliveries under way, and ends itself with SIGKILL when crash point POINT is passed for the NTH time.
"""

import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from onrecord.model.time import SystemClock
from onrecord.receive.port import Ack, Delivery
from onrecord.server.recording import Recording
from tests.recorded import PROJECT, span


def killer(point: str, nth: int) -> Callable[[str], None]:
    """A crash point that kills this process when ``point`` is passed for the ``nth`` time; ``a>b``: b, after a."""
    *before, last = point.split(">")
    left = nth

    def pass_point(name: str) -> None:
        nonlocal left
        if before:
            if name == before[0]:
                del before[0]
        elif name == last:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return pass_point


def delivery(number: int) -> Delivery:
    """Spans ``number`` and ``number + 1``; every third one names a user, every second trace a session."""
    whole = span(number, trace=number // 4 + 1, user=f"user-{number % 7}" if number % 3 == 0 else "",
                 session=f"session-{number // 16}" if number // 4 % 2 else "", answer=f"answer {number}")  # fmt: skip
    whole.MergeFrom(span(number + 1, trace=number // 4 + 1, answer=f"answer {number + 1}"))
    return Delivery(project=PROJECT, signal="traces", media="protobuf", body=whole.SerializeToString())


def main() -> None:
    """Record until done or killed."""
    directory, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    crash_point = killer(sys.argv[4], int(sys.argv[5])) if len(sys.argv) > 4 else lambda _: None
    made = Recording(
        data=directory / "data", keys=directory / "keys", host="localhost", node="n1", clock=SystemClock(),
        projects=lambda: [PROJECT], crash_point=crash_point,
    )  # fmt: skip
    made.start()
    waiting: deque[tuple[int, Future[Ack]]] = deque()
    for number in range(first, first + count, 2):
        waiting.append((number, made.pipeline.submit(delivery(number))))
        if len(waiting) > 8:
            report(waiting)
        if number == first + count // 2:
            made.settle()
    while waiting:
        report(waiting)
    made.settle()
    made.stop()


def report(waiting: "deque[tuple[int, Future[Ack]]]") -> None:
    """Wait for the oldest delivery and say that it is acknowledged."""
    number, done = waiting.popleft()
    done.result(30)
    sys.stdout.write(f"ack {number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
