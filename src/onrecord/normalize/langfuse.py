"""Langfuse: what its SDKs say in ``langfuse.*`` attributes, Python 3 to 5 and JavaScript 4 to 6.

Events of its older JSON batches come in the same words (``receive.langfuse_events``). Facts about a trace may stand on
any span, also on one that another instrumentation made: ``read_trace`` reads those alone. Source: the SDKs on the wire,
langfuse-python 2.60 to 5.0, langfuse-js 3.39 and 5.11.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from onrecord.normalize.draft import Draft
from onrecord.normalize.langfuse_counts import answered_with, read_cost, read_usage
from onrecord.normalize.langfuse_parts import BEGAN, first_token_ms
from onrecord.normalize.langfuse_sides import read_sides
from onrecord.normalize.values import as_float, as_text, as_texts, parsed

_O: Final = "langfuse.observation."
_KINDS: Final = {
    "generation": "llm", "embedding": "embedding", "agent": "agent", "tool": "tool", "chain": "chain",
    "retriever": "retriever", "evaluator": "evaluator", "guardrail": "guardrail", "trace": "chain",
}  # fmt: skip
"""Observation types that are kinds of ours; ``span`` and ``event`` are plain steps, ``trace`` one of an old batch."""
_TRACE: Final = frozenset({
    "langfuse.trace.name", "langfuse.trace.tags", "langfuse.trace.public", "langfuse.environment", "langfuse.release",
    "langfuse.version", "langfuse.user.id", "langfuse.session.id", "langfuse.tags", "langfuse.internal.as_root",
    "langfuse.observation.type", "langfuse.trace.input",
})  # fmt: skip
_UNSET: Final = (None, "", "Infinity", "inf")
"""Parameters that nobody set: the wrapper of OpenAI's client writes the latter for no bound."""
_JSON_METADATA: Final = {"python": 5, "nodejs": 6, "javascript": 6}
"""From this major version on an SDK writes every value of metadata as JSON."""
_BATCH_MAJOR: Final = 2
"""Up to this version of Python metadata came inside JSON, where nothing is encoded twice."""


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a Langfuse SDK made the span."""
    return (
        "langfuse.observation.type" in attributes
        or "langfuse.observation.input" in attributes
        or "langfuse.trace.input" in attributes
    )


def read(draft: Draft) -> None:
    """Read an observation."""
    pop = draft.attributes.pop
    type_ = as_text(pop(_O + "type", None))
    kind = _KINDS.get(type_, "span")
    draft.fields["kind"] = kind
    if type_ in ("event", "trace"):
        draft.attributes[_O + "type"] = type_  # no kind says that it has no end of its own
    _model(draft)
    _how_it_went(draft)
    for key, field in ((_O + "prompt.name", "name"), (_O + "prompt.version", "version")):
        value = draft.take(key, key.replace(_O, "langfuse."))
        if value is not None:
            draft.prompt[field] = as_text(value)
    _metadata(draft, "langfuse.observation.metadata")
    read_sides(draft, kind)
    if kind == "agent":
        draft.say("agent", draft.otlp.name)


def read_trace(draft: Draft) -> None:
    """Read what is said of the trace, on whichever span it stands."""
    attributes = draft.attributes
    if _TRACE.isdisjoint(attributes):
        return
    _metadata(draft, "langfuse.trace.metadata")
    _metadata(draft, "langfuse.metadata")
    draft.say_text("workflow", "langfuse.trace.name")
    for field, key in (("user_id", "langfuse.user.id"), ("session_id", "langfuse.session.id")):
        draft.say_text(field, key)
    tags = as_texts(attributes.pop("langfuse.trace.tags", None) or attributes.pop("langfuse.tags", None))
    draft.say("tags", tags)
    draft.say_text("environment", "langfuse.environment")
    draft.say_text("release", "langfuse.release")
    resource = draft.context.resource
    for field in ("environment", "release"):
        draft.say(field, as_text(resource.get(f"langfuse.{field}")))
    version = attributes.pop("langfuse.version", None)
    if version is not None:
        draft.metadata.setdefault("version", version)
    if attributes.pop("langfuse.trace.public", None):
        draft.metadata.setdefault("public", True)


def _model(draft: Draft) -> None:
    named = draft.take_text(_O + "model.name", "langfuse.observation.model")
    parameters = draft.take_json(_O + "model.parameters")
    if isinstance(parameters, dict):
        draft.parameters.update({name: _parameter(one) for name, one in parameters.items() if one not in _UNSET})
    elif parameters is not None:
        draft.attributes[_O + "model.parameters"] = parameters
    usage = draft.take_json(_O + "usage_details")
    # The OpenAI wrapper passes the provider's usage on, and by then the model's name is that of the answer.
    draft.say("model_served" if answered_with(usage) else "model_requested", named)
    read_usage(draft, usage)
    read_cost(draft, draft.take_json(_O + "cost_details"))
    began = draft.take_text(BEGAN).strip('"')
    if began:
        waited_ms = first_token_ms(began, draft.otlp.start_unix_nano) if draft.otlp.start_unix_nano else None
        draft.say("time_to_first_token_ms", waited_ms)
        if waited_ms is None:
            draft.attributes[BEGAN] = began


def _parameter(value: Any) -> Any:
    """A parameter; the oldest SDK writes numbers as text."""
    number = as_float(value) if type(value) is str else None
    return value if number is None else number


def _how_it_went(draft: Draft) -> None:
    """Level and message. An exception is level ERROR and leaves no event."""
    level = as_text(draft.attributes.pop(_O + "level", None))
    message = draft.take_text(_O + "status_message")
    if level == "ERROR":
        draft.fields["status"] = "error"
        if message:
            draft.error.setdefault("message", message)
    elif level and level != "DEFAULT":
        draft.attributes[_O + "level"] = level
    draft.say("status_message", message)


def _metadata(draft: Draft, prefix: str) -> None:
    """Metadata of the observation or the trace; people and tags that some integrations put there are told apart."""
    values = draft.take_map(prefix + ".")
    whole = draft.take(prefix)
    decode = _decoder(draft)
    if whole is not None:
        told = decode(whole)
        values = {**told, **values} if isinstance(told, dict) else {**values, "metadata": told}
    read = {key: decode(value) for key, value in values.items()}
    for field, key in (("user_id", "langfuse_user_id"), ("session_id", "langfuse_session_id")):
        if key in read:
            draft.say(field, as_text(read.pop(key)))
    if "langfuse_tags" in read:
        draft.say("tags", as_texts(read.pop("langfuse_tags")))
    provider = read.get("ls_provider")
    if isinstance(provider, str):
        draft.say("provider", provider)
    asked, answered = read.get("ls_model_name"), draft.fields.get("model_requested")
    if isinstance(asked, str) and answered and answered != asked:
        draft.fields["model_requested"], draft.fields["model_served"] = asked, answered
    reason = read.pop("finish_reason", None)
    if reason is not None:
        draft.say("finish_reasons", (as_text(reason),))
    draft.add_metadata(read)


def _decoder(draft: Draft) -> Any:
    """How values of metadata are written by this version of this SDK."""
    context = draft.context
    if context.scope_name != "langfuse-sdk":
        return parsed
    language = as_text(context.resource.get("telemetry.sdk.language")) or "python"
    major = context.scope_version.partition(".")[0]
    number = int(major) if major.isdecimal() else 0
    if language == "python" and number and number <= _BATCH_MAJOR:
        return _as_it_is
    return _from_json if number >= _JSON_METADATA.get(language, 1_000) else parsed


def _as_it_is(value: Any) -> Any:
    return value


def _from_json(value: Any) -> Any:
    if type(value) is not str:
        return value
    try:
        decoded = orjson.loads(value)
    except ValueError:
        return value
    return parsed(value) if isinstance(decoded, dict | list) else decoded
