"""The log records of one delivery: those that tell one call message by message are put together first.

Older GenAI conventions send every message as a log record of its own. Joined before anything is kept they are one part
of their span instead of five, in the order in which they were sent, and a user who says the same thing twice has said
it twice, which ``merge`` alone can not know.
"""

from collections.abc import Iterable
from functools import reduce
from hashlib import sha256

from msgspec.structs import replace

from onrecord.model.declaration import Declaration
from onrecord.model.message import Message
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.merge import merge

Read = tuple[Span | Score | Declaration | None, bytes, str]
"""What a record was read as, the SHA-256 of its bytes, and the record kind of a span."""


def join_parts(read: Iterable[Read]) -> list[Read]:
    """What the log records of a delivery say, those of one call as one part; its digest is that of their digests.

    Linear in what was sent: the parts of a call are gathered first, so that its conversation is put together once.
    """
    joined: list[Read] = []
    parts: dict[tuple[str, str, str], tuple[int, list[Span]]] = {}
    for value, digest, kind in read:
        if not isinstance(value, Span):
            joined.append((value, digest, kind))
            continue
        key = (value.trace_id, value.span_id, "" if value.span_id else value.response_id)
        place, of_call = parts.setdefault(key, (len(joined), []))
        of_call.append(value)
        if place == len(joined):
            joined.append((value, digest, kind))
        else:
            joined[place] = (value, sha256(joined[place][1] + digest).digest(), kind)
    for place, of_call in parts.values():
        joined[place] = (_joined(of_call), *joined[place][1:])
    return joined


def _joined(parts: list[Span]) -> Span:
    """The parts of one call as one; single messages stand behind one another, equal ones too."""
    alone = next((at for at, part in enumerate(parts) if part.model_requested), len(parts))
    whole = reduce(merge, [_silent(part) for part in parts[1:alone]], parts[0])
    if alone > 1:
        single = parts[:alone]
        whole = replace(
            whole,
            input=_in_order(message for part in single for message in part.input),
            output=tuple(message for part in single for message in part.output),
            finish_reasons=tuple(reason for part in single for reason in part.finish_reasons),
        )
    # From one on that names its model, which tells the whole conversation, what is told twice counts once.
    return reduce(merge, parts[max(alone, 1) :], whole)


def _silent(part: Span) -> Span:
    """All of a part but what was said."""
    return replace(part, input=(), output=(), finish_reasons=())


def _in_order(messages: Iterable[Message]) -> tuple[Message, ...]:
    return tuple(sorted(messages, key=lambda one: one.role != "system"))
