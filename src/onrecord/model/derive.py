"""What follows from a span: the newest turn, the system prompt, how long it took, what may be summed.

Pure functions of model values, shared by the row, the entry and the queries, so that all of them agree.
"""

from collections.abc import Sequence
from typing import Final

from onrecord.model.message import Message, text_of
from onrecord.model.span import Span

SYSTEM_ROLES: Final = ("system", "developer")
BILLABLE_KINDS: Final = frozenset({"llm", "embedding", "reranker"})
"""Kinds whose tokens and cost are summed; agents and chains repeat those of their children."""


def newest_turn(messages: Sequence[Message]) -> list[int]:
    """Positions of the messages after the last one of the assistant, but for system messages: what this call added."""
    turn: list[int] = []
    for position in range(len(messages) - 1, -1, -1):
        role = messages[position].role
        if role == "assistant":
            break
        if role not in SYSTEM_ROLES:
            turn.append(position)
    return turn[::-1]


def system_texts(span: Span) -> tuple[str, ...]:
    """The text of every system or developer message, in order."""
    return tuple(text for one in span.input if one.role in SYSTEM_ROLES and (text := text_of(one)))


def usage_total(span: Span) -> int | None:
    """All tokens of the call: as sent, else input and output added; ``None`` when neither is known."""
    usage = span.usage
    if usage.total is not None:
        return usage.total
    if usage.input is None and usage.output is None:
        return None
    return (usage.input or 0) + (usage.output or 0)


def billable(span: Span) -> bool:
    """Whether the span's tokens and cost count in sums: a model call that has ended and repeats nobody else's."""
    return span.kind in BILLABLE_KINDS and not span.usage.aggregate and not span.running


def start_us(span: Span) -> int:
    """The start in microseconds since the epoch, UTC; 0 when the client sent none."""
    return span.start_unix_nano // 1_000


def duration_us(span: Span) -> int | None:
    """How long it took, in microseconds; ``None`` while it runs or when the client's clock ran backwards."""
    if span.running or not span.start_unix_nano or span.end_unix_nano < span.start_unix_nano:
        return None
    return (span.end_unix_nano - span.start_unix_nano) // 1_000
