"""The log records of one delivery: those that tell one call message by message are put together first.

Older GenAI conventions send every message as a log record of its own. Joined before anything is kept they are one part
of their span instead of five, in the order in which they were sent, and a user who says the same thing twice has said
it twice, which ``merge`` alone can not know.
"""

from collections.abc import Sequence
from hashlib import sha256

from msgspec.structs import replace

from onrecord.model.message import Message
from onrecord.model.otlp import OtlpContext, OtlpLog
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.merge import merge
from onrecord.normalize.registry import normalize_log


def normalize_logs(
    logs: Sequence[tuple[OtlpLog, OtlpContext, bytes]], receiver: str = "otlp"
) -> list[tuple[Span | Score | None, bytes]]:
    """Read the log records of a delivery, each with the digest of its bytes.

    The answer has one item per score, per call that records tell of (its digest is that of their digests), and per
    record that is none of ours (``None``).
    """
    found: list[tuple[Span | Score | None, bytes]] = []
    places: dict[tuple[str, str, str], int] = {}
    for log, context, digest in logs:
        value = normalize_log(log, context, receiver)
        if not isinstance(value, Span):
            found.append((value, digest))
            continue
        key = (value.trace_id, value.span_id, "" if value.span_id else value.response_id)
        place = places.get(key)
        if place is None:
            places[key] = len(found)
            found.append((value, digest))
            continue
        first, digests = found[place]
        assert isinstance(first, Span)
        found[place] = (_joined(first, value), sha256(digests + digest).digest())
    return found


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
