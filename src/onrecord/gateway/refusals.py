"""Answers of the gateway's own: in the error shape of the API that was called, so that the client's SDK shows them."""

import json
from typing import Any

from onrecord.errors import OnrecordError, Pushback

_RETRY_S = 5


def refusal(error: OnrecordError, path: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of a refusal. No word of it is the client's."""
    sentence = f"onrecord: {error.message} {error.hint}".strip()
    body = json.dumps(_shaped(path, sentence, error.status)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-onrecord-error", type(error).__name__.lower().encode()),
    ]
    if error.status == 503:  # noqa: PLR2004
        wait_s = error.retry_after_s if isinstance(error, Pushback) else _RETRY_S
        headers.append((b"retry-after", str(wait_s).encode()))
    return error.status, headers, body


def _shaped(path: str, sentence: str, status: int) -> dict[str, Any]:
    if path.endswith("/messages"):
        return {"type": "error", "error": {"type": "onrecord_error", "message": sentence}}
    if "enerateContent" in path or "mbedContent" in path:
        return {"error": {"code": status, "message": sentence, "status": "ONRECORD_ERROR"}}
    return {"error": {"message": sentence, "type": "onrecord_error", "param": None, "code": f"onrecord_{status}"}}
