"""Token counts and costs of Langfuse observations: its own names, or a provider's usage as it was answered."""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.normalize.draft import Draft
from onrecord.normalize.values import as_float, as_int, as_text

_WHOLES: Final = {
    "input": "input", "prompt_tokens": "input", "promptTokens": "input", "input_tokens": "input",
    "inputTokens": "input",
    "output": "output", "completion_tokens": "output", "completionTokens": "output", "output_tokens": "output",
    "outputTokens": "output",
    "total": "total", "total_tokens": "total", "totalTokens": "total",
}  # fmt: skip
_BESIDE: Final = {
    "input_cache_read": "cache_read", "input_cached_tokens": "cache_read", "cache_read_input_tokens": "cache_read",
    "input_cache_creation": "cache_write", "cache_creation_input_tokens": "cache_write",
    "input_cache_write": "cache_write", "input_audio": "audio_input", "input_audio_tokens": "audio_input",
    "output_audio": "audio_output", "output_audio_tokens": "audio_output",
    "output_reasoning": "reasoning", "output_reasoning_tokens": "reasoning",
}  # fmt: skip
"""Counts of their own names, in which ``input`` and ``output`` do not hold the others."""
_INSIDE: Final = {
    "cached_tokens": "cache_read", "reasoning_tokens": "reasoning", "cache_write_tokens": "cache_write",
}  # fmt: skip
"""Counts in the details of a provider's usage, which are part of the whole."""
_ANSWERED: Final = frozenset({"prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"})
_OF_OUTPUT: Final = ("audio_output", "reasoning")


def answered_with(said: Any) -> bool:
    """Whether these are the counts of a provider's answer, not Langfuse's own."""
    return isinstance(said, Mapping) and not _ANSWERED.isdisjoint(said)


def read_usage(draft: Draft, said: Any) -> None:
    """Read ``usage_details``. Langfuse's own counts stand beside one another unless their total says otherwise."""
    if not isinstance(said, Mapping):
        if said is not None:
            draft.attributes["langfuse.observation.usage_details"] = said
        return
    usage = draft.usage
    details: dict[str, int] = {}
    beside: dict[str, int] = {}
    for name, value in said.items():
        count = as_int(value)
        if isinstance(value, Mapping):
            _inside(name, value, usage, details)
        elif count is None or count < 0:
            continue
        elif name in _WHOLES:
            usage.setdefault(_WHOLES[name], count)
        elif name in _BESIDE:
            beside[_BESIDE[name]] = beside.get(_BESIDE[name], 0) + count
        else:
            details[str(name)] = count
    _add_beside(usage, beside)
    if details:
        usage["details"] = details


def _inside(name: str, value: Mapping[str, Any], usage: dict[str, Any], details: dict[str, int]) -> None:
    of_input = "prompt" in name or "input" in name
    for key, inner in value.items():
        count = as_int(inner)
        if count is None or count < 0:
            continue
        field = _INSIDE.get(key) or (("audio_input" if of_input else "audio_output") if key == "audio_tokens" else "")
        if field:
            usage.setdefault(field, count)
        elif count:
            details[f"{name}.{key}"] = count


def _add_beside(usage: dict[str, Any], beside: Mapping[str, int]) -> None:
    entered, produced = usage.get("input"), usage.get("output")
    whole = usage.get("total") is not None and (entered or 0) + (produced or 0) == usage["total"]
    for field, count in beside.items():
        usage.setdefault(field, count)
        side = "output" if field in _OF_OUTPUT else "input"
        if not whole and usage.get(side) is not None:
            usage[side] += count


def read_cost(draft: Draft, said: Any) -> None:
    """Read ``cost_details`` (US dollars); without a total their sum is the cost."""
    if not isinstance(said, Mapping):
        if said is not None:
            draft.attributes["langfuse.observation.cost_details"] = said
        return
    costs = {as_text(name): cost for name, value in said.items() if (cost := as_float(value)) is not None}
    if costs:
        total = costs.pop("total", None)
        draft.say("cost_reported", sum(costs.values()) if total is None else total)
        draft.say("cost_details", costs)
