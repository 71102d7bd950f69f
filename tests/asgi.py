"""One request to an ASGI application, without a socket: what the unit tests of every HTTP layer use."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: ASGIApp,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | Sequence[bytes] = b"",
    peer: str = "127.0.0.1",
) -> Answer:
    """Send one request and wait for the whole answer; a sequence of bodies is a chunked one."""
    return asyncio.run(ask_async(app, method, target, headers=headers, body=body, peer=peer))


async def ask_async(
    app: ASGIApp,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | Sequence[bytes] = b"",
    peer: str = "127.0.0.1",
) -> Answer:
    pieces = [body] if isinstance(body, bytes) else list(body)
    sent = {"host": "localhost:4318"} | dict(headers or {})
    if isinstance(body, bytes) and body and "content-length" not in sent:
        sent["content-length"] = str(len(body))
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "client": (peer, 50_000) if peer else None,
        "server": ("localhost", 4318),
    }
    messages: list[Message] = []

    async def receive() -> Message:
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        await asyncio.Event().wait()  # the client waits for its answer
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start = messages[0]
    return Answer(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in messages[1:]),
    )
