"""OpenLIT: GenAI with defaults written as if they had been asked for, and prices of 0 where it knows none.

Source: openlit 1.45 as captured in tests/golden.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.normalize.draft import Draft
from onrecord.normalize.values import as_int

_EMPTY: Final[tuple[tuple[str, Any], ...]] = (
    ("gen_ai.request.user", ""),
    ("gen_ai.request.max_tokens", -1),
    ("gen_ai.request.stop_sequences", []),
)
_CALL: Final = ("gen_ai.tool.name", "gen_ai.tool.call.id", "gen_ai.tool.args")


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span is OpenLIT's."""
    return attributes.get("telemetry.sdk.name") == "openlit"


def read(draft: Draft) -> None:
    """Take out what would mislead; the GenAI reader comes after it."""
    attributes, pop = draft.attributes, draft.attributes.pop
    del attributes["telemetry.sdk.name"]
    for key, nothing in _EMPTY:
        if attributes.get(key) == nothing:
            del attributes[key]
    user = pop("gen_ai.request.user", None)
    if user:
        draft.metadata.setdefault("user", user)
    resource = draft.context.resource
    if attributes.get("service.name") == resource.get("service.name"):
        pop("service.name", None)
    draft.say_text("environment", "deployment.environment")
    if attributes.get("gen_ai.usage.cost") == 0:
        del attributes["gen_ai.usage.cost"]  # no price known, which is not the same as free
    if attributes.get("gen_ai.request.stream") is False:
        pop("gen_ai.server.time_to_first_token", None)  # the whole duration, not a first token
    draft.count("total", "gen_ai.client.token.usage")
    if attributes.get("gen_ai.operation.name") == "chat":
        for key in _CALL:  # a call that the model asks for, which the output says with all its arguments
            pop(key, None)
    if draft.context.scope_name == "openlit.instrumentation.anthropic":
        _add_cached(attributes, draft.usage)


def _add_cached(attributes: dict[str, Any], usage: dict[str, Any]) -> None:
    """Anthropic's own figures, passed on: cached tokens stand beside the input and are counted into it here."""
    names = ("input_tokens", "cache_read.input_tokens", "cache_creation.input_tokens")
    counts = [as_int(attributes.get(f"gen_ai.usage.{name}")) or 0 for name in names]
    if counts[0] and attributes.pop("gen_ai.usage.input_tokens", None) is not None:
        usage["input"] = sum(counts)
        if usage.get("total") and len(counts) > 1:
            usage["total"] += counts[1] + counts[2]
