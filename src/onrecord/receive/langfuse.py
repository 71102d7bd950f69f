"""Langfuse's JSON bodies: ``/api/public/ingestion`` (a batch of events), ``/api/public/scores`` (a score, or a list).

Each event is judged alone: a bad one costs nothing but itself, and its sender hears of it. Source: langfuse-python 2.60
to 5.0 and langfuse-js 3.39 on the wire.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson
from msgspec.structs import replace

from onrecord.errors import Rejected
from onrecord.limits import ATTRIBUTE_DEPTH, SPAN_BYTES, SPANS_PER_REQUEST
from onrecord.model.score import Score
from onrecord.receive.decoded import Bad, Decoded, Fault
from onrecord.receive.langfuse_events import QUIET, read_event


class Piece(msgspec.Struct, frozen=True, gc=False):
    """One event that can be kept, and the SHA-256 of its own canonical bytes."""

    digest: bytes
    span: Decoded | None = None
    score: Score | None = None
    kind: str = "span"
    """Record kind: ``part`` for an update."""
    ended: bool = False
    """It has no end of its own and is not running either: a trace."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What became of one event, under the client's id of it."""

    id: str
    fault: str = ""
    piece: Piece | None = None
    raw: bytes = b""


def decode_batch(body: bytes, _: str) -> tuple[Sequence[Piece], Sequence[Fault]]:
    """The events of a batch, older ones first: a client may send an update before what it updates.

    Raises:
        Rejected: the body is no batch.
    """
    return _sorted_out(judge_batch(body))


def decode_scores(body: bytes, _: str) -> tuple[Sequence[Piece], Sequence[Fault]]:
    """The scores of a body: one, or a list.

    Raises:
        Rejected: the body is neither.
    """
    return _sorted_out(judge_scores(body))


def judge_batch(body: bytes) -> list[Verdict]:
    """What becomes of each event, in the order of their own times. Raises as ``decode_batch``."""
    whole = _json(body)
    events = whole.get("batch") if isinstance(whole, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise Rejected("The body has no list of events under 'batch'.")
    _few(events)
    sender = whole.get("metadata")
    sender = sender if isinstance(sender, dict) else {}
    return [_judged(event, sender) for event in sorted(events, key=lambda event: str(event.get("timestamp", "")))]


def judge_scores(body: bytes) -> list[Verdict]:
    """What becomes of each score, in the order in which they were sent. Raises as ``decode_scores``."""
    whole = _json(body)
    sent = whole if isinstance(whole, list) else [whole]
    if not all(isinstance(one, dict) for one in sent):
        raise Rejected("The body is neither a score nor a list of scores.")
    _few(sent)
    return [_judged({"type": "score-create", "id": one.get("id"), "body": one}, {}) for one in sent]


def _judged(event: dict[str, Any], sender: dict[str, Any]) -> Verdict:
    raw = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    name = event["id"] if isinstance(event.get("id"), str) else ""
    if len(raw) > SPAN_BYTES:
        return Verdict(name, f"the event is larger than {SPAN_BYTES} bytes", raw=raw)
    if event.get("type") in QUIET:
        return Verdict(name, raw=raw)
    digest = hashlib.sha256(raw).digest()
    try:
        made = read_event(event, sender)
    except Bad as bad:
        return Verdict(name, str(bad), raw=raw)
    if isinstance(made, Score):
        made = made if made.id else replace(made, id=name or digest.hex()[:32])
        return Verdict(name or made.id, piece=Piece(digest, score=made), raw=raw)
    piece = Piece(digest, Decoded(made.span, made.context, digest), kind=made.kind, ended=made.ended)
    return Verdict(name, piece=piece, raw=raw)


def _sorted_out(verdicts: list[Verdict]) -> tuple[list[Piece], list[Fault]]:
    pieces = [one.piece for one in verdicts if one.piece is not None]
    return pieces, [Fault(one.fault, one.raw) for one in verdicts if one.fault]


def _json(body: bytes) -> Any:
    try:
        whole = orjson.loads(body)
    except ValueError:  # also nesting beyond what the parser bears
        whole = _leniently(body)
    if body.count(b"[") + body.count(b"{") > ATTRIBUTE_DEPTH and _deeper_than(whole, ATTRIBUTE_DEPTH + 4):
        raise Rejected(f"The body is nested more than {ATTRIBUTE_DEPTH} levels.")
    return whole


def _leniently(body: bytes) -> Any:
    """What Python clients write beyond JSON: halves of a character, which are replaced, and numbers that are none."""
    try:
        value = json.loads(body, parse_constant=lambda _: None)
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Rejected("The body is not JSON.") from None


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        inner = [one.values() if isinstance(one, dict) else one for one in level]
        level = [item for values in inner for item in values if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _few(items: list[Any]) -> None:
    if len(items) > SPANS_PER_REQUEST:
        raise Rejected(f"The body has more than {SPANS_PER_REQUEST} items.", status=413)
