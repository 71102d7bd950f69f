"""Who asks, what a request carries, and how a body is handed to the intake."""

import asyncio
import secrets
import uuid
from typing import Any

import orjson
from starlette.requests import Request

from onrecord import limits
from onrecord.doors.langsmith.answers import SIGNAL
from onrecord.doors.port import Desk
from onrecord.errors import Denied, Rejected
from onrecord.model.project import Project
from onrecord.normalize.values import deeper_than
from onrecord.receive.auth import authenticate, presented_key
from onrecord.receive.port import Ack, Delivery


def writer(desk: Desk, request: Request) -> Project:
    """The project that a request writes into; raises ``Denied``."""
    return authenticate(desk.keyring, request.client.host if request.client else "", request.headers)


def agent_of(request: Request) -> str:
    """How the client names itself."""
    return request.headers.get("user-agent", "")[: limits.ID_BYTES]


async def keep(desk: Desk, delivery: Delivery) -> Ack:
    """Hand a body to the intake, and count what became of it once it is durable."""
    # Shielded: a request that is cancelled must not cancel what the commit thread is about to answer.
    ack = await asyncio.shield(asyncio.wrap_future(desk.intake.submit(delivery)))
    tally = desk.bodies.tally
    tally.accepted[SIGNAL] += ack.accepted - ack.duplicates
    tally.duplicates[SIGNAL] += ack.duplicates
    tally.rejected[SIGNAL] += ack.rejected
    return ack


def member(desk: Desk, request: Request) -> Project:
    """The project of a key that may write or read: both may see what the application itself made (datasets ...).

    Raises:
        Denied: the key is not known, or there is none where one is needed.
    """
    try:
        return writer(desk, request)
    except Denied as denied:
        if denied.status != 403:  # noqa: PLR2004 - known, but only a reader
            raise
        return desk.keyring.reader(presented_key(request.headers)).projects[0]


async def object_in(desk: Desk, request: Request) -> dict[str, Any]:
    """The JSON object that a request carries; raises ``Rejected`` when it carries none."""
    async with desk.bodies.plain(request, SIGNAL) as body:
        value = parsed(body)
    if not isinstance(value, dict):
        raise Rejected("The body is not a JSON object.", status=422)
    return value


async def list_in(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """The list of JSON objects that a request carries; raises ``Rejected`` when it carries none."""
    async with desk.bodies.plain(request, SIGNAL) as body:
        value = parsed(body)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Rejected("The body is not a list of JSON objects.", status=422)
    return value


def parsed(body: bytes) -> Any:
    """The JSON value that a body is; raises ``Rejected`` when it is none, or nests too deep."""
    try:
        value = orjson.loads(body)
    except ValueError:
        raise Rejected("The body is not JSON.", status=422) from None
    if deeper_than(value, limits.ATTRIBUTE_DEPTH):
        raise Rejected("The body nests too deep.", status=422)
    return value


def new_uuid() -> str:
    """A random id, as LangSmith's clients want one."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def window(request: Request, most: int = 100) -> tuple[int, int]:
    """``offset`` and ``limit`` of a list; raises ``Rejected`` when they are no numbers."""
    try:
        offset, limit = (
            int(request.query_params.get(name) or other) for name, other in (("offset", 0), ("limit", most))
        )
    except ValueError:
        raise Rejected("'offset' and 'limit' are whole numbers.", status=422) from None
    return max(offset, 0), max(min(limit, most), 1)
