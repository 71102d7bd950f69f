"""A model provider on loopback that says the words of ``plot`` in the OpenAI, Anthropic and Gemini wire formats.

It remembers each exchange (request, whole reply, status), which is the truth that captured spans are measured
against, and the bytes that it received and sent. Standard library only; one thread per connection; stops with its
context.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.compat import fake_anthropic, fake_gemini, fake_openai
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
    ":generateContent": (
        fake_gemini.reply,
        fake_gemini.content,
        fake_gemini.content_stream,
        fake_gemini.error,
    ),
}
_EMBEDDINGS = {"/embeddings": fake_openai.embeddings, ":batchEmbedContents": fake_gemini.embeddings}
_OPENED_BY_NAME = ("/v1/responses", "/v1/messages")
"""APIs whose stream events have names."""


def _api(path: str) -> tuple[str, bool]:
    """The API behind an address, whatever stands before it, and whether its name asks for a stream."""
    if path.endswith(":streamGenerateContent"):
        return ":generateContent", True
    return next((api for api in _APIS if path.endswith(api.removeprefix("/v1"))), ""), False


@dataclass
class Wire:
    """One exchange in bytes."""

    target: str
    headers: dict[str, str]
    received: bytes
    sent: bytearray = field(default_factory=bytearray)
    """The body of the answer, without the framing of chunks."""


class FakeProvider(ThreadingHTTPServer):
    """The server and its memory of what was said."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.exchanges: list[Json] = []
        self.wire: list[Wire] = []
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
    wire: Wire

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer one request."""
        received = self.rfile.read(int(self.headers["content-length"]))
        self.wire = Wire(self.path, {name.lower(): value for name, value in self.headers.items()}, received)
        self.server.wire.append(self.wire)
        request = json.loads(received)
        path = self.path.split("?")[0]
        exchange = self.server.remember(path, request)
        embed = next((embed for api, embed in _EMBEDDINGS.items() if path.endswith(api)), None)
        if embed is not None:
            exchange["response"] = embed(request)
            self._send(200, exchange["response"])
            return
        api, streams = _api(path)
        read, whole, stream, error = _APIS[api]
        reply: Reply = read(request)
        if reply.status != 200:
            exchange |= {"status": reply.status, "response": error(reply.status)}
            self._send(reply.status, exchange["response"])
            return
        exchange["response"] = whole(request, reply, exchange["number"])
        if streams or request.get("stream"):
            events = stream(request, reply, exchange["number"])
            self._stream(events, named=api in _OPENED_BY_NAME, done=api == "/v1/chat/completions")
        else:
            self._send(200, exchange["response"])

    def _send(self, status: int, body: Json) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(encoded)))
        self.send_header("x-request-id", "req_fake")
        self.end_headers()
        self._write(encoded)

    def _write(self, piece: bytes) -> None:
        self.wire.sent += piece
        self.wfile.write(piece)

    def _stream(self, events: Iterator[tuple[str, Json]], *, named: bool, done: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        time.sleep(FIRST_TOKEN_DELAY_S)
        for name, event in events:
            head = f"event: {name}\n" if named else ""
            self._write(f"{head}data: {json.dumps(event)}\n\n".encode())
        if done:
            self._write(b"data: [DONE]\n\n")
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
