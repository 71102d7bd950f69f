"""Token counts as providers report them beside an answer, read into ``model.Usage``.

``Usage.input`` is every input token: Anthropic counts cached ones beside the input, all others inside. ``output`` is
every output token: Gemini counts thoughts beside the answer. An explicit 0 stays 0. Counts that no field names are
kept under their own names. Sources: the providers' API references.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.normalize.values import as_int

_FIELDS: Final = {
    "prompt_tokens": "input", "input_tokens": "input", "promptTokenCount": "input", "prompt_eval_count": "input",
    "completion_tokens": "output", "output_tokens": "output", "candidatesTokenCount": "output", "eval_count": "output",
    "total_tokens": "total", "totalTokenCount": "total",
    "cache_read_input_tokens": "cache_read", "cachedContentTokenCount": "cache_read",
    "prompt_tokens_details.cached_tokens": "cache_read", "input_tokens_details.cached_tokens": "cache_read",
    "prompt_cache_hit_tokens": "cache_read", "cache_creation_input_tokens": "cache_write",
    "prompt_tokens_details.cache_write_tokens": "cache_write",
    "completion_tokens_details.reasoning_tokens": "reasoning", "output_tokens_details.reasoning_tokens": "reasoning",
    "thoughtsTokenCount": "reasoning",
    "prompt_tokens_details.audio_tokens": "audio_input", "completion_tokens_details.audio_tokens": "audio_output",
}  # fmt: skip


def counts_of(usage: Any, dialect: str) -> dict[str, Any]:
    """Fields of ``model.Usage`` from a provider's map of counts."""
    if not isinstance(usage, dict):
        return {}
    found: dict[str, Any] = {}
    details: dict[str, int] = {}
    for name, value in _flat(usage):
        number = as_int(value)
        if number is None or number < 0 or isinstance(value, bool):
            continue
        field = _FIELDS.get(name)
        if field is None:
            details[name] = number
        elif field in found:
            details.setdefault(name, number)
        else:
            found[field] = number
    if dialect == "anthropic" and "input" in found:
        found["input"] += (found.get("cache_read") or 0) + (found.get("cache_write") or 0)
    if dialect == "gemini":
        _add(found, "output", usage.get("thoughtsTokenCount"))
        _add(found, "input", usage.get("toolUsePromptTokenCount"))
    if details:
        found["details"] = details
    return found


def _add(found: dict[str, Any], field: str, more: Any) -> None:
    number = as_int(more)
    if number:
        found[field] = (found.get(field) or 0) + number


def _flat(usage: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Counts by name, those in a map of details under both names."""
    found: list[tuple[str, Any]] = []
    for name, value in usage.items():
        if isinstance(value, dict):
            found += [(f"{name}.{inner}", count) for inner, count in value.items()]
        else:
            found.append((name, value))
    return found
