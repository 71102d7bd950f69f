"""Files from elsewhere: ``POST /import/traces`` (OTLP) and ``POST /import/interactions`` (JSON lines).

The same way of a record as through any door, and the same answer: 200 says that everything in it is durable. What is
different stands in the record: its receiver is ``import``, so that nobody takes the past for what was seen live.
"""

import asyncio
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.doors.port import Desk
from onrecord.errors import Rejected
from onrecord.receive.auth import authenticate
from onrecord.receive.port import Ack, Delivery

PREFIX: Final = "/import"
_MEDIA: Final = {
    "traces": {"application/x-protobuf": "protobuf", "application/protobuf": "protobuf", "application/json": "json"},
    "interactions": {"application/x-ndjson": "lines", "application/jsonl": "lines", "application/json": "lines"},
}


def routes(desk: Desk) -> list[Route]:
    """The two addresses."""

    async def take(request: Request) -> Response:
        kind = request.url.path.rpartition("/")[2]
        return Response(msgspec.json.encode(await _take(desk, request, kind)), media_type="application/json")

    return [Route(f"{PREFIX}/{kind}", take, methods=["POST"]) for kind in _MEDIA]


async def _take(desk: Desk, request: Request, kind: str) -> Ack:
    known = _MEDIA[kind]
    media = known.get(request.headers.get("content-type", "").partition(";")[0].strip().lower(), "")
    if not media:
        raise Rejected(f"A file of {kind} is sent as one of {', '.join(known)}.", status=415)
    peer = request.client.host if request.client else ""
    project = authenticate(desk.keyring, peer, request.headers)
    signal = f"import.{kind}"
    async with desk.bodies.plain(request, signal) as plain:
        delivery = Delivery(project=project, signal=signal, media=media, body=plain)
        ack = await asyncio.shield(asyncio.wrap_future(desk.intake.submit(delivery)))
    tally = desk.bodies.tally
    tally.accepted[signal] += ack.accepted - ack.duplicates
    tally.duplicates[signal] += ack.duplicates
    tally.rejected[signal] += ack.rejected
    return ack
