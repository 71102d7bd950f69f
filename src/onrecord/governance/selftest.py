"""The self-test: ``onrecord verify`` of ledger and vault, started from a page, and what it found kept for all to see.

It runs in a process of its own, at low priority and for a bounded time, so that nothing waits for it; one at a time.
That it was made, and how it ended, is a record of kind ``selftest``; the newest result is a document of the library.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import msgspec

from onrecord.control.caller import Caller
from onrecord.control.library import Document, Library
from onrecord.errors import OnrecordError, Pushback, where
from onrecord.governance.verdict import verify_data
from onrecord.ingest.pipeline import Pipeline
from onrecord.limits import SELFTEST_FINDINGS, SELFTEST_SECONDS
from onrecord.model.project import Project
from onrecord.model.time import Clock

KIND: Final = "selftest"
_LAST: Final = "last"
_RECORDED_S: Final = 30


class LedgerCounts(msgspec.Struct, frozen=True):
    """One ledger: its entries, and its records by the state they are in."""

    name: str
    """``<project>/<node>/<year>``, or a part of the data directory that belongs to no ledger."""
    size: int
    states: dict[str, int]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a self-test found, in the words and counts of ``onrecord verify``."""

    started_us: int = 0
    took_us: int = 0
    exit_code: int | None = None
    """As the command's; ``None`` when it did not come to an end."""
    verdict: str
    ledgers: tuple[LedgerCounts, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()
    """Name of the ledger and sentence, the first ``SELFTEST_FINDINGS``."""
    findings_total: int = 0


class SelfTests(msgspec.Struct, frozen=True, kw_only=True):
    """What one project sees of the self-tests."""

    last: Outcome | None = None
    running_since_us: int | None = None


class Place(msgspec.Struct, frozen=True):
    """What is verified, and with which keys."""

    data: Path
    keys: Path
    kek: str = ""
    kek_command: str = ""


class SelfTest:
    """One installation's self-tests. Safe for threads."""

    def __init__(
        self,
        place: Place,
        *,
        home: Callable[[], Project],
        library: Library,
        pipeline: Pipeline,
        clock: Clock,
        limit_s: float = SELFTEST_SECONDS,
    ) -> None:
        """``home`` is the project of the installation's own records."""
        self._place = place
        self._home = home
        self._library = library
        self._pipeline = pipeline
        self._clock = clock
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._since_us: int | None = None
        self._thread: threading.Thread | None = None

    def last(self, caller: Caller, project: str) -> SelfTests:
        """The newest result as far as it concerns a project that the caller may see; raises ``Missing``."""
        found = caller.project(project)
        kept = self._library.get(self._home(), KIND, _LAST)
        last = msgspec.convert(kept.value, Outcome) if kept is not None else None
        return SelfTests(last=_of_project(last, found.id) if last else None, running_since_us=self._since_us)

    def start(self, caller: Caller, project: str) -> SelfTests:
        """Begin one.

        Raises:
            Denied: for anybody but an owner. Pushback: one is running.
        """
        caller.require_owner(project)
        with self._lock:
            if self._since_us is not None:
                raise Pushback("A self-test is running.", hint="Its result is on the ledger page when it ends.")
            self._since_us = self._clock.now_us()
            self._thread = threading.Thread(target=self._run, args=(self._since_us,), name=KIND, daemon=True)
            self._thread.start()
        return self.last(caller, project)

    def wait(self, timeout_s: float) -> None:
        """Wait for the one that runs."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self, started_us: int) -> None:
        try:
            found = _in_a_process(self._place, self._limit_s)
            took_us = self._clock.now_us() - started_us
            self._keep(msgspec.structs.replace(found, started_us=started_us, took_us=took_us))
        finally:
            self._since_us = None

    def _keep(self, found: Outcome) -> None:
        value = msgspec.to_builtins(found)
        home = self._home()
        counted = sum(sum(one.states.values()) for one in found.ledgers)
        self._pipeline.append(home, KIND, value, about=KIND, records=counted).result(_RECORDED_S)
        self._library.put(home, Document(kind=KIND, id=_LAST, value=value))


def _of_project(found: Outcome, project: str) -> Outcome:
    """The result without the ledgers and findings of other projects."""
    shown = {one.name for one in found.ledgers if "/" not in one.name or one.name.startswith(f"{project}/")}
    return msgspec.structs.replace(
        found,
        ledgers=tuple(one for one in found.ledgers if one.name in shown),
        findings=tuple(one for one in found.findings if one[0] in shown),
    )


def _in_a_process(place: Place, limit_s: float) -> Outcome:
    """Verify in a process that a fork server makes: the store's engine has threads, so nothing here may fork."""
    context = multiprocessing.get_context("forkserver")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_verified, args=(there, place), name=KIND, daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(limit_s):
            return Outcome(verdict=f"not ended within {limit_s:,.0f} seconds, and stopped: run onrecord verify")
        return msgspec.msgpack.decode(here.recv_bytes(), type=Outcome)
    except EOFError:
        return Outcome(verdict="ended without a result: run onrecord verify")
    finally:
        here.close()
        process.kill()
        process.join()


def _verified(answer: Connection, place: Place) -> None:
    """In the process: verify, answer, end."""
    os.nice(10)
    try:
        report = verify_data(place.data, place.keys, kek=place.kek, kek_command=place.kek_command)
    except OnrecordError as error:
        answer.send_bytes(msgspec.msgpack.encode(Outcome(verdict=f"not possible: {error.message}")))
        return
    except Exception as error:  # noqa: BLE001 - said in the result, without words that may hold a payload
        answer.send_bytes(msgspec.msgpack.encode(Outcome(verdict=f"not possible: {where(error)}")))
        return
    found = report.findings
    outcome = Outcome(
        exit_code=report.exit_code,
        verdict=report.verdict,
        ledgers=tuple(LedgerCounts(one.name, one.size, one.states) for one in report.ledgers),
        findings=tuple(
            (name, _sentence(one.state, one.index, one.sentence)) for name, one in found[:SELFTEST_FINDINGS]
        ),
        findings_total=len(found),
    )
    answer.send_bytes(msgspec.msgpack.encode(outcome))


def _sentence(state: str, index: int | None, sentence: str) -> str:
    return f"{state.upper()}{'' if index is None else f' #{index:,}'}: {sentence}"
