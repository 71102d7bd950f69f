"""Answers as OTLP wants them: in the request's own media type.

Partial success carries its reasons, an error is a ``google.rpc.Status``. Source: OTLP 1.x, "OTLP/HTTP Response".

``Export*PartialSuccess`` and ``google.rpc.Status`` have the same shape on the wire: a number in field 1, a sentence
in field 2. So both are written here by hand, in six lines, instead of by generated code.
"""

import json
from typing import Final

from onrecord.errors import OnrecordError, Pushback
from onrecord.receive.port import Ack

MEDIA_TYPES: Final = {"protobuf": "application/x-protobuf", "json": "application/json"}
_REJECTED_FIELD: Final = {"traces": "rejectedSpans", "logs": "rejectedLogRecords", "metrics": "rejectedDataPoints"}
_RPC_CODES: Final = {400: 3, 401: 16, 403: 7, 408: 4, 413: 3, 415: 3, 503: 14}
"""google.rpc.Code by HTTP status; everything else is 13, INTERNAL."""
_INTERNAL: Final = 13


def success(ack: Ack, signal: str, media: str) -> bytes:
    """The body of a 200: empty unless something was refused or there is something to say."""
    if not ack.rejected and not ack.reasons:
        return b"" if media == "protobuf" else b"{}"
    message = " ".join(ack.reasons)
    if media == "protobuf":
        partial = _number_and_sentence(ack.rejected, message)
        return b"\x0a" + _varint(len(partial)) + partial
    # 64-bit integers are strings in protobuf's JSON mapping
    partial_json = {_REJECTED_FIELD[signal]: str(ack.rejected), "errorMessage": message}
    return json.dumps({"partialSuccess": partial_json}).encode()


def failure(error: OnrecordError, media: str) -> bytes:
    """The body of an error: a ``google.rpc.Status`` whose message says what is wrong and what to do."""
    code = _RPC_CODES.get(error.status, _INTERNAL)
    message = f"{error.message} {error.hint}".strip()
    if media == "protobuf":
        return _number_and_sentence(code, message)
    return json.dumps({"code": code, "message": message}).encode()


def failure_headers(error: OnrecordError) -> dict[str, str]:
    """Headers that an error needs: when to come back, how to log in."""
    if isinstance(error, Pushback):
        return {"retry-after": str(error.retry_after_s)}
    if error.status == 503:  # noqa: PLR2004 - Unavailable; OTLP clients retry a 503, and do so kindly when told when
        return {"retry-after": "5"}
    return {"www-authenticate": 'Bearer realm="onrecord"'} if error.status == 401 else {}  # noqa: PLR2004


def _number_and_sentence(number: int, sentence: str) -> bytes:
    text = sentence.encode()
    head = b"\x08" + _varint(number) if number else b""
    return head + (b"\x12" + _varint(len(text)) + text if text else b"")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
