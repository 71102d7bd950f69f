"""Answers as LangSmith's clients read them, and the guard around every endpoint.

An error is ``{"detail": "a sentence"}``. A client tries again after 429, 500, 502, 503 and 504, and drops what it sent
after any other error.
"""

import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from onrecord.errors import OnrecordError, Pushback, where
from onrecord.receive.tally import Tally

SIGNAL: Final = "langsmith"
"""The door's name among the figures of what came in."""
_NAMESPACE: Final = uuid.UUID("6f6e7265-636f-5264-8c73-6d6974680000")
_RETRY_S: Final = 5
_logger = logging.getLogger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status, media_type="application/json")


def failure(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """An error that says what is wrong."""
    return Response(orjson.dumps({"detail": sentence}), status, headers, media_type="application/json")


def guarded(endpoint: Endpoint, tally: Tally) -> Endpoint:
    """The endpoint, which answers every error of ours in LangSmith's shape and is counted."""

    async def answered(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except OnrecordError as error:
            response = _error(error, tally)
        except Exception as error:  # noqa: BLE001 - said in the client's own shape; its words may hold a payload
            _logger.error("langsmith: %s", where(error))
            response = failure(500, "Something is wrong here; the server's log says what.")
        tally.requests[SIGNAL, response.status_code] += 1
        return response

    return answered


def _error(error: OnrecordError, tally: Tally) -> Response:
    headers = {}
    if isinstance(error, Pushback):
        tally.shed += 1
        headers["retry-after"] = str(error.retry_after_s)
    elif error.status >= 500:  # noqa: PLR2004
        _logger.error("langsmith: %s", error.message)
        headers["retry-after"] = str(_RETRY_S)
    return failure(error.status, f"{error.message} {error.hint}".strip(), headers)


def id_of(*names: str) -> str:
    """The UUID that stands for a thing which has a name but no id of its own; always the same one."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join(names)))
