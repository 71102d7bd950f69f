"""LiteLLM's OpenTelemetry callback: GenAI messages, with costs, metadata and failures under names of its own.

Source: litellm 1.106 as captured in tests/golden. Its second span, ``raw_gen_ai_request``, repeats the call and is
kept as a plain step.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from onrecord.normalize.calls import say_functions
from onrecord.normalize.draft import Draft
from onrecord.normalize.values import as_bool, as_float, as_text, as_texts, parsed

_ERRORS: Final = (("error.message", "message"), ("error.stack_trace", "stack"), ("error.type", "type"))
_USAGE_CHARACTERS: Final = 4_000
_COUNTS: Final = (
    ("cache_read", re.compile(r"'cached_tokens': (\d{1,15})\b")),
    ("cache_write", re.compile(r"'cache_creation_input_tokens': (\d{1,15})\b")),
    ("reasoning", re.compile(r"'reasoning_tokens': (\d{1,15})\b")),
)
"""The usage is there as Python's text only, whose other counts GenAI names repeat."""
_USERS: Final = ("user_api_key_end_user_id", "user_api_key_user_id")


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span is LiteLLM's."""
    return "litellm.call_id" in attributes


def read(draft: Draft) -> None:
    """Read what is LiteLLM's own; the GenAI reader comes after it."""
    attributes, pop = draft.attributes, draft.attributes.pop
    operation = pop("llm.request.type", None)
    draft.fields["kind"] = "embedding" if operation == "embedding" else "llm"
    stream = as_bool(pop("llm.is_streaming", None))
    if stream is not None:
        draft.parameters["stream"] = stream
    say_functions(draft)
    _metadata(draft)
    user = as_text(pop("llm.user", None))
    draft.say("user_id", user)
    if user and draft.fields["user_id"] != user:
        draft.metadata["user"] = user
    _cost(draft)
    if attributes.get("gen_ai.response.id") == attributes["litellm.call_id"]:
        del attributes["gen_ai.response.id"]  # LiteLLM's own number, where the provider gave none
    model = as_text(attributes.get("litellm.provider.model"))
    if "/" in model and not attributes.get("gen_ai.system"):
        draft.say("provider", model.partition("/")[0])
    for key, field in _ERRORS:
        text = as_text(pop(key, None))
        if text:
            draft.error[field] = text


def _metadata(draft: Draft) -> None:
    """Two dozen fields that stand empty on most calls; what the SDK's user said is among them."""
    said = {key: value for key, value in draft.take_map("metadata.").items() if value not in ("", None, "[]", "{}")}
    usage = as_text(said.pop("usage_object", None))[:_USAGE_CHARACTERS]
    for field, pattern in _COUNTS:
        found = pattern.search(usage)
        if found:
            draft.usage.setdefault(field, int(found[1]))
    for name in _USERS:
        if name in said:
            draft.say("user_id", as_text(said.pop(name)))
    inner = parsed(said.get("requester_metadata"))
    if isinstance(inner, dict):
        del said["requester_metadata"]
        if "tags" in inner:
            draft.say("tags", as_texts(inner.pop("tags")))
        draft.add_metadata(inner)
    draft.add_metadata(said)


def _cost(draft: Draft) -> None:
    costs = {key: as_float(value) for key, value in draft.take_map("gen_ai.cost.").items()}
    total = costs.pop("total_cost", None)
    if total is not None:
        draft.fields["cost_reported"] = total
    details = {key.removesuffix("_cost"): value for key, value in costs.items() if value}
    if details:
        draft.fields["cost_details"] = details
