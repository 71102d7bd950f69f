"""Clients that send without a pause from several threads, and remember what the server acknowledged."""

import http.client
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.reader import Reader
from tests.e2e.server import START_SECONDS
from tests.recorded import span

THREADS = 4
SPANS = 25
"""In one request."""


class Load:
    """Batches of spans with ids that never come twice, but in a batch that is sent again until it is acknowledged."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._unsure: deque[int] = deque()
        self._batches = 0
        self.acknowledged: set[int] = set()

    @property
    def sent(self) -> int:
        """Spans that were sent at least once."""
        return self._batches * SPANS

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send from several threads meanwhile; each ends when the server is gone."""
        threads = [threading.Thread(target=self._send_all) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        yield
        for thread in threads:
            thread.join(60)

    def await_more(self) -> None:
        """Wait until something more is acknowledged."""
        before, end = len(self.acknowledged), time.monotonic() + START_SECONDS
        while len(self.acknowledged) == before:
            assert time.monotonic() < end, self._reader.server.said()
            time.sleep(0.01)

    def _send_all(self) -> None:
        while True:
            batch = self._next()
            try:
                answer = self._reader.server.export(body(batch), x_api_key=self._reader.key)
            except (OSError, http.client.HTTPException):
                answer = None
            with self._lock:
                if answer is not None and answer.status == 200:
                    self.acknowledged.update(ids(batch))
                else:
                    self._unsure.append(batch)
            if answer is None:
                return

    def _next(self) -> int:
        with self._lock:
            if self._unsure:
                return self._unsure.popleft()
            self._batches += 1
            return self._batches


def ids(batch: int) -> range:
    """Span ids of a batch, as numbers."""
    return range(batch * SPANS, (batch + 1) * SPANS)


def body(batch: int) -> bytes:
    """An OTLP request with the spans of a batch, in one trace."""
    whole = ExportTraceServiceRequest()
    for number in ids(batch):
        whole.MergeFrom(span(number, trace=batch, session=f"s{batch % 3}", answer=f"answer {number}"))
    return whole.SerializeToString()


def kept(reader: Reader) -> Counter[int]:
    """How often the query API shows each span, over all pages."""
    found: Counter[int] = Counter()
    after = ""
    while True:
        page = reader.get("/spans", limit=500, **({"after": after} if after else {}))
        found.update(int(row["span_id"], 16) for row in page["rows"])
        after = page["next"]
        if not after:
            return found
