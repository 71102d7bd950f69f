"""OpenLLMetry (traceloop-sdk): decorators, association properties, and its model calls of both generations.

Up to 0.40 messages are flattened (``gen_ai.prompt.N.*``), later ones are GenAI's; the GenAI reader reads both. Here
is what is Traceloop's own. Source: openllmetry 0.40 and 0.62 as captured in tests/golden.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.normalize.calls import arguments_of, say_functions, say_sides, unquoted
from onrecord.normalize.draft import Draft
from onrecord.normalize.values import as_text, as_texts, parsed

_OWN: Final = "traceloop.association.properties."
_KINDS: Final = {"workflow": "chain", "task": "chain", "agent": "agent", "tool": "tool"}
_REQUESTS: Final = {"chat": "llm", "completion": "llm", "embedding": "embedding", "rerank": "reranker"}
_USERS: Final = ("user_id", "userId", "user")
_SESSIONS: Final = ("session_id", "sessionId", "chat_id", "conversation_id", "thread_id")
_PARAMETERS: Final = (
    ("llm.top_k", "top_k"), ("llm.frequency_penalty", "frequency_penalty"), ("llm.is_streaming", "stream"),
    ("llm.presence_penalty", "presence_penalty"), ("llm.chat.stop_sequences", "stop_sequences"),
    ("gen_ai.is_streaming", "stream"),
)  # fmt: skip
_PROMPT: Final = (
    ("traceloop.prompt.key", "name"), ("traceloop.prompt.version", "version"),
    ("traceloop.prompt.version_name", "variant"), ("traceloop.prompt.template", "template"),
)  # fmt: skip


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span speaks Traceloop."""
    return (
        "llm.request.type" in attributes
        or "traceloop.span.kind" in attributes
        or "gen_ai.is_streaming" in attributes
        or "traceloop.workflow.name" in attributes
        or "traceloop.association.properties.user_id" in attributes
        or "traceloop.association.properties.session_id" in attributes
        or "traceloop.association.properties.chat_id" in attributes
        or "traceloop.entity.path" in attributes
    )


def read(draft: Draft) -> None:
    """Read what is Traceloop's own; the GenAI reader comes after it."""
    pop = draft.attributes.pop
    kind = _KINDS.get(as_text(pop("traceloop.span.kind", None))) or _REQUESTS.get(
        as_text(pop("llm.request.type", None))
    )
    if kind:
        draft.fields["kind"] = kind
    _associations(draft)
    draft.say_text("workflow", "traceloop.workflow.name")
    _entity(draft, kind)
    if kind in (None, "llm", "embedding", "reranker"):
        _call(draft)
    for key, field in _PROMPT:
        value = pop(key, None)
        if value is not None:
            draft.prompt[field] = as_text(value)
    variables = pop("traceloop.prompt.template_variables", None)
    if variables is not None:
        draft.prompt["variables"] = parsed(variables)


def _associations(draft: Draft) -> None:
    """Properties that an application ties to a trace: people by their usual names, the rest is metadata."""
    properties = draft.take_map(_OWN)
    if not properties:
        return
    for field, names in (("user_id", _USERS), ("session_id", _SESSIONS)):
        for name in names:
            if name in properties and field not in draft.fields:
                draft.say(field, as_text(properties.pop(name)))
    if "tags" in properties:
        draft.say("tags", as_texts(properties.pop("tags")))
    draft.add_metadata(properties)


def _entity(draft: Draft, kind: str | None) -> None:
    """The decorated function: its name, what it was given and what it gave back."""
    name = draft.take_text("traceloop.entity.name")
    given, gave = draft.take("traceloop.entity.input"), draft.take("traceloop.entity.output")
    if kind == "tool":
        draft.tool["name"] = name
        if given is not None:
            draft.tool["arguments"] = arguments_of(unquoted(given))
        if gave is not None:
            draft.tool["result"] = unquoted(gave)
        return
    if kind == "agent":
        draft.say("agent", name)
    elif name and name != draft.fields.get("workflow"):
        draft.attributes["traceloop.entity.name"] = name
    say_sides(draft, arguments_of(unquoted(given)), unquoted(gave))


def _call(draft: Draft) -> None:
    """A model call: parameters, tools and totals that its older versions keep under ``llm.*``."""
    pop = draft.attributes.pop
    for key, name in _PARAMETERS:
        value = pop(key, None)
        if value is not None:
            draft.parameters.setdefault(name, value)
    if draft.attributes.get("llm.headers") == "None":
        del draft.attributes["llm.headers"]
    user = pop("llm.user", None)
    if user:
        draft.metadata.setdefault("user", user)
    draft.count("total", "llm.usage.total_tokens")
    draft.count("reasoning", "llm.usage.reasoning_tokens")
    say_functions(draft)
    if draft.events:
        _first_chunk(draft)


def _first_chunk(draft: Draft) -> None:
    """Streams leave one empty event per chunk: the first tells when the answer began."""
    chunks = draft.take_events("llm.content.completion.chunk", "gen_ai.content.completion.chunk")
    if chunks:
        draft.say("time_to_first_token_ms", (chunks[0].time_unix_nano - draft.otlp.start_unix_nano) / 1e6)
        draft.events.extend(event for event in chunks if event.attributes)
