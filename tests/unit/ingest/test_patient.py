"""What nobody waits for: prepared where it takes least from others, and in time even when no core is ever idle."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from onrecord.errors import Rejected
from onrecord.ingest import pipeline
from onrecord.ingest.item import Batch
from onrecord.ingest.workers import Task
from onrecord.receive.port import Ack, Delivery
from onrecord.server.recording import Recording
from tests.recorded import PROJECT, recording, span


@contextmanager
def with_worker(directory: Path) -> Iterator[tuple[Recording, int, list[Task]]]:
    """A recording part with a patient worker that is ready; its process, and what it is given."""
    others = {child.pid for child in multiprocessing.active_children()}
    with recording(directory, workers=1) as made:
        workers = made.pipeline.patient_workers
        workers.want()
        deadline = time.monotonic() + 60
        while not workers.ready:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        (process,) = {child.pid for child in multiprocessing.active_children()} - others
        assert process is not None
        given: list[Task] = []
        give = workers.give

        def watched(task: Task, taken: Callable[[Batch], None], failed: Callable[[Exception | None], None]) -> bool:
            given.append(task)
            return give(task, taken, failed)

        workers.give = watched  # type: ignore[method-assign]
        yield made, process, given


def later(made: Recording, number: int, characters: int = 40_000) -> "Future[Ack]":
    body = span(number, answer="x" * characters).SerializeToString()
    return made.pipeline.submit(Delivery(project=PROJECT, signal="traces", media="protobuf", body=body, patient=True))


@pytest.mark.skipif(sys.platform != "linux", reason="a process that waits for an idle core is Linux's")
def test_the_worker_for_what_nobody_waits_for_runs_only_while_a_core_is_idle(tmp_path: Path) -> None:
    with with_worker(tmp_path) as (made, process, given):
        assert os.sched_getscheduler(process) == os.SCHED_IDLE
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        assert later(made, 1).result(30).accepted == 1
        assert len(given) == 1


def test_what_is_small_is_not_sent_to_the_worker(tmp_path: Path) -> None:
    with with_worker(tmp_path) as (made, _, given):
        assert later(made, 1, characters=10).result(30).accepted == 1
        assert given == []


def test_what_waits_for_an_idle_core_in_vain_is_prepared_in_the_server_and_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_STARVED_S", 0.2)
    with with_worker(tmp_path) as (made, process, given):
        os.kill(process, signal.SIGSTOP)
        try:
            assert later(made, 1).result(30).accepted == 1
            assert later(made, 2).result(30).accepted == 1
            assert len(given) == 1, "a worker that found no core is left alone for a while"
        finally:
            os.kill(process, signal.SIGCONT)
        made.pipeline.patient_workers.stop()  # its late answer is there now
        assert made.pipeline.waiting == 0
        assert later(made, 1).result(30).duplicates == 1


def test_a_worker_that_dies_loses_nothing(tmp_path: Path) -> None:
    with with_worker(tmp_path) as (made, process, _):
        os.kill(process, signal.SIGSTOP)
        taken = later(made, 1)
        os.kill(process, signal.SIGKILL)
        assert taken.result(30).accepted == 1


def test_what_the_worker_refuses_is_refused(tmp_path: Path) -> None:
    with with_worker(tmp_path) as (made, _, given):
        broken = Delivery(project=PROJECT, signal="traces", media="protobuf", body=b"\xff" * 40_000, patient=True)
        with pytest.raises(Rejected):
            made.pipeline.submit(broken).result(30)
        assert (len(given), made.pipeline.waiting) == (1, 0)


def test_the_worker_is_started_when_deliveries_pile_up(tmp_path: Path) -> None:
    with recording(tmp_path, workers=1) as made:
        wanted = threading.Event()
        made.pipeline.patient_workers.want = wanted.set  # type: ignore[method-assign]
        later(made, 1).result(30)
        assert not wanted.is_set()
        for taken in [later(made, number, characters=300_000) for number in range(2, 6)]:
            taken.result(30)
        assert wanted.is_set()
