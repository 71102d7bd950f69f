"""A model provider on loopback that says the words of ``plot`` in the OpenAI and Anthropic wire formats.

It remembers each exchange (request, whole reply, status), which is the truth that captured spans are measured
against. Standard library only; one thread per connection; stops with its context.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.compat import fake_anthropic, fake_openai
from tests.compat.plot import Reply

Json = dict[str, Any]
FIRST_TOKEN_DELAY_S = 0.02

_APIS = {
    "/v1/chat/completions": (fake_openai.chat_reply, fake_openai.chat, fake_openai.chat_stream, fake_openai.error),
    "/v1/responses": (
        fake_openai.responses_reply,
        fake_openai.responses,
        fake_openai.responses_stream,
        fake_openai.error,
    ),
    "/v1/messages": (
        fake_anthropic.messages_reply,
        fake_anthropic.messages,
        fake_anthropic.messages_stream,
        fake_anthropic.error,
    ),
}


class FakeProvider(ThreadingHTTPServer):
    """The server and its memory of what was said."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.exchanges: list[Json] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Base address without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def remember(self, path: str, request: Json) -> Json:
        """Note a request; its number is its place in the list plus one."""
        with self._lock:
            exchange: Json = {"path": path, "number": len(self.exchanges) + 1, "request": request}
            self.exchanges.append(exchange)
        return exchange


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeProvider

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer one request."""
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        path = self.path.split("?")[0]
        exchange = self.server.remember(path, request)
        if path == "/v1/embeddings":
            exchange["response"] = fake_openai.embeddings(request)
            self._send(200, exchange["response"])
            return
        read, whole, stream, error = _APIS[path]
        reply: Reply = read(request)
        if reply.status != 200:
            exchange |= {"status": reply.status, "response": error(reply.status)}
            self._send(reply.status, exchange["response"])
            return
        exchange["response"] = whole(request, reply, exchange["number"])
        if request.get("stream"):
            self._stream(stream(request, reply, exchange["number"]), named=path != "/v1/chat/completions")
        else:
            self._send(200, exchange["response"])

    def _send(self, status: int, body: Json) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(encoded)))
        self.send_header("x-request-id", "req_fake")
        self.end_headers()
        self.wfile.write(encoded)

    def _stream(self, events: Iterator[tuple[str, Json]], *, named: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        time.sleep(FIRST_TOKEN_DELAY_S)
        for name, event in events:
            head = f"event: {name}\n" if named else ""
            self.wfile.write(f"{head}data: {json.dumps(event)}\n\n".encode())
        if not named:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """A running provider on a port of the system's choice."""
    server = FakeProvider()
    thread = threading.Thread(target=server.serve_forever, name="fake-provider", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
