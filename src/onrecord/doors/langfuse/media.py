"""Media: an upload is announced, sent to an address of its own, told as done, and read back by those who may.

The bytes go from the request straight into the record of their trace; what the library keeps is what was announced. An
upload address holds a ticket of 128 random bits, since SDKs send no key with the upload; a reading address likewise,
for a few minutes.
"""

import asyncio
import hmac
import secrets
import threading
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections import OrderedDict
from hashlib import sha256
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from onrecord.control.library import Document, Origin
from onrecord.doors.langfuse.call import BASE, READ, WRITE, Call, answer, found, guarded, route
from onrecord.doors.langfuse.datasets import name_in
from onrecord.doors.langfuse.listing import every, iso
from onrecord.doors.port import Desk
from onrecord.errors import Denied, Missing, Rejected
from onrecord.limits import MEDIA_BYTES
from onrecord.model.access import Access, Level
from onrecord.model.media import Media
from onrecord.model.project import Project

MEDIUM: Final = "langfuse.media"
_DIGEST_BYTES: Final = 32
_ID_CHARACTERS: Final = 22
_UPLOAD_US: Final = 3_600_000_000
"""An hour between announcement and upload: SDKs send at once."""
_READ_US: Final = 600_000_000
_TICKETS: Final = 10_000
"""Reading addresses that are open at once; the oldest close first."""


class Ticket(msgspec.Struct, frozen=True):
    """Who may read which medium until when."""

    access: Access
    project: str
    trace_id: str
    media_id: str
    until_us: int


class Tickets:
    """Reading addresses that were given out. In memory: a restart closes them."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Ticket] = OrderedDict()
        self._lock = threading.Lock()

    def give(self, ticket: Ticket) -> str:
        """The secret word of a ticket."""
        word = secrets.token_urlsafe(16)
        with self._lock:
            self._open[word] = ticket
            if len(self._open) > _TICKETS:
                self._open.popitem(last=False)
        return word

    def take(self, word: str, now_us: int) -> Ticket:
        """The ticket of a word; raises ``Missing`` when there is none, or no longer."""
        ticket = self._open.get(word)
        if ticket is None or ticket.until_us < now_us:
            raise Missing("This address is closed.", hint="Ask for the medium again.")
        return ticket


def routes(desk: Desk) -> list[BaseRoute]:
    """Announcing, uploading, telling, reading."""
    tickets = Tickets()

    def describe(call: Call) -> Any:
        return _describe(call, tickets)

    async def upload(request: Request) -> Response:
        return await _upload(desk, request)

    async def read(request: Request) -> Response:
        ticket = tickets.take(request.path_params["ticket"], desk.clock.now_us())
        return await run_in_threadpool(_shown, desk, ticket)

    return [
        Route(f"{BASE}/media/upload/{{project}}/{{medium}}/{{ticket}}", guarded(upload), methods=["PUT"]),
        Route(f"{BASE}/media/content/{{ticket}}", guarded(read), methods=["GET"]),
        route(desk, "/media", WRITE, POST=_announce),
        route(desk, "/media/{medium}", WRITE, PATCH=_told),
        route(desk, "/media/{medium}", READ, GET=describe),
    ]


def _announce(call: Call) -> Any:
    """Take an announcement; no address when the trace has these bytes already."""
    body, library = call.body(), call.desk.library
    trace_id, type_ = name_in(body, "traceId"), name_in(body, "contentType")
    length, digest = body.get("contentLength"), _digest_in(body)
    if type(length) is not int or length < 1:
        raise Rejected("'contentLength' is the number of bytes.")
    if length > MEDIA_BYTES:
        raise Rejected(f"A medium is larger than {MEDIA_BYTES} bytes.", status=413)
    medium = urlsafe_b64encode(digest).decode("ascii")[:_ID_CHARACTERS]
    known = library.get(call.project, MEDIUM, _key(trace_id, medium))
    if known is not None and known.value["uploaded_us"]:
        return answer({"mediaId": medium, "uploadUrl": None}, 201)
    ticket = known.value["ticket"] if known is not None else secrets.token_urlsafe(16)
    value = {
        "trace": trace_id, "observation": body.get("observationId") or "", "field": body.get("field") or "",
        "type": type_, "length": length, "digest": b64encode(digest).decode("ascii"), "ticket": ticket,
        "asked_us": call.desk.clock.now_us(), "uploaded_us": 0,
    }  # fmt: skip
    document = Document(kind=MEDIUM, id=_key(trace_id, medium), name=medium, value=value)
    library.put(call.project, document, Origin(trace_id=trace_id))
    address = f"{_base(call.request)}{BASE}/media/upload/{call.project.id}/{medium}/{ticket}"
    return answer({"mediaId": medium, "uploadUrl": address}, 201)


async def _upload(desk: Desk, request: Request) -> Response:
    """Take the bytes into accounted memory, and from there onto the record."""
    sized = request.headers.get("content-length", "")
    if sized.isdecimal() and int(sized) > MEDIA_BYTES:
        raise Rejected(f"A medium is larger than {MEDIA_BYTES} bytes.", status=413)
    project, announced = await run_in_threadpool(_announced, desk, request)
    async with desk.bodies.plain(request, "media") as data:
        await run_in_threadpool(_check, announced, data)
        value = announced.value
        medium = Media(
            id=announced.name, trace_id=value["trace"], span_id=value["observation"], field=value["field"],
            media_type=value["type"], time_unix_nano=desk.clock.now_us() * 1_000, data=data,
        )  # fmt: skip
        await asyncio.shield(asyncio.wrap_future(desk.pipeline.media(project, medium)))
    done = msgspec.structs.replace(announced, value={**value, "uploaded_us": desk.clock.now_us()})
    await run_in_threadpool(desk.library.put, project, done, Origin(trace_id=value["trace"]))
    return Response(status_code=200)


def _announced(desk: Desk, request: Request) -> tuple[Project, Document]:
    """What an upload address stands for; raises ``Denied`` when it stands for nothing."""
    pieces = request.path_params
    for project in desk.keyring.every_project():
        if project.id == pieces["project"]:
            for one in every(desk.library, project, MEDIUM, name=pieces["medium"]):
                fresh = one.value["asked_us"] + _UPLOAD_US > desk.clock.now_us()
                if fresh and hmac.compare_digest(one.value["ticket"].encode(), pieces["ticket"].encode()):
                    return project, one
    raise Denied("This upload address is not known, or too old.", hint="Announce the medium again.")


def _check(announced: Document, data: bytes) -> None:
    value = announced.value
    if len(data) != value["length"] or b64encode(sha256(data).digest()).decode("ascii") != value["digest"]:
        raise Rejected("These are not the bytes that were announced.")


def _told(call: Call) -> Any:
    """What the client says of its upload. Whether it worked, the server knows better."""
    found(call.desk.library.named(call.project, MEDIUM, call.path("medium")), "medium")
    return Response(status_code=200)


def _describe(call: Call, tickets: Tickets) -> Any:
    """What a medium is and where its bytes can be read for a while, by a key that may read exact content."""
    medium = call.path("medium")
    kept = [one for one in every(call.desk.library, call.project, MEDIUM, name=medium) if one.value["uploaded_us"]]
    one = found(kept[-1] if kept else None, "medium")
    access = call.access()
    if access.level < Level.EXACT:
        raise Denied("Media is exact content.", hint="Use a key with the scope admin.")
    until_us = call.desk.clock.now_us() + _READ_US
    word = tickets.give(Ticket(access, call.project.id, one.value["trace"], medium, until_us))
    return {
        "mediaId": medium, "contentType": one.value["type"], "contentLength": one.value["length"],
        "uploadedAt": iso(one.value["uploaded_us"]), "url": f"{_base(call.request)}{BASE}/media/content/{word}",
        "urlExpiry": iso(until_us),
    }  # fmt: skip


def _shown(desk: Desk, ticket: Ticket) -> Response:
    """The bytes, to be saved and never to be run: whoever sent them is not trusted."""
    medium = desk.engine.media(ticket.access, ticket.project, ticket.trace_id, ticket.media_id)
    if medium.withheld:
        raise Missing("The project keeps no bytes of media.")
    plain = medium.media_type.isascii() and medium.media_type.isprintable()
    headers = {"content-disposition": "attachment", "content-security-policy": "sandbox; default-src 'none'"}
    return Response(medium.data, 200, headers, medium.media_type if plain else "application/octet-stream")


def _digest_in(body: dict[str, Any]) -> bytes:
    try:
        digest = b64decode(str(body.get("sha256Hash")), validate=True)
    except (NotBase64, ValueError):
        digest = b""
    if len(digest) != _DIGEST_BYTES:
        raise Rejected("'sha256Hash' is the base64 of a SHA-256.")
    return digest


def _key(trace_id: str, medium: str) -> str:
    return f"{trace_id}\0{medium}"


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
