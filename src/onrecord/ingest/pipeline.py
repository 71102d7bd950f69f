"""The way of a record, in order: prepare -> commit -> acknowledge, with a bound on what waits.

    submit ──► prepare (a thread; worker processes under load) ──► commit (one thread) ──► Ack
                                                                     │
                                                                     └─► spool ──► sequencer, projector

Nothing is acknowledged before its commit; nothing acknowledged is lost after it. When more waits than the bounds
allow, ``submit`` refuses at once and nothing was kept.

A large delivery that finds nothing else to be prepared is prepared in shares, by the thread and the workers at once,
and committed as one. While others are being prepared it goes to one worker whole: shares make an answer sooner, not
cheaper, because each preparer screens for itself.

What nobody waits for (``Delivery.patient``) is prepared by a thread that steps back or, when it piles up, by a worker
that runs only while a core is idle.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from onrecord.background import step_back
from onrecord.errors import OnrecordError, Pushback, Rejected, Unavailable
from onrecord.ingest.commit import CommitThread
from onrecord.ingest.item import Batch, Item
from onrecord.ingest.prepare import prepare, prepare_event, prepare_media, prepare_score
from onrecord.ingest.project import ProjectRuntimes
from onrecord.ingest.workers import Task, Workers
from onrecord.limits import INFLIGHT_BYTES, INFLIGHT_REQUESTS, MEDIA_BYTES, MEDIA_COPIES
from onrecord.model.media import Media
from onrecord.model.project import Project
from onrecord.model.score import Score
from onrecord.model.time import Clock
from onrecord.receive.otlp import WHOLE, Share, is_divisible
from onrecord.receive.port import Ack, Delivery

_PILE_BYTES = 4 * 1024 * 1024
"""Bodies that wait: from here on workers are wanted."""
_SMALL_BYTES = 32 * 1024
"""A smaller body is prepared sooner here than it is sent to a worker."""
_SHARE_BYTES = 256 * 1024
"""The smallest share of a body: preparing it takes 5 to 10 ms, sending it to a worker one."""


_STARVED_S = 3.0
"""How long a patient worker may wait for an idle core before its delivery is prepared here."""
_RECOVER_S = 3.0
"""How long it is then given nothing."""

_Preparing = Callable[[Delivery, Share, "_Gathering"], None]


class Pipeline:
    """Implements ``receive.port.Intake``; also ``append`` for the server's own records."""

    def __init__(self, runtimes: ProjectRuntimes, commits: CommitThread, clock: Clock, workers: Workers) -> None:
        self._runtimes = runtimes
        self.workers = workers
        self.patient_workers = Workers(min(workers.count, 1), patient=True)
        for each in (workers, self.patient_workers):
            runtimes.on_forget.append(each.stop)
            commits.on_idle.append(each.rest)
        self._commits = commits
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._patient = ThreadPoolExecutor(1, thread_name_prefix="prepare-later", initializer=step_back)
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._waiting = 0
        self._preparing = 0
        self._later = 0
        self._starved_s = 0.0
        self.refused_total = 0
        self.ignored_total = 0
        self.closed = False

    def warm(self, projects: Sequence[Project]) -> None:
        """Make the projects' screens beside the start; compiling them would cost the first delivery half a second."""
        self._thread.submit(lambda: [self._runtimes.of(project) for project in projects])

    def submit(self, delivery: Delivery) -> "Future[Ack]":
        """Take a delivery (see ``Intake.submit``)."""
        size = len(delivery.body)
        done = self._enter(size)
        if delivery.patient:
            self._submit_patient(delivery, done)
            return done
        with self._lock:
            alone = not self._preparing
            self._preparing += 1
        if self._waiting_bytes > _PILE_BYTES:
            self.workers.want()
        shares = self._shares(delivery) if alone else 1
        gathering = _Gathering(shares, lambda batch: self._take(batch, done), lambda error: self._fail(error, done))
        for number in range(shares - 1, -1, -1):
            share = Share(number, shares)
            # The first of several shares is for the thread here, which would be idle else.
            here = number == 0 if shares > 1 else size < _SMALL_BYTES
            if here or not self._give(delivery, share, gathering):
                self._do(self._thread, self._prepare, delivery, share, gathering)
        return done

    def score(self, project: Project, score: Score, *, content: bytes, door: bytes) -> "Future[Ack]":
        """Keep a rating, validation or evaluation. ``content`` is the digest of its bytes as sent."""
        runtime = self._runtimes.of(project)
        return self._put([prepare_score(score, runtime, content=content, door=door)])

    def media(self, project: Project, media: Media) -> "Future[Ack]":
        """Keep the bytes of an image, a sound or a document, with the trace that it belongs to.

        Raises:
            Rejected: 413, it is larger than ``MEDIA_BYTES``.
            Pushback: no room; nothing was kept.
        """
        if len(media.data) > MEDIA_BYTES:
            raise Rejected(f"A medium is larger than {MEDIA_BYTES} bytes.", status=413)
        runtime = self._runtimes.of(project)
        done = self._enter(MEDIA_COPIES * len(media.data))

        def keep() -> None:
            try:
                self._commits.put(Batch(items=[prepare_media(media, runtime)]), done)
            except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it
                done.set_exception(Unavailable(f"the medium could not be prepared ({type(error).__name__})"))

        try:
            self._thread.submit(keep)
        except RuntimeError:  # closed since the check
            done.set_exception(_stopping())
        return done

    def append(self, project: Project, kind: str, value: Any, *, about: str, **entry: Any) -> "Future[Ack]":
        """Keep a record of the server's own: an access, an erasure, a heartbeat.

        ``value`` (msgpack-able, None for none) is its sealed content, ``about`` names whose partition holds it, and
        ``entry`` are further fields of ``ledger.entry.Entry``.
        """
        runtime = self._runtimes.of(project)
        return self._put([prepare_event(kind, value, runtime, about=about, **entry)])

    def exclusively(self, run: Callable[[], Any]) -> "Future[Any]":
        """Run something between two transactions of the commit thread."""
        return self._commits.exclusively(run)

    @property
    def waiting(self) -> int:
        """Deliveries taken and not yet acknowledged."""
        return self._waiting

    def close(self) -> None:
        """Refuse what comes, finish what was taken."""
        self.closed = True
        self.workers.stop()
        self.patient_workers.stop()
        self._thread.shutdown(wait=True)
        self._patient.shutdown(wait=True)
        self._commits.stop()

    def _put(self, items: list[Item]) -> "Future[Ack]":
        if self.closed:
            raise _stopping()
        done: Future[Ack] = Future()
        self._commits.put(Batch(items=items), done)
        return done

    def _shares(self, delivery: Delivery) -> int:
        if not self.workers.ready or not is_divisible(delivery.signal, delivery.media):
            return 1
        return max(1, min(self.workers.count + 1, len(delivery.body) // _SHARE_BYTES))

    def _enter(self, size: int) -> "Future[Ack]":
        """Take in ``size`` bytes until the future returned is done; raises ``Pushback`` when there is no room."""
        with self._lock:
            if self.closed or self._waiting >= INFLIGHT_REQUESTS or self._waiting_bytes + size > INFLIGHT_BYTES:
                self.refused_total += 1
                raise Pushback("more waits to be written than the server may hold", hint="Send again.", retry_after_s=1)
            self._waiting += 1
            self._waiting_bytes += size
        done: Future[Ack] = Future()
        done.add_done_callback(lambda _: self._release(size))
        return done

    def _release(self, size: int) -> None:
        with self._lock:
            self._waiting -= 1
            self._waiting_bytes -= size

    def _prepare(self, delivery: Delivery, share: Share, gathering: "_Gathering") -> None:
        try:
            batch = prepare(delivery, self._runtimes.of(delivery.project), self._clock.now_us(), share)
        except OnrecordError as error:
            gathering.fail(error)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it
            gathering.fail(Unavailable(f"the delivery could not be prepared ({type(error).__name__})"))
        else:
            gathering.take(share.number, batch)

    def _take(self, batch: Batch, done: "Future[Ack]") -> None:
        self._prepared()
        self.ignored_total += batch.ignored
        self._commits.put(batch, done)

    def _fail(self, error: Exception, done: "Future[Ack]") -> None:
        self._prepared()
        done.set_exception(error)

    def _prepared(self) -> None:
        with self._lock:
            self._preparing -= 1

    def _submit_patient(self, delivery: Delivery, done: "Future[Ack]") -> None:
        """Prepare a delivery that nobody waits for, where it takes least from those who are waited for."""
        with self._lock:
            self._later += 1
            piling = self._later > 1 and len(delivery.body) > _SHARE_BYTES
        done.add_done_callback(self._later_done)
        if piling:
            self.patient_workers.want()
        gathering = _Gathering(1, lambda batch: self._commits.put(batch, done), done.set_exception)
        self._do(self._patient, self._prepare_later, delivery, WHOLE, gathering)

    def _later_done(self, _: object) -> None:
        with self._lock:
            self._later -= 1

    def _prepare_later(self, delivery: Delivery, share: Share, gathering: "_Gathering") -> None:
        """Have the patient worker do it, or do it here: when there is none, it failed, or no core was ever idle."""
        answered: Future[Batch | Exception | None] = Future()
        large = len(delivery.body) >= _SMALL_BYTES and time.monotonic() > self._starved_s
        if large and self._ask(self.patient_workers, delivery, share, answered.set_result, answered.set_result):
            try:
                answer = answered.result(_STARVED_S)
            except TimeoutError:
                self._starved_s = time.monotonic() + _RECOVER_S
                answer = None
            if isinstance(answer, Batch):
                gathering.take(share.number, answer)
                return
            if answer is not None:
                gathering.fail(answer)
                return
        self._prepare(delivery, share, gathering)

    def _do(
        self, thread: ThreadPoolExecutor, how: "_Preparing", delivery: Delivery, share: Share, gathering: "_Gathering"
    ) -> None:
        try:
            thread.submit(how, delivery, share, gathering)
        except RuntimeError:  # closed since the check
            gathering.fail(_stopping())

    def _give(self, delivery: Delivery, share: Share, gathering: "_Gathering") -> bool:
        """Give a share to a worker process, if there is one; what it can not do is done here."""

        def failed(error: Exception | None) -> None:
            if error is not None:
                gathering.fail(error)
            else:
                self._prepare(delivery, share, gathering)

        return self._ask(self.workers, delivery, share, lambda batch: gathering.take(share.number, batch), failed)

    def _ask(
        self,
        workers: Workers,
        delivery: Delivery,
        share: Share,
        taken: Callable[[Batch], None],
        failed: Callable[[Exception | None], None],
    ) -> bool:
        if not workers.ready:
            return False
        runtime = self._runtimes.of(delivery.project)
        task = Task(delivery, runtime.pseudonym_key, runtime.locator_key, self._clock.now_us(), share)
        return workers.give(task, taken, failed)


class _Gathering:
    """The shares of one delivery: handed on in order once all are there, or failed at the first that fails."""

    def __init__(self, shares: int, taken: Callable[[Batch], None], failed: Callable[[Exception], None]) -> None:
        self._batches: list[Batch | None] = [None] * shares
        self._taken = taken
        self._failed = failed
        self._lock = threading.Lock()
        self._over = False

    def take(self, number: int, batch: Batch) -> None:
        """A share is prepared."""
        with self._lock:
            self._batches[number] = batch
            there = [each for each in self._batches if each is not None]
            if self._over or len(there) < len(self._batches):
                return
            self._over = True
        self._taken(there[0] if len(there) == 1 else Batch.joined(there))

    def fail(self, error: Exception) -> None:
        """A share can not be prepared, so nothing of the delivery is kept."""
        with self._lock:
            if self._over:
                return
            self._over = True
        self._failed(error)


def _stopping() -> Pushback:
    return Pushback("the server is stopping", hint="Send again.", retry_after_s=1)
