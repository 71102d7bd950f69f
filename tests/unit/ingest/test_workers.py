"""Worker processes: they prepare what the server would, end when they are told, and are never missed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from onrecord.errors import Rejected
from onrecord.ingest.item import Batch
from onrecord.ingest.prepare import prepare
from onrecord.ingest.project import ProjectRuntime
from onrecord.ingest.workers import Task, Workers, pack, unpack
from onrecord.model.record import Place
from onrecord.receive.port import Delivery
from tests.recorded import PROJECT, recording, send, span

KEYS = (b"p" * 32, b"l" * 32)


def delivery(number: int = 1) -> Delivery:
    messages = (("system", "be brief"), ("user", "mail jan@example.com"))
    whole = span(number, user="jan@example.com", session="s", messages=messages)
    whole.MergeFrom(span(number + 1, session="s", messages=messages))
    return Delivery(project=PROJECT, signal="traces", media="protobuf", body=whole.SerializeToString())


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    made.want()
    wait_until_ready(made)
    yield made
    made.stop()


def wait_until_ready(workers: Workers) -> None:
    deadline = time.monotonic() + 60
    while not workers.ready:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def give(workers: Workers, what: Delivery) -> "Future[Batch | Exception | None]":
    answer: Future[Batch | Exception | None] = Future()
    assert workers.give(Task(what, *KEYS, 0), answer.set_result, answer.set_result)
    return answer


def without_chance(batch: Batch) -> list[tuple[object, ...]]:
    return [
        (item.dedupe, item.session, item.trace, item.user, item.shape, item.slots, item.digests, item.span, item.table)
        for item in batch.items
    ]


def test_a_worker_prepares_what_the_server_would(workers: Workers) -> None:
    batch = give(workers, delivery()).result(30)
    assert isinstance(batch, Batch)
    assert without_chance(batch) == without_chance(prepare(delivery(), ProjectRuntime(PROJECT, *KEYS), 0))


def test_what_records_share_travels_once() -> None:
    batch = prepare(delivery(), ProjectRuntime(PROJECT, *KEYS), 0)
    before = without_chance(batch)
    packed = pack(batch)
    assert packed.count(b"be brief") == 1
    assert without_chance(unpack(packed)) == before


def test_a_worker_refuses_what_the_server_would(workers: Workers) -> None:
    broken = Delivery(project=PROJECT, signal="traces", media="protobuf", body=b"\xff\xff")
    with pytest.raises(Rejected) as caught:
        prepare(broken, ProjectRuntime(PROJECT, *KEYS), 0)
    refused = give(workers, broken).result(30)
    assert isinstance(refused, Rejected)
    assert (refused.message, refused.status) == (caught.value.message, caught.value.status)


def test_when_a_worker_dies_its_delivery_is_asked_for_elsewhere() -> None:
    others = {child.pid for child in multiprocessing.active_children()}
    workers = Workers(1)
    workers.want()
    wait_until_ready(workers)
    (own,) = {child.pid for child in multiprocessing.active_children()} - others
    os.kill(own or 0, signal.SIGSTOP)
    answer = give(workers, delivery())
    os.kill(own or 0, signal.SIGKILL)
    assert answer.result(30) is None
    workers.stop()


def test_workers_end_when_the_server_is_killed() -> None:
    program = """
import os, signal, time
from onrecord.ingest.workers import Workers
workers = Workers(1)
workers.want()
while not workers.ready:
    time.sleep(0.01)
print(next(iter(workers._pool._processes)), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    worker = int(ended.stdout)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}/cmdline").exists() and Path(f"/proc/{worker}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_stopped_workers_take_nothing(workers: Workers) -> None:
    stopped = Workers(1)
    assert not stopped.give(Task(delivery(), *KEYS, 0), lambda _: None, lambda _: None)
    assert workers.ready


def test_under_load_everything_is_acknowledged_whoever_prepares_it(tmp_path: Path) -> None:
    with recording(tmp_path, workers=1) as made:
        made.pipeline.workers.want()
        wait_until_ready(made.pipeline.workers)
        padding = "x" * 40_000
        acks = [send(made, span(number, answer=f"{number} {padding}")) for number in range(1, 9)]
        made.runtimes.forget()
        assert not made.pipeline.workers.ready
        acks.append(send(made, span(9, answer=padding)))
    assert sum(ack.accepted for ack in acks) == 9


def test_a_large_delivery_is_prepared_in_shares_and_kept_whole_and_in_order(tmp_path: Path) -> None:
    with recording(tmp_path, workers=1) as made:
        workers = made.pipeline.workers
        workers.want()
        wait_until_ready(workers)
        given: list[tuple[int, int]] = []
        give = workers.give

        def watched(task: Task, taken: Callable[[Batch], None], failed: Callable[[Exception | None], None]) -> bool:
            given.append((task.share.number, task.share.of))
            return give(task, taken, failed)

        workers.give = watched  # type: ignore[method-assign]
        padding = "x" * 60_000
        spans = [span(number, answer=f"{number} {padding}") for number in range(1, 20)]
        spans[2].resource_spans[0].scope_spans[0].spans[0].trace_id = b"short"
        spans[16].resource_spans[0].scope_spans[0].spans[0].trace_id = b"short"
        ack = send(made, *spans)
        assert given == [(1, 2)]
        assert (ack.accepted, ack.rejected, len(ack.reasons)) == (17, 2, 1)
        made.settle()
        kept = [made.content.read(PROJECT.number, Place(made.staging._file.year, at)).name for at in range(1, 18)]
        assert kept == [f"call {number}" for number in range(1, 20) if number not in {3, 17}]
        assert send(made, *spans).duplicates == 17


def test_a_large_delivery_that_is_broken_is_refused_once(tmp_path: Path) -> None:
    with recording(tmp_path, workers=1) as made:
        made.pipeline.workers.want()
        wait_until_ready(made.pipeline.workers)
        body = span(1, answer="x" * 900_000).SerializeToString() + b"\xff"
        broken = Delivery(project=PROJECT, signal="traces", media="protobuf", body=body)
        with pytest.raises(Rejected):
            made.pipeline.submit(broken).result(30)
        assert made.pipeline.waiting == 0
        assert send(made, span(1)).accepted == 1
