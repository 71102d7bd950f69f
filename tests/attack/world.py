"""A small recorded directory with most of what there is: two months, sessions, parts, an erasure, a spool."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from onrecord.governance.erasure import Eraser
from onrecord.governance.manifests import LedgerManifests
from onrecord.model.project import Project
from onrecord.model.record import Place
from onrecord.model.time import FixedClock
from onrecord.server.recording import Recording
from tests.lone import call, deliver, told
from tests.recorded import NOVEMBER_US, PROJECT, send, span

MONTH_US = 20 * 86_400_000_000


class NoRows:
    """A store that holds nothing."""

    def erase(self, project: Project, places: Sequence[Place]) -> None:
        """Nothing to do."""


class NoLibrary:
    """A library without documents."""

    def retire(self, project: Project, subject: int, user: bytes, traces: Collection[bytes]) -> None:
        """Nothing to mark."""

    def erase(self, subject: int) -> int:
        """Nothing to do."""
        return 0


def eraser(made: Recording, crash_point: Callable[[str], None] = lambda _: None) -> Eraser:
    """An eraser over a recording part without a store."""
    return Eraser(
        keys=made.keys, staging=made.staging, pipeline=made.pipeline, runtimes=made.runtimes,
        manifests=LedgerManifests(made.ledger_directory), rows=NoRows(), library=NoLibrary(),
        settle=made.settle, crash_point=crash_point,
    )  # fmt: skip


def record_all(made: Recording, clock: FixedClock) -> None:
    """Record sixty spans, erase one person of them."""
    for number in range(1, 31):
        session = f"session-{number % 2}" if number % 3 == 0 else ""
        send(made, span(number, trace=number // 4 + 1, session=session, answer=f"answer {number}"))
    for number in range(200, 206):
        send(made, span(number, trace=900 + number % 2, user="zoe@example.com", answer=f"quetzal {number}"))
    send(made, span(5, trace=2, answer="answer 5, and a part"))
    eraser(made).erase_user(PROJECT, "zoe@example.com")
    clock.advance(MONTH_US)
    for number in range(31, 56):
        send(made, span(number, trace=number // 4 + 1, answer=f"answer {number}"))
    deliver(made, call(60, trace=60), told("answer 60"), told("answer 61", response="r-61"), call(61, response="r-61"))
    deliver(made, told("answer 62", response="r-62"), call(63, trace=63, response="r-63"))
    made.settle()


def world(directory: Path) -> None:
    """Make it below ``directory``, stopped in the middle of its work."""
    clock = FixedClock(NOVEMBER_US)
    made = Recording(
        data=directory / "data", keys=directory / "keys", host="localhost", node="n1", clock=clock,
        projects=lambda: [PROJECT],
    )  # fmt: skip
    made.staging.followers.append(lambda: made.sequencer.position - 3)  # a slow follower keeps some of the spool
    made.start()
    record_all(made, clock)
    made.stop()
