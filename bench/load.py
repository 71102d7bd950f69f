"""Sending a workload to a server under test, and what its clients see."""

import contextlib
import http.client
import queue
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

HEADERS = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}


@dataclass
class Sent:
    """What became of a run."""

    spans: int = 0
    seconds: float = 0.0
    ack_s: list[float] = field(default_factory=list)
    refused: int = 0

    def ack_ms(self, quantile: float) -> float:
        """A quantile of the time from sending a request to its acknowledgement."""
        return quantile_of(self.ack_s, quantile) * 1_000


def quantile_of(values: Sequence[float], quantile: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))] if ordered else float("nan")


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def send(
    url: str,
    requests: Sequence[tuple[bytes, int]],
    *,
    connections: int = 4,
    spans_per_s: float = 0,
    headers: dict[str, str] | None = None,
) -> Sent:
    """Send requests over so many connections: as fast as answers come, or at a rate that does not wait for them."""
    sent = Sent()
    waiting: queue.SimpleQueue[tuple[float, bytes, int] | None] = queue.SimpleQueue()
    lock = threading.Lock()
    threads = [
        threading.Thread(target=_work, args=(url, HEADERS | (headers or {}), waiting, sent, lock))
        for _ in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    due = began
    for body, spans in requests:
        if spans_per_s:
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.put((due, body, spans))
            due += spans / spans_per_s
        else:
            while waiting.qsize() > connections:
                time.sleep(0.0005)
            waiting.put((0.0, body, spans))
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    sent.seconds = time.perf_counter() - began
    return sent


def _work(
    url: str,
    headers: dict[str, str],
    waiting: "queue.SimpleQueue[tuple[float, bytes, int] | None]",
    sent: Sent,
    lock: threading.Lock,
) -> None:
    """One connection: send what waits, again when it is refused."""
    place = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=120)) as connection:
        while (one := waiting.get()) is not None:
            due, body, spans = one
            due = due or time.perf_counter()
            while _ask(connection, place.path, body, headers) != 200:
                with lock:
                    sent.refused += 1
                time.sleep(0.2)
            with lock:
                sent.spans += spans
                sent.ack_s.append(time.perf_counter() - due)


def _ask(connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", path or "/v1/traces", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status
