"""The log records of one delivery: those that tell one call message by message are put together first.

Older GenAI conventions send every message as a log record of its own. Joined before anything is kept they are one part
of their span instead of five, in the order in which they were sent, and a user who says the same thing twice has said
it twice, which ``merge`` alone can not know.
"""

from collections.abc import Iterable
from hashlib import sha256

from msgspec.structs import replace

from onrecord.model.message import Message
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.merge import merge

Read = tuple[Span | Score | None, bytes]
"""What a record was read as, and the SHA-256 of its bytes."""


def join_parts(read: Iterable[Read]) -> list[Read]:
    """What the log records of a delivery say, those of one call as one part; its digest is that of their digests."""
    joined: list[Read] = []
    places: dict[tuple[str, str, str], int] = {}
    for value, digest in read:
        if not isinstance(value, Span):
            joined.append((value, digest))
            continue
        key = (value.trace_id, value.span_id, "" if value.span_id else value.response_id)
        place = places.setdefault(key, len(joined))
        if place == len(joined):
            joined.append((value, digest))
            continue
        first, digests = joined[place]
        assert isinstance(first, Span)
        joined[place] = (_joined(first, value), sha256(digests + digest).digest())
    return joined


def _joined(first: Span, part: Span) -> Span:
    """Two parts of one delivery as one; single messages stand behind one another, equal ones too."""
    merged = merge(first, part)
    if first.model_requested or part.model_requested:  # one of them tells the whole conversation
        return merged
    return replace(
        merged,
        input=_in_order(first.input + part.input),
        output=first.output + part.output,
        finish_reasons=first.finish_reasons + part.finish_reasons,
    )


def _in_order(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(sorted(messages, key=lambda one: one.role != "system"))
