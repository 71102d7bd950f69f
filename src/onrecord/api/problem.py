"""Errors as RFC 9457 problem details: the one place where ours become HTTP.

The sentence and the hint of an error hold nothing that a person typed but a parameter's name, so both are shown.
"""

import logging
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from onrecord.errors import Corrupt, OnrecordError, Pushback

MEDIA_TYPE = "application/problem+json"
_logger = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem as it is sent. Source: RFC 9457 section 3."""

    title: str
    status: int
    detail: str
    hint: str = ""
    """What to do next."""
    type: str = "about:blank"


def problem_of(error: Exception) -> Problem:
    """The problem that an error is; one that is not ours says nothing of itself."""
    if isinstance(error, OnrecordError):
        return Problem(error.title, error.status, error.message, error.hint)
    return Problem(
        "Internal error", 500, "Something failed that should not.", "The server's log names the kind of fault."
    )


def respond(error: Exception) -> Response:
    """The answer to a request that failed."""
    found = problem_of(error)
    if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, Pushback):
        _logger.error("a request failed: %s", type(error).__name__)
    headers = {"cache-control": "no-store"}
    if isinstance(error, Pushback):
        headers["retry-after"] = str(error.retry_after_s)
    if isinstance(error, Corrupt):
        headers["x-onrecord-evidence"] = "altered"
    if found.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="onrecord"'
    return Response(msgspec.json.encode(found), found.status, headers, MEDIA_TYPE)


async def on_error(_: Request, error: Exception) -> Response:
    """``respond`` as Starlette calls it, for the whole application."""
    return respond(error)
