"""Parts of one span, put together: late content from log records, a final span after a pending one, a second try.

``merge`` is pure. What a part says overrides, what it does not say stays; maps and scores are united. A part that says
nothing changes nothing, the same part twice is the part once, and parts that say different things may come in any
order. Of two conversations the one that contains the other stays; single messages (older conventions send each as
its own log record) are put behind one another as they arrive, system messages first.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec.structs import asdict, replace

from onrecord.model.derive import BILLABLE_KINDS
from onrecord.model.message import Message
from onrecord.model.span import Source, Span, Usage
from onrecord.normalize.langfuse_parts import settled
from onrecord.normalize.lone import stands_in

_IDS: Final = ("trace_id", "span_id")
_TEXTS: Final = (
    "parent_id", "trace_state", "name", "status_message", "user_id", "session_id", "tenant_id",
    "application", "environment", "release", "provider", "model_requested", "model_served", "endpoint", "response_id",
    "agent", "workflow", "query",
)  # fmt: skip
_NUMBERS: Final = ("flags", "otel_kind", "start_unix_nano", "end_unix_nano")
_OPTIONAL: Final = ("time_to_first_token_ms", "cost_reported")
_MAPS: Final = ("parameters", "cost_details", "metadata", "attributes", "resource", "dropped")
_SETS: Final = ("scores", "tags", "events", "links")
_LISTS: Final = ("tools", "documents", "finish_reasons")
_STRUCTS: Final = ("error", "tool", "prompt")


def merge(first: Span, part: Span) -> Span:
    """The span that ``first`` is once ``part`` is known too.

    A span that has ended overrides one that was still running, in whichever order they come.
    """
    if part.running and _has_ended(first) and not _is_update(part):
        first, part = part, first
    changes: dict[str, Any] = {}
    for names, known in _RULES:
        for name in names:
            earlier, later = getattr(first, name), getattr(part, name)
            if later != earlier:
                changes[name] = known(earlier, later)
    changes["kind"] = part.kind if part.kind != "span" else first.kind
    changes["status"] = part.status if part.status != "unset" else first.status
    changes["running"] = (first.running or part.running) and not (_has_ended(first) or _has_ended(part))
    changes["usage"] = _usage(first, part, changes["kind"])
    for side in ("input", "output"):
        changes[side] = _conversation(getattr(first, side), getattr(part, side), fragments=_are_fragments(first, part))
    if _is_whole(part) or first.source == Source():
        changes["source"], changes["scope"] = part.source, part.scope
    if part.cost_reported is not None:
        changes["cost_currency"] = part.cost_currency
    whole = replace(first, **changes)
    return settled(first, part, whole) if part.source.dialect == "langfuse" else whole


def _has_ended(span: Span) -> bool:
    return span.end_unix_nano != 0 and not span.running


def _is_update(span: Span) -> bool:
    """Whether it is Langfuse's update of a span: without a start of its own, later than what it updates."""
    return span.source.dialect == "langfuse" and not _is_whole(span)


def _is_whole(span: Span) -> bool:
    """Whether it is a span, not what a log record says of one."""
    return span.start_unix_nano != 0


def _are_fragments(first: Span, part: Span) -> bool:
    """Whether one of the two carries single messages of a conversation: it names no model and is no whole span.

    A Langfuse update is none either, but what it says of a side is all of it.
    """
    return not (_is_update(first) or _is_update(part)) and any(
        not _is_whole(one) and not one.model_requested and not one.model_served for one in (first, part)
    )


def _either(earlier: Any, later: Any) -> Any:
    return later or earlier


def _sent(earlier: str, later: str) -> str:
    """The id that somebody sent, rather than one that stands in for it."""
    return earlier if not later or (earlier and stands_in(later)) else later


def _not_none(earlier: Any, later: Any) -> Any:
    return earlier if later is None else later


def _united(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    return {**earlier, **later}


def _together(earlier: Sequence[Any], later: Sequence[Any]) -> tuple[Any, ...]:
    return (*earlier, *(one for one in later if one not in earlier))


def _longer(earlier: Sequence[Any], later: Sequence[Any]) -> Sequence[Any]:
    return later if len(later) >= len(earlier) else earlier


def _field_by_field(earlier: Any, later: Any) -> Any:
    if earlier is None or later is None:
        return later or earlier
    known = {name: value for name, value in asdict(later).items() if value not in ("", None)}
    return replace(earlier, **known)


_RULES: Final[tuple[tuple[tuple[str, ...], Callable[[Any, Any], Any]], ...]] = (
    (_IDS, _sent),
    (_TEXTS, _either),
    (_NUMBERS, _either),
    (_OPTIONAL, _not_none),
    (_MAPS, _united),
    (_SETS, _together),
    (_LISTS, _longer),
    (_STRUCTS, _field_by_field),
)


def _usage(first: Span, part: Span, kind: str) -> Usage:
    """Counts united. Whether they are an aggregate only a part that knows its kind can say."""
    counts = asdict(first.usage)
    counts.update({name: value for name, value in asdict(part.usage).items() if value is not None})
    counts["details"] = {**first.usage.details, **part.usage.details}
    counts["estimated"] = first.usage.estimated or part.usage.estimated
    counts["aggregate"] = False
    usage = Usage(**counts)
    if usage == Usage():
        return usage
    said = any(one.kind in BILLABLE_KINDS and one.usage.aggregate for one in (first, part))
    return replace(usage, aggregate=True) if said or kind not in BILLABLE_KINDS else usage


def _conversation(earlier: tuple[Message, ...], later: tuple[Message, ...], *, fragments: bool) -> tuple[Message, ...]:
    if not later or earlier == later:
        return earlier
    if not earlier:
        return later
    (old_system, old), (new_system, new) = _split(earlier), _split(later)
    if _covers(new_system, old_system) and _contains(new, old):
        return later
    if _covers(old_system, new_system) and _contains(old, new):
        return earlier
    if not fragments:
        return later if len(later) >= len(earlier) else earlier
    system = [*old_system, *(one for one in new_system if not _covers(old_system, [one]))]
    if _contains(new, old):
        return (*system, *new)
    return (*system, *old) if _contains(old, new) else (*system, *old, *new)


def _split(messages: tuple[Message, ...]) -> tuple[list[Message], list[Message]]:
    """System messages, and the others."""
    return [one for one in messages if one.role == "system"], [one for one in messages if one.role != "system"]


def _covers(whole: list[Message], piece: list[Message]) -> bool:
    """Whether every message of a piece is in the whole, wherever it stands."""
    told = [_gist(one) for one in whole]
    return all(_gist(one) in told for one in piece)


def _gist(one: Message) -> tuple[Any, ...]:
    """What makes two messages the same message, told twice by conventions that name its pieces differently."""
    return one.role, [(part.type, part.text, part.id, part.value, part.data, part.uri) for part in one.parts]


def _contains(whole: list[Message], piece: list[Message]) -> bool:
    """Whether a piece stands in the whole in one run."""
    told, sought = [_gist(one) for one in whole], [_gist(one) for one in piece]
    size = len(sought)
    return any(told[start : start + size] == sought for start in range(len(told) - size + 1))
