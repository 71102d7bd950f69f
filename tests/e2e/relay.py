"""A wire between a client and a server that can be cut: before a request arrives, or after it was answered."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Relay(ThreadingHTTPServer):
    """Passes requests on, as long as it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = ""
        self.lose_answers = False
        """Pass requests on, but cut the wire before the answer."""
        self.lost = threading.Event()
        """An answer was lost."""
        self.answer: tuple[int, dict[str, str]] | None = None
        """Answer with this instead of passing on."""
        self.answering = threading.Event()
        """Cleared, every request waits for its answer."""
        self.answering.set()
        self.requests = 0

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is killed cuts its wire: that is what is tested."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Relay

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        relay = self.server
        relay.requests += 1
        relay.answering.wait()
        if relay.answer is not None:
            status, headers = relay.answer
            self._reply(status, headers, b"{}")
            return
        place = urlsplit(relay.upstream)
        try:
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            said = answer.read()
            connection.close()
        except OSError:
            self.close_connection = True
            return
        if relay.lose_answers:
            relay.lost.set()
            self.close_connection = True
            return
        kept = {"content-type": answer.headers["content-type"] or "application/json"}
        self._reply(answer.status, kept, said)

    def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server calls
        """Say nothing."""


@contextmanager
def relaying() -> Iterator[Relay]:
    """A running relay."""
    relay = Relay()
    thread = threading.Thread(target=relay.serve_forever, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.answering.set()
        relay.shutdown()
        thread.join()
        relay.server_close()
