"""An upstream that takes its time: it says when it was called, and answers when it may."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = b'{"id":"c","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"late"},"finish_reason":"stop"}]}'  # noqa: E501


class Slow(ThreadingHTTPServer):
    """The upstream."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.called = threading.Event()
        self.may_answer = threading.Event()
        self.calls = 0

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever calls us may be killed."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Slow

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.calls += 1
        self.server.called.set()
        self.server.may_answer.wait(30)
        with contextlib.suppress(OSError):  # the gateway may have ended
            self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)


@contextmanager
def slow() -> Iterator[Slow]:
    """A running one."""
    server = Slow()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.may_answer.set()
        server.shutdown()
        server.server_close()
        thread.join()
