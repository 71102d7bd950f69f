"""A process that records a call and, apart from it, its answer, until it is killed.

``python -m tests.crash.apart DIRECTORY ORDER POINT NTH`` sends the call first when ORDER is 1, the answer first when it
is -1, says ``ack`` for each, and ends itself with SIGKILL when crash point POINT is passed for the NTH time.
"""

import sys
from pathlib import Path

from onrecord.model.time import SystemClock
from onrecord.server.recording import Recording
from tests.crash.driver import killer
from tests.lone import call, deliver, told
from tests.recorded import PROJECT

ANSWER = "the heron nests behind the boathouse"


def main() -> None:
    """Record until done or killed."""
    directory = Path(sys.argv[1])
    made = Recording(
        data=directory / "data", keys=directory / "keys", host="localhost", node="n1", clock=SystemClock(),
        projects=lambda: [PROJECT], crash_point=killer(sys.argv[3], int(sys.argv[4])),
    )  # fmt: skip
    made.start()
    for request in [call(1), told(ANSWER)][:: int(sys.argv[2])]:
        deliver(made, request)
        sys.stdout.write("ack\n")
        sys.stdout.flush()
    made.stop()


if __name__ == "__main__":
    main()
