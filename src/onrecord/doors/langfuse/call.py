"""One call of a Langfuse client: who calls, what was sent, and answers in the shape that its SDKs read.

The right is settled before a byte of the body is read. Handlers are plain functions that run in a worker thread and
return a value for JSON, or a response; every known error becomes Langfuse's own error body.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.control.caller import Caller
from onrecord.doors.port import Desk
from onrecord.errors import Denied, Missing, OnrecordError, Pushback, Rejected
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.receive.auth import authenticate, presented_key

BASE: Final = "/api/public"
OPEN, WRITE, LIBRARY, READ = "open", "write", "library", "read"
"""Rights: none; writing records; the application's own configuration, for keys that write or read; reading records."""
_WAIT_S: Final = 30
_PURPOSE: Final = "A Langfuse client reads what its key may see"
_NAMES: Final = {
    400: "InvalidRequestError", 401: "UnauthorizedError", 403: "ForbiddenError", 404: "LangfuseNotFoundError",
    413: "PayloadTooLargeError", 501: "NotImplementedError",
}  # fmt: skip
_JSON: Final = "application/json"
_UNAUTHORISED, _BUSY = 401, 503


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request whose caller is known."""

    desk: Desk
    request: Request
    known: Project | None = None
    caller: Caller | None = None
    raw: bytes = b""

    @property
    def project(self) -> Project:
        """The project of the key."""
        assert self.known is not None, "a route without a right has no project"
        return self.known

    def path(self, name: str) -> Any:
        """A piece of the address."""
        return self.request.path_params[name]

    def asked(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return self.request.query_params.get(name, default)

    def number(self, name: str, default: int, most: int) -> int:
        """A query parameter that is a number from 1 on.

        Raises:
            Rejected: it is none.
        """
        text = self.asked(name) or str(default)
        if not text.isdecimal() or len(text) > 9 or not int(text):  # noqa: PLR2004
            raise Rejected(f"The parameter '{name}' is a number from 1 on.")
        return min(int(text), most)

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent.

        Raises:
            Rejected: something else was.
        """
        try:
            sent = orjson.loads(self.raw)
        except ValueError:
            raise Rejected("The body is not JSON.") from None
        if not isinstance(sent, dict):
            raise Rejected("The body is not a JSON object.")
        return sent

    def access(self) -> Access:
        """The right to read, at the most that the key opens; exact reads are recorded with a purpose.

        Raises:
            Denied: the key may not read records.
        """
        if self.caller is None:
            raise Denied("This key may not read records.", hint="Make one with `onrecord keys create --scope read`.")
        level = self.caller.roles[self.project.id].level
        purpose = _PURPOSE if level is Level.EXACT else ""
        return self.caller.access(self.project.id, level=level, purpose=purpose)

    def note(self, kind: str, value: Any, about: str) -> None:
        """Put something that the server did on the record; durable when this returns."""
        self.desk.pipeline.append(self.project, kind, value, about=about).result(_WAIT_S)


Handler = Callable[[Call], Any]
Endpoint = Callable[[Request], Awaitable[Response]]


def route(desk: Desk, path: str, right: str, **handlers: Handler) -> Route:
    """A route below the public API; ``handlers`` by method."""

    async def take(request: Request) -> Response:
        known, caller = authorised(desk, request, right)
        handler = handlers[request.method if request.method != "HEAD" else "GET"]
        call = Call(desk=desk, request=request, known=known, caller=caller)
        if request.method in ("GET", "HEAD", "DELETE"):
            return answer(await run_in_threadpool(handler, call))
        async with desk.bodies.plain(request, "langfuse") as plain:
            return answer(await run_in_threadpool(handler, msgspec.structs.replace(call, raw=plain)))

    return Route(BASE + path, guarded(take), methods=list(handlers))


def guarded(endpoint: Endpoint) -> Endpoint:
    """The endpoint with every known error as Langfuse tells errors."""

    async def guard(request: Request) -> Response:
        try:
            return await endpoint(request)
        except OnrecordError as error:
            return failure(error)

    return guard


def answer(value: Any, status: int = 200) -> Response:
    """A value as JSON; a response stays as it is."""
    return value if isinstance(value, Response) else Response(orjson.dumps(value), status, media_type=_JSON)


def failure(error: OnrecordError) -> Response:
    """An error in Langfuse's shape, with what to do next."""
    body = {"message": f"{error.message} {error.hint}".strip(), "error": _NAMES.get(error.status, "Error")}
    headers = {}
    if isinstance(error, Pushback):
        headers["retry-after"] = str(error.retry_after_s)
    elif error.status == _BUSY:
        headers["retry-after"] = "5"
    return Response(orjson.dumps(body), error.status, headers, _JSON)


def not_here(_: Call) -> Response:
    """What this server does not do, said plainly."""
    body = {"message": "onrecord does not serve this part of Langfuse's API.", "error": _NAMES[501]}
    return answer(body, 501)


def authorised(desk: Desk, request: Request, right: str) -> tuple[Project | None, Caller | None]:
    """The project and, when its key reads, the caller.

    Raises:
        Denied: 401 the key is not known, 403 it has not the right.
    """
    if right == OPEN:
        return None, None
    peer = request.client.host if request.client else ""
    if right == WRITE:
        return authenticate(desk.keyring, peer, request.headers), None
    key = presented_key(request.headers)
    caller: Caller | None = None
    if key:
        try:
            caller = desk.keyring.reader(key)
        except Denied as denied:
            if right == READ or denied.status == _UNAUTHORISED:
                raise
    elif right == READ:
        raise Denied("Reading needs an API key.", hint="Set the public and the secret key.", status=_UNAUTHORISED)
    if caller is not None:
        return caller.projects[0], caller
    return authenticate(desk.keyring, peer, request.headers), None


def found(document: Any, what: str) -> Any:
    """The document; raises ``Missing`` when there is none."""
    if document is None:
        raise Missing(f"There is no such {what}.")
    return document
