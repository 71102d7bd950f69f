"""What the application hands over: a bounded queue in memory, and the thread that numbers it into the spool.

Handing over is a lock, a count and an append. Everything else happens in the thread: mask, encode, number, seal, write.
Numbers are given in order, one to each record, also to one that is dropped, so that whatever does not arrive is a gap;
a drop that is known here is declared, and then is a declared one.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import zstandard

from onrecord.limits import (
    CLIENT_BATCH_BYTES,
    CLIENT_BATCH_RECORDS,
    CLIENT_GATHER_S,
    CLIENT_QUEUE_BYTES,
    CLIENT_QUEUE_RECORDS,
    CLIENT_RECORD_BYTES,
    CLIENT_SAMPLING_S,
)
from onrecord.sdk.counter import Counter
from onrecord.sdk.declare import Declarations
from onrecord.sdk.mask import Mask
from onrecord.sdk.otlp import PRODUCER, Judgement, Said, logs_body, score_json, span_json, traces_body
from onrecord.sdk.outbox import Outbox
from onrecord.sdk.spool import Spool

_log = logging.getLogger(__name__)
_SLICE_S: Final = 0.0003
"""How long the thread works before it lets others run: the interpreter's own turn would be 5 ms."""
_IDLE_S: Final = 1.0
Group = tuple[Mapping[str, Any], tuple[str, str], list[bytes]]
"""Resource, scope and encoded spans."""


class Intake:
    """Takes records from any thread of the application; never waits, never raises."""

    def __init__(
        self, spool: Spool, mask: Mask, *, resource: Mapping[str, str], scope: tuple[str, str], sample_rate: float
    ) -> None:
        """``resource`` are attributes that win over those of OpenTelemetry's resource."""
        self._spool = spool
        self._counter: Counter
        self._mask = mask
        self._resource = resource
        self._scope = scope
        self._packer = zstandard.ZstdCompressor(level=3)
        self._lock = threading.Lock()
        self._queue: deque[Said | Judgement] = deque()
        self._wake = threading.Event()
        self._written = threading.Condition()
        self._asked = 0
        self._answered = 0
        self._overflow = 0
        self._weight = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._declared_at = time.monotonic()
        self.declarations = Declarations(spool, scope, sample_rate)
        self.on_started: Callable[[], None] = lambda: None
        """Called with the first record."""
        self.on_written: Callable[[], None] = lambda: None
        """Called when there is something to send."""
        self.away: Callable[[], bool] = lambda: False
        """Whether the server does not answer: what is written now must last."""

    # --- in the application's threads -------------------------------------------------------------------------

    def take(self, record: Said | Judgement) -> None:
        """Take a record; beyond the bound of the queue it is counted and dropped."""
        if self._thread is None:
            self._start()
        with self._lock:
            self._counter.given += 1
            if len(self._queue) >= CLIENT_QUEUE_RECORDS or self._weight > CLIENT_QUEUE_BYTES:
                self._overflow += 1
                return
            self._queue.append(record)
            self._weight += record.weight
        if not self._wake.is_set():
            self._wake.set()

    def leave_out(self) -> None:
        """Count a record that the sample rate leaves out."""
        if self._thread is None:
            self._start()
        with self._lock:
            self._counter.sampled += 1

    def write(self, timeout_s: float) -> bool:
        """Write everything taken so far; whether that was done in time."""
        with self._lock:
            if self._thread is None:
                return True
            self._asked += 1
            mine = self._asked
        self._wake.set()
        with self._written:
            return self._written.wait_for(lambda: self._answered >= mine, timeout_s)

    def stop(self, timeout_s: float) -> None:
        """Write what was taken and declare what is left to declare; then end."""
        self._stopping = True
        self._wake.set()
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    @property
    def waiting(self) -> int:
        """Records in memory."""
        return len(self._queue)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._counter = self._spool.own.counter
                self._thread = threading.Thread(target=self._run, name="onrecord-spool", daemon=True)
                self._thread.start()
                self.on_started()

    # --- in its own thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._wake.wait(_IDLE_S)
            stopping = self._stopping
            if self._wake.is_set() and self._asked == self._answered and not stopping:
                time.sleep(CLIENT_GATHER_S)
            self._wake.clear()
            asked = self._asked
            try:
                self._write_all(stopping=stopping)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a record holds
                _log.error("the spool met a fault (%s)", type(error).__name__)
            with self._written:
                self._answered = max(self._answered, asked)
                self._written.notify_all()
            if stopping:
                return

    def _write_all(self, *, stopping: bool) -> None:
        outbox = self._spool.own
        wrote = False
        while self._queue or self._overflow:
            self._write_some(outbox)
            wrote = True
        now = time.monotonic()
        if stopping or self._asked > self._answered or now - self._declared_at > CLIENT_SAMPLING_S:
            self._declared_at = now
            self.declarations.sampled(outbox)
        if self.declarations.write(outbox, self._packer) or wrote:
            self.on_written()

    def _write_some(self, outbox: Outbox) -> None:
        """Encode, number and keep one batch of each signal."""
        with self._lock:
            taken = [self._queue.popleft() for _ in range(min(len(self._queue), CLIENT_BATCH_RECORDS))]
            self._weight -= sum([one.weight for one in taken])
            overflow, self._overflow = self._overflow, 0
        spans = [one for one in taken if isinstance(one, Said)]
        scores = [one for one in taken if isinstance(one, Judgement)]
        if spans:
            self._write_spans(outbox, spans)
        if scores:
            self._write_scores(outbox, scores)
        if overflow:
            self.declarations.dropped(outbox, overflow, "queue_full")

    def _write_spans(self, outbox: Outbox, spans: list[Said]) -> None:
        """Encode and keep spans, those of one resource and scope together: numbers rise in the order of the body."""
        groups: list[Group] = []
        key: tuple[int, str, str] = (0, "", "")
        count = size = bad = 0
        began = time.perf_counter()
        for said in sorted(spans, key=_group_of):
            encoded = self._encoded(span_json, said, outbox.numbered + count + 1)
            if not encoded:
                bad += 1
                continue
            if not groups or key != _group_of(said):
                key = _group_of(said)
                resource = {**said.span.resource.attributes, **self._resource, PRODUCER: outbox.producer}
                groups.append((resource, (key[1], key[2]), []))
            groups[-1][2].append(encoded)
            count += 1
            size += len(encoded)
            if size > CLIENT_BATCH_BYTES:
                self._keep(outbox, "traces", count, traces_body(groups))
                groups, count, size = [], 0, 0
            if time.perf_counter() - began > _SLICE_S and len(self._queue) < CLIENT_QUEUE_RECORDS // 2:
                time.sleep(0)
                began = time.perf_counter()
        if count:
            self._keep(outbox, "traces", count, traces_body(groups))
        if bad:
            self.declarations.dropped(outbox, bad, "too_large")

    def _write_scores(self, outbox: Outbox, scores: list[Judgement]) -> None:
        encoded: list[bytes] = []
        for one in scores:
            score = self._encoded(score_json, one, outbox.numbered + len(encoded) + 1)
            if score:
                encoded.append(score)
        if encoded:
            body = logs_body({**self._resource, PRODUCER: outbox.producer}, self._scope, encoded)
            self._keep(outbox, "logs", len(encoded), body)
        if len(encoded) < len(scores):
            self.declarations.dropped(outbox, len(scores) - len(encoded), "too_large")

    def _encoded(self, encode: Callable[[Any, int, Mask], bytes], record: Said | Judgement, number: int) -> bytes:
        """An encoded record; nothing when it can not be encoded or is too large."""
        try:
            encoded = encode(record, number, self._mask)
        except Exception as error:  # noqa: BLE001 - one record's fault is its own
            _log.error("a record can not be encoded (%s); it is declared as dropped", type(error).__name__)
            return b""
        return encoded if len(encoded) <= CLIENT_RECORD_BYTES else b""

    def _keep(self, outbox: Outbox, signal: str, count: int, body: bytes) -> None:
        batch = self.declarations.batch(outbox, signal, count)
        if self._spool.put(outbox, batch, self._packer.compress(body), durable=self.away()):
            outbox.settle(batch.last)
        else:
            self.declarations.dropped(outbox, count, "spool_full")


def _group_of(said: Said) -> tuple[int, str, str]:
    """What spans that stand together in a body have in common."""
    scope = said.span.instrumentation_scope
    return (id(said.span.resource), (scope.name or "") if scope else "", (scope.version or "") if scope else "")
