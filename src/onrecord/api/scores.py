"""``POST /scores``: ratings, validations and evaluations of what is on the record.

A key with the write scope, or a person with a login, attaches a judgement to a trace, a span, an answer or a session.
The answer leaves after it is durable. The same ``id`` again replaces the judgement; the history stays in the ledger.

A key with the rate scope alone stands in somebody's front end, where everybody can read it: it speaks for end users
only and its ids are its own, so that it replaces nobody else's judgement (docs/adr/0105), and it may be used only so
often (docs/adr/0125). Browsers of any site may call this address, and only this one; no cookie comes with such a call.
"""

import asyncio
import hashlib
import secrets
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request

from onrecord import limits
from onrecord.api.operation import JSON
from onrecord.api.port import Services
from onrecord.api.reading import project_of
from onrecord.errors import Denied, Rejected
from onrecord.model.access import Level
from onrecord.model.project import Project
from onrecord.model.score import Score
from onrecord.receive.auth import presented_key
from onrecord.receive.port import Ack

BODY_BYTES: Final = 64 * 1024
"""A judgement is a number, a word and a comment."""
SOURCES: Final = ("end_user", "human", "validator", "evaluator", "code")
"""Who judged."""
CORS: Final = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type, x-api-key",
    "access-control-expose-headers": "retry-after",
    "access-control-max-age": "86400",
}
"""Fetch standard, CORS protocol; without credentials, so that a page of another site never acts as a person."""
_END_USER: Final = "end_user"
_DOOR: Final = b"api.scores"


class NewScore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A judgement as it is sent. A trace_id (with a span_id), a response_id or a session_id names what it is about."""

    name: str
    trace_id: str = ""
    span_id: str = ""
    response_id: str = ""
    session_id: str = ""
    value: float | None = None
    label: str = ""
    passed: bool | None = None
    comment: str = ""
    source: str = _END_USER
    id: str = ""
    metadata: dict[str, Any] = {}


_decode = msgspec.json.Decoder(NewScore).decode


async def post_score(request: Request, services: Services) -> Ack:
    """Keep one judgement.

    Raises:
        Denied: nobody is known, or they may not write. Rejected: the body is not a judgement. TooMany: a public key
        was used too often. Pushback: not now.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Rejected("A score is sent as application/json.", status=415)
    project, author, rater = _writer(request, services)
    body = await _body(request)
    try:
        sent = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Rejected("The body is not a score.", hint="Its fields are listed in /api/v1/openapi.json.") from None
    score = _score(sent, author) if not rater else _of_end_user(sent, rater)
    # Without an id the same bytes are another judgement: two people may say the same of one answer.
    content = hashlib.sha256(body).digest() if sent.id else secrets.token_bytes(32)
    pending = services.scores.score(project, score, content=content, door=_DOOR)
    return await asyncio.wrap_future(pending)


def _score(sent: NewScore, author: str) -> Score:
    if not sent.name:
        raise Rejected("The field 'name' is empty.")
    if sent.source not in SOURCES:
        raise Rejected(f"The field 'source' is one of {', '.join(SOURCES)}.")
    ids = (sent.trace_id, sent.span_id, sent.response_id, sent.session_id)
    if not any(ids):
        raise Rejected("A score names a trace_id, response_id or session_id; beside a trace_id also a span_id.")
    if any(len(one.encode()) > limits.ID_BYTES for one in (*ids, sent.id, sent.name)):
        raise Rejected(f"A name or id is longer than {limits.ID_BYTES} bytes.")
    if sent.value is None and sent.passed is None and not sent.label and not sent.comment:
        raise Rejected("A score has a value, a label, passed or a comment.")
    return Score(author=author, **{name: getattr(sent, name) for name in NewScore.__struct_fields__})


def _of_end_user(sent: NewScore, rater: str) -> Score:
    """A judgement that came with a key which everybody can read."""
    if sent.source != _END_USER:
        raise Denied("A key that may only rate speaks for end users.", hint="Leave 'source' out.")
    score = _score(sent, "")
    return msgspec.structs.replace(score, id=f"{rater}:{score.id}") if score.id else score


def _writer(request: Request, services: Services) -> tuple[Project, str, str]:
    """Which project, who, and by which key that may only rate.

    Nobody in particular for a key that may write, whose application says it in ``source``.
    """
    key = presented_key(request.headers)
    if key:
        project, rater = services.raters.rater(key)
        if rater:
            services.allowance.take(rater, request.client.host if request.client else "")
        return project, "", rater
    caller = services.gate.identify(request)
    project = project_of(caller, request.query_params.getlist("project"))
    if caller.access(project.id).level < Level.PSEUDONYMISED:
        raise Denied("Your role may not judge.", hint="Ask an owner of the project.")
    return project, caller.actor, ""


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > BODY_BYTES:
                    raise Rejected(f"The body is larger than {BODY_BYTES} bytes.", status=413)
    except (ClientDisconnect, TimeoutError):
        raise Rejected("The body did not arrive whole.", status=408) from None
    return bytes(body)
