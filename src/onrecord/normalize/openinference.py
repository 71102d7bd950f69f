"""OpenInference (Arize): the convention of Phoenix and of the ``openinference-instrumentation-*`` packages.

Lists are flattened into names (``llm.input_messages.0.message.role``). The JSON of request and response stands
beside them in ``input.value`` and ``output.value``; what it repeats is kept once, as messages.
Source: openinference-semantic-conventions 0.1.42.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.span import KINDS
from onrecord.normalize.draft import Draft
from onrecord.normalize.openinference_lists import read_lists
from onrecord.normalize.openinference_sides import read_sides
from onrecord.normalize.values import as_text, as_texts, parsed

KIND: Final = "openinference.span.kind"
_OTHER_KINDS: Final = {"decision": "evaluator", "workflow": "chain", "task": "chain", "unknown": "span"}
_CALLS: Final = ("llm", "embedding", "reranker")


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span speaks OpenInference. Its kind is not required: hand-made spans leave it out."""
    return KIND in attributes or "llm.input_messages.0.message.role" in attributes or "input.mime_type" in attributes


def read(draft: Draft) -> None:
    """Read a span that speaks OpenInference."""
    word = as_text(draft.attributes.pop(KIND, "")).lower()
    kind = word if word in KINDS else _OTHER_KINDS.get(word, "")
    if not kind:
        kind = "llm" if "llm.model_name" in draft.attributes else "span"
        if word:
            draft.attributes[KIND] = word
    draft.fields["kind"] = kind
    read_lists(draft)
    if kind in _CALLS or "llm.model_name" in draft.attributes:
        _read_call(draft)
    if draft.attributes or draft.events:
        _read_rest(draft)
    read_sides(draft)


_NOT_PARAMETERS: Final = frozenset(
    {"model", "model_name", "messages", "input", "instructions", "tools", "functions", "system", "contents", "id",
     "created_at", "output", "usage", "object", "status", "error", "user", "prompt", "system_instruction", "config"}
)  # fmt: skip
"""What some instrumentations log as invocation parameters although it is content, a result, or a field of its own."""


def _read_call(draft: Draft) -> None:
    """A model call: model, provider, parameters, why it ended, when it began to answer."""
    fields, pop = draft.fields, draft.attributes.pop
    requested = as_text(pop("llm.request.model_name", None))
    named = as_text(pop("llm.model_name", None) or pop("embedding.model_name", None))
    said = pop("llm.invocation_parameters", None) or pop("embedding.invocation_parameters", None)
    if said is not None:
        named_there = _parameters(draft, said)
        requested = requested or named_there
    served = as_text(pop("llm.response.model_name", None)) or named
    if requested or named:
        fields.setdefault("model_requested", requested or named)
    if served:
        fields.setdefault("model_served", served)
    provider = pop("llm.provider", None)
    system = pop("llm.system", None)
    if provider or system:
        fields.setdefault("provider", as_text(provider or system))
        if provider and system and system != provider:
            draft.attributes["llm.system"] = system
    reason = pop("llm.finish_reason", None)
    if reason:
        fields.setdefault("finish_reasons", as_texts(reason))


def _parameters(draft: Draft, said: Any) -> str:
    """Take the parameters of a call; the answer is the model that stands among them."""
    values = parsed(said)
    if not isinstance(values, dict):
        draft.attributes["llm.invocation_parameters"] = said
        return ""
    parameters = draft.parameters
    for name, value in values.items():
        if name not in _NOT_PARAMETERS:
            if value is not None:
                parameters.setdefault(name, value)
        elif name == "user":
            draft.metadata.setdefault("user", value)
    return as_text(values.get("model") or values.get("model_name"))


def _read_rest(draft: Draft) -> None:
    """What any kind of span may say."""
    pop = draft.attributes.pop
    metadata = pop("metadata", None)
    if metadata is not None:
        values = parsed(metadata)
        draft.add_metadata(values if isinstance(values, dict) else {"metadata": metadata})
    tags = pop("tag.tags", None)
    if tags is not None:
        draft.say("tags", as_texts(tags))
    if "agent.name" in draft.attributes:
        draft.say_text("agent", "agent.name")
    for field, key in _PROMPT_KEYS:
        value = pop(key, None)
        if value is not None and value != "":
            draft.prompt.setdefault(field, parsed(value) if field == "variables" else as_text(value))
    if draft.events:
        for event in draft.take_events("First Token Stream Event"):
            elapsed_ms = (event.time_unix_nano - draft.otlp.start_unix_nano) / 1e6
            draft.say("time_to_first_token_ms", elapsed_ms if elapsed_ms >= 0 else None)


_PROMPT_KEYS: Final = (
    ("template", "llm.prompt_template.template"),
    ("variables", "llm.prompt_template.variables"),
    ("version", "llm.prompt_template.version"),
    ("name", "prompt.id"),
)
