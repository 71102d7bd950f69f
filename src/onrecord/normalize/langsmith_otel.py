"""LangSmith's own OpenTelemetry attributes, as its client exports runs with ``LANGSMITH_TRACING_MODE=otel``.

``langsmith.span.kind`` is the type of the run, ``langsmith.metadata.*`` its metadata; inputs and outputs are the JSON
of the run in ``gen_ai.prompt`` and ``gen_ai.completion``, and an error is one text in an event. What else it says of a
call it says as GenAI. Source: langsmith 0.15.0 ``_internal/otel/_otel_exporter.py``.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.derive import BILLABLE_KINDS
from onrecord.normalize.draft import Draft
from onrecord.normalize.langsmith_error import read_error
from onrecord.normalize.langsmith_metadata import KINDS, read_metadata
from onrecord.normalize.langsmith_sides import read_inputs, read_outputs
from onrecord.normalize.values import as_text, parsed

KIND: Final = "langsmith.span.kind"
_NAMES: Final = ("langsmith.trace.name", "gen_ai.serialized.name")
_REPEATED: Final = ("gen_ai.usage.input_token_details", "gen_ai.usage.output_token_details")


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span speaks LangSmith's words."""
    return KIND in attributes or "langsmith.trace.session_name" in attributes


def read(draft: Draft) -> None:
    """Read a span that speaks LangSmith's words."""
    pop = draft.attributes.pop
    kind = KINDS.get(as_text(draft.attributes.get(KIND)).lower())
    if kind:
        draft.fields["kind"] = kind
        pop(KIND)
        pop("gen_ai.operation.name", None)
    if kind != "llm" or draft.attributes.get("gen_ai.system") == "langchain":
        pop("gen_ai.system", None)  # what made the run, not who served a model
    draft.say_text("application", "langsmith.trace.session_name")
    tags = draft.take("langsmith.span.tags")
    draft.say("tags", tuple(tag for tag in as_text(tags).split(", ") if tag))
    for name in _NAMES:
        if draft.attributes.get(name) == draft.otlp.name:
            pop(name)
    metadata = {key: parsed(value) for key, value in draft.take_map("langsmith.metadata.").items()}
    read_metadata(draft, metadata, {})
    if draft.usage:
        for name in _REPEATED:  # printed by Python, not JSON; the metadata says the same
            pop(name, None)
    read_inputs(draft, draft.take_json("gen_ai.prompt"))
    read_outputs(draft, draft.take_json("gen_ai.completion"))
    for event in draft.take_events("exception"):
        read_error(draft, as_text(event.attributes.get("exception.message")))
    if draft.fields.get("kind") not in BILLABLE_KINDS:
        draft.fields.pop("cost_reported", None)
        draft.fields.pop("cost_details", None)
