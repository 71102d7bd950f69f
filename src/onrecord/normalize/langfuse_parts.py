"""What only the parts of a Langfuse observation together say: when its answer began, and which model answered."""

from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from onrecord.model.span import Span

BEGAN: Final = "langfuse.observation.completion_start_time"
"""Stays an attribute of a part that does not know when the observation began."""


def first_token_ms(began: str, start_unix_nano: int) -> float | None:
    """Milliseconds from the start to the first piece of the answer; ``None`` when either is unknown."""
    try:
        instant = datetime.fromisoformat(began)
        return max(0.0, (round(instant.timestamp() * 1_000_000) * 1_000 - start_unix_nano) / 1e6)
    except (ValueError, OverflowError):
        return None


def settled(first: Span, part: Span, whole: Span) -> Span:
    """``whole``, which ``first`` and ``part`` were merged into, with what only both say."""
    changes: dict[str, Any] = {}
    began = whole.attributes.get(BEGAN)
    if isinstance(began, str) and whole.start_unix_nano:
        waited_ms = first_token_ms(began, whole.start_unix_nano)
        if waited_ms is not None:
            changes["time_to_first_token_ms"] = waited_ms
            changes["attributes"] = {key: value for key, value in whole.attributes.items() if key != BEGAN}
    asked, answered = first.model_requested, part.model_requested
    if asked and answered and asked != answered and not whole.model_served:
        changes["model_requested"], changes["model_served"] = asked, answered
    return replace(whole, **changes) if changes else whole
