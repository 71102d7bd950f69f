"""Processes that prepare deliveries while the server is under load, so that both cores work.

Preparing holds the interpreter lock; committing and projecting need it too. So when deliveries pile up, worker
processes are started, and stopped again when nobody has needed them for a minute. They are made by a fork server, never
forked: the store's engine has threads. A worker gets a delivery and the two keys of its project, and gives back what
``prepare`` gives; what a worker can not do for whatever reason, the server's own thread does. What it remembers of a
project, it remembers in memory only, and ends with it when a person is erased.
"""

import gc
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final

import msgspec

from onrecord.background import wait_for_an_idle_core
from onrecord.errors import OnrecordError, Rejected, Unavailable
from onrecord.ingest.item import Batch
from onrecord.ingest.prepare import prepare
from onrecord.ingest.project import ProjectRuntime
from onrecord.limits import GC_ALLOCATIONS
from onrecord.model.project import Project
from onrecord.receive.otlp import WHOLE, Share
from onrecord.receive.port import Delivery

_IDLE_S: Final = 60.0
_log = logging.getLogger(__name__)


class Task(msgspec.Struct, frozen=True):
    """One delivery for a worker."""

    delivery: Delivery
    pseudonym_key: bytes
    locator_key: bytes
    received_us: int
    share: Share = WHOLE


class Packed(msgspec.Struct, gc=False):
    """A batch on its way between processes: slots that records share travel once."""

    batch: Batch
    slots: list[bytes] = []
    digests: list[bytes] = []
    places: list[list[int]] = []
    """For each item the positions of its slots."""


class Refusal(msgspec.Struct, tag=True):
    """A delivery that was refused: malformed, or could not be screened."""

    message: str
    hint: str
    status: int
    malformed: bool


_packed = msgspec.msgpack.Decoder(Packed)
_refusal = msgspec.msgpack.Decoder(Refusal)
_encode = msgspec.msgpack.Encoder().encode


class Workers:
    """At most ``count`` worker processes; none until they are wanted."""

    def __init__(self, count: int, *, patient: bool = False) -> None:
        """``patient`` workers run only while a core has nothing else to do."""
        self.count = count
        self._patient = patient
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._used_at = 0.0
        self.ready = False
        """Whether deliveries may be given to them."""

    def want(self) -> None:
        """Deliveries pile up: start the workers, unless they run. Returns at once."""
        with self._lock:
            if self._pool is not None or not self.count:
                return
            self._used_at = time.monotonic()
            context = multiprocessing.get_context("forkserver")
            begin = (self._patient,)
            pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_begin, initargs=begin)
            self._pool = pool
        warm = [pool.submit(_warm) for _ in range(self.count)]
        warm[-1].add_done_callback(lambda done: self._warmed(pool, done))

    def give(self, task: Task, taken: Callable[[Batch], None], failed: Callable[[Exception | None], None]) -> bool:
        """Give a delivery to a worker. ``failed(None)`` asks for it to be done elsewhere. False: not taken."""
        with self._lock:
            pool = self._pool if self.ready else None
        if pool is None:
            return False
        self._used_at = time.monotonic()
        try:
            pool.submit(_work, task).add_done_callback(lambda done: self._answer(done, taken, failed))
        except (BrokenProcessPool, RuntimeError):
            self.stop()
            return False
        return True

    def rest(self) -> None:
        """Stop the workers when they have not been needed for a while."""
        if self.ready and time.monotonic() - self._used_at > _IDLE_S:
            self.stop()

    def stop(self) -> None:
        """End the workers and with them everything that they remember."""
        with self._lock:
            pool, self._pool, self.ready = self._pool, None, False
        if pool is not None:
            pool.shutdown(wait=True)

    def _warmed(self, pool: ProcessPoolExecutor, done: "Future[None]") -> None:
        with self._lock:
            self.ready = self._pool is pool and not done.cancelled() and done.exception() is None

    def _answer(
        self,
        done: "Future[tuple[bool, bytes]]",
        taken: Callable[[Batch], None],
        failed: Callable[[Exception | None], None],
    ) -> None:
        try:
            accepted, answer = done.result()
        except BaseException as error:  # noqa: BLE001 - a worker died: its delivery is prepared here
            _log.warning("a worker ended with %s; its delivery is prepared in the server", type(error).__name__)
            failed(None)
            return
        if accepted:
            taken(unpack(answer))
        else:
            refusal = _refusal.decode(answer)
            if refusal.malformed:
                failed(Rejected(refusal.message, hint=refusal.hint, status=refusal.status))
            else:
                failed(Unavailable(refusal.message, hint=refusal.hint))


def pack(batch: Batch) -> bytes:
    """A batch as bytes."""
    packed = Packed(batch)
    known: dict[bytes, int] = {}
    for item in batch.items:
        places = []
        for slot, digest in zip(item.slots, item.digests, strict=False):
            place = known.get(digest)
            if place is None:
                place = known[digest] = len(packed.slots)
                packed.slots.append(slot)
                packed.digests.append(digest)
            places.append(place)
        packed.places.append(places)
        item.slots, item.digests = [], []
    return _encode(packed)


def unpack(data: bytes) -> Batch:
    """The batch that ``pack`` was given."""
    packed = _packed.decode(data)
    slots, digests = packed.slots, packed.digests
    for item, places in zip(packed.batch.items, packed.places, strict=True):
        item.slots = [slots[place] for place in places]
        item.digests = [digests[place] for place in places]
    return packed.batch


# --- in the worker --------------------------------------------------------------------------------------------------

_runtimes: dict[tuple[int, str], ProjectRuntime] = {}


def _begin(patient: bool) -> None:
    """The server decides when workers end, not Ctrl-C, which goes to the whole group; a killed server ends them too."""
    if patient:
        wait_for_an_idle_core()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_server, name="server", daemon=True).start()


def _end_with_the_server() -> None:
    """The pool's queue outlives a server that was killed: its workers would wait, keys in memory, for ever."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)


def _warm() -> None:
    """Make what takes long before the first delivery waits for it."""
    project = Project(id="0" * 16, number=0, name="warm")
    ProjectRuntime(project, b"\0" * 32, b"\0" * 32).screen.text("warm")
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 10, 10)


def _work(task: Task) -> tuple[bool, bytes]:
    project = task.delivery.project
    key = (project.number, project.mode)
    runtime = _runtimes.get(key)
    if runtime is None or runtime.project != project:
        runtime = _runtimes[key] = ProjectRuntime(project, task.pseudonym_key, task.locator_key)
    try:
        return True, pack(prepare(task.delivery, runtime, task.received_us, task.share))
    except OnrecordError as error:
        refusal = Refusal(error.message, error.hint, error.status, malformed=isinstance(error, Rejected))
        return False, _encode(refusal)
