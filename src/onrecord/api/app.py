"""The routes of ``/api/v1``: identify, read, ask, answer. Questions run in worker threads, never on the event loop.

Answers are never cached: they hold content, or say how much there is of it. Only the description of the API and files
of proofs have entity tags.
"""

import hashlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.api import problem
from onrecord.api.openapi import document
from onrecord.api.operation import JSON, Operation
from onrecord.api.port import Services
from onrecord.api.reading import read_question
from onrecord.api.scores import CORS, post_score
from onrecord.api.sql import post_sql
from onrecord.api.table import OPERATIONS
from onrecord.errors import Missing, Rejected

PREFIX: Final = "/api/v1"
_NO_STORE: Final = {"cache-control": "no-store"}
Endpoint = Callable[[Request], Awaitable[Response]]
_encoder: Final = msgspec.json.Encoder()


def routes(services: Services) -> list[Route]:
    """Every route of the API; the last one answers what no other does."""
    made = [
        Route(PREFIX + one.path, _endpoint(one, services), methods=[one.method], name=one.name) for one in OPERATIONS
    ]
    paths = {one.path for one in OPERATIONS} | {"/scores", "/sql", "/openapi.json"}

    async def keep_score(request: Request) -> Response:
        return Response(_encoder.encode(await post_score(request, services)), 201, _NO_STORE, JSON)

    async def run_sql(request: Request) -> Response:
        return await post_sql(request, services)

    async def allow_score(request: Request) -> Response:  # noqa: ARG001 - an endpoint takes a request
        return Response(status_code=204)

    async def describe(request: Request) -> Response:
        return _tagged(request, _described(), JSON)

    async def refuse(request: Request) -> Response:
        raise _no_route(request, paths)

    return [
        *made,
        Route(f"{PREFIX}/scores", _anywhere(_guarded(keep_score)), methods=["POST"], name="addScore"),
        Route(f"{PREFIX}/scores", _anywhere(_guarded(allow_score)), methods=["OPTIONS"]),
        Route(f"{PREFIX}/sql", _guarded(run_sql), methods=["POST"], name="runSql"),
        Route(f"{PREFIX}/openapi.json", _guarded(describe), methods=["GET"], name="describe"),
        Route(f"{PREFIX}/{{rest:path}}", _guarded(refuse), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def _endpoint(operation: Operation, services: Services) -> Endpoint:
    def answer(request: Request) -> Any:
        caller = services.gate.identify(request)
        return operation.handler(read_question(request, operation, services, caller))

    async def endpoint(request: Request) -> Response:
        found = await run_in_threadpool(answer, request)
        if operation.result is bytes:
            return _tagged(request, found, operation.media_type)
        return Response(_encoder.encode(found), 200, _NO_STORE, JSON)

    return _guarded(endpoint)


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer says nothing of a payload
            return problem.respond(error)

    return guarded


def _anywhere(endpoint: Endpoint) -> Endpoint:
    """An endpoint that pages of any site may call, refusals included, so that their console says what is wrong."""

    async def open_endpoint(request: Request) -> Response:
        answer = await endpoint(request)
        answer.headers.update(CORS)
        return answer

    return open_endpoint


def _tagged(request: Request, body: bytes, media_type: str) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match", "") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type)


@lru_cache(maxsize=1)
def _described() -> bytes:
    return _encoder.encode(document())


def _no_route(request: Request, paths: set[str]) -> Exception:
    rest = "/" + str(request.path_params["rest"])
    if rest in paths:
        return Rejected("This address does not take this method.", status=405)
    return Missing("There is no such address in the API.", hint=f"They are listed in {PREFIX}/openapi.json.")
