"""The edge: what holds for every answer, whoever made it.

Security headers (an answer may set a stricter value, never none), one access log line without query string and without
anything that a client wrote but the path's known part, and one place where a fault that nobody foresaw becomes a 500.
Such a fault is logged by its type and place only: an exception's words may hold a payload.
"""

import logging
import time
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecord.errors import where

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    b"cache-control": b"no-store",
}
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_QUIET: Final = (
    "/v1/", "/gateway/", "/health", "/metrics", "/static/",
    "/api/public/otel/", "/api/public/ingestion", "/api/public/scores",
)  # fmt: skip
"""Paths whose successes are counted, not logged: they are many and say nothing."""

_access = logging.getLogger("onrecord.access")
_fault = logging.getLogger("onrecord.server")


class Edge:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun_s = time.perf_counter()
        status = 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _guard(message, secure=scope["scheme"] == "https")
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:  # noqa: BLE001 - the last place that can answer
            _fault.error("A fault that nobody foresaw: %s", where(error))
            if status:  # half an answer is out: cut it off, so that nobody takes it for a whole one
                raise ConnectionAbortedError from None
            await _fault_answer(scope, receive, send_guarded)
        finally:
            path = scope["path"]
            if status >= 400 or not path.startswith(_QUIET):  # noqa: PLR2004
                took_ms = (time.perf_counter() - begun_s) * 1000
                _access.info("%s %s %d %.1f ms", scope["method"], _shown(scope), status, took_ms)


def _guard(message: Message, *, secure: bool) -> None:
    headers = message.setdefault("headers", [])
    present = {name.lower() for name, _ in headers}
    headers.extend((name, value) for name, value in _HEADERS.items() if name not in present)
    if secure:
        headers.append(_HSTS)


def _shown(scope: Scope) -> str:
    """The route's own words when one matched, else nothing of the path: a path that nobody serves may hold anything."""
    route = scope.get("route")
    return getattr(route, "path", "(no such path)") if route is not None else "(no such path)"


async def _fault_answer(scope: Scope, receive: Receive, send: Send) -> None:
    problem = {
        "type": "about:blank",
        "title": "Internal error",
        "status": 500,
        "detail": "The server met a fault that nobody foresaw; its log says where.",
    }
    await JSONResponse(problem, 500, media_type="application/problem+json")(scope, receive, send)
