"""From a decoded span to ``model.Span``: which convention it speaks, and what it says.

A dialect is a module with two functions: ``matches(attributes)``, cheap, and ``read(draft)``. The first that matches
reads; then the GenAI and the generic readers pick up what it left, because spans mix conventions. No reader fails on
any input, and what none of them reads is kept.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from onrecord.model.declaration import Declaration
from onrecord.model.message import Message
from onrecord.model.otlp import OtlpContext, OtlpLog, OtlpSpan
from onrecord.model.score import Score
from onrecord.model.span import Error, Event, Link, PromptRef, Scope, Source, Span, ToolCall
from onrecord.normalize import (
    anthropic_sdk,
    genai,
    generic,
    langfuse,
    langsmith_otel,
    litellm,
    logfire,
    logs,
    mlflow,
    openinference,
    openlit,
    traceloop,
    vercel,
)
from onrecord.normalize.draft import Draft
from onrecord.normalize.numbered import PRODUCER, SEQUENCE, declaration_of, take_number, with_provenance
from onrecord.normalize.providers import PROVIDERS
from onrecord.normalize.usage import usage_of

Dialect = tuple[str, Callable[[Mapping[str, Any]], bool], Callable[[Draft], None]]

DIALECTS: Final[tuple[Dialect, ...]] = (
    ("langfuse", langfuse.matches, langfuse.read),
    ("openinference", openinference.matches, openinference.read),
    ("anthropic", anthropic_sdk.matches, anthropic_sdk.read),
    ("litellm", litellm.matches, litellm.read),
    ("traceloop", traceloop.matches, traceloop.read),
    ("vercel", vercel.matches, vercel.read),
    ("logfire", logfire.matches, logfire.read),
    ("mlflow", mlflow.matches, mlflow.read),
    ("openlit", openlit.matches, openlit.read),
    ("langsmith", langsmith_otel.matches, langsmith_otel.read),
    ("genai", genai.matches, genai.read),
)
"""In the order of detection: the first that matches names the dialect."""

_STATUS: Final = ("unset", "ok", "error")


def normalize(span: OtlpSpan, context: OtlpContext, receiver: str = "otlp") -> Span:
    """Read a span in whichever convention it was written. ``receiver`` is the door that it came through."""
    draft = Draft(span, context)
    generic.read_people(draft)
    dialect = "otel"
    langfuse.read_trace(draft)
    for name, matches, read in DIALECTS:
        if matches(draft.attributes):
            dialect = name
            read(draft)
            break
    if dialect != "genai" and draft.attributes and genai.matches(draft.attributes):
        genai.read(draft)
    generic.read(draft)
    return finish(draft, receiver, dialect)


def normalize_log(log: OtlpLog, context: OtlpContext, receiver: str = "otlp") -> Span | Score | Declaration | None:
    """Read a log record: a part of a span, a score, a declaration, or nothing that concerns a model (``None``)."""
    declared = declaration_of(log, context, receiver)
    if declared is not None:
        return declared
    carrier = logs.carrier(log)
    if carrier is None:
        return None
    if isinstance(carrier, Score):
        return with_provenance(carrier, context, receiver)
    draft = Draft(carrier, context)
    generic.read_people(draft)
    logs.read(draft, log)
    genai.read(draft)
    generic.read(draft)
    logs.part_of(draft)
    return finish(draft, receiver, "genai")


def finish(draft: Draft, receiver: str, dialect: str) -> Span:
    """The span that a draft has become."""
    otlp = draft.otlp
    fields = draft.fields
    kind = fields.setdefault("kind", "span")
    if draft.usage:
        fields["usage"] = usage_of(draft.usage, kind)
    if draft.input:
        fields["input"] = tuple(draft.input)
    if draft.output:
        fields["output"] = _answers(draft.output, fields)
    if draft.parameters:
        fields["parameters"] = draft.parameters
    if draft.metadata:
        fields["metadata"] = draft.metadata
    if draft.events:
        fields["events"] = tuple([Event(event.name, event.time_unix_nano, event.attributes) for event in draft.events])
    provider = fields.get("provider")
    if provider is not None:
        fields["provider"] = PROVIDERS.get(provider) or provider.lower()
    _add_rare(draft)
    _add_provenance(draft, receiver, dialect)
    status = fields.pop("status", None)
    if not status:
        status = _STATUS[otlp.status_code] if 0 <= otlp.status_code <= 2 else "unset"  # noqa: PLR2004
    if status == "unset" and draft.error:
        status = "error"
    return Span(
        trace_id=otlp.trace_id,
        span_id=fields.pop("span_id", otlp.span_id),
        parent_id=fields.pop("parent_id", otlp.parent_id),
        name=fields.pop("name", otlp.name),
        otel_kind=otlp.kind,
        trace_state=otlp.trace_state,
        flags=otlp.flags,
        status_message=fields.pop("status_message", otlp.status_message),
        start_unix_nano=fields.pop("start_unix_nano", otlp.start_unix_nano),
        end_unix_nano=fields.pop("end_unix_nano", otlp.end_unix_nano),
        running=fields.pop("running", otlp.end_unix_nano == 0),
        status=status,
        attributes=draft.attributes,
        **fields,
    )


def _answers(output: list[Message], fields: dict[str, Any]) -> tuple[Message, ...]:
    """Output messages. Why each ended stands once, in ``finish_reasons``: the next call repeats the message without."""
    output = [one for one in output if one.parts or one.finish_reason or one.extra]
    reasons = tuple([one.finish_reason for one in output])
    if any(reasons):
        said = fields.setdefault("finish_reasons", tuple([reason for reason in reasons if reason]))
        if said == reasons:
            return tuple([replace(one, finish_reason="") for one in output])
    return tuple(output)


def _add_rare(draft: Draft) -> None:
    """What few spans have."""
    otlp = draft.otlp
    fields = draft.fields
    if draft.tool:
        fields["tool"] = ToolCall(**draft.tool)
    if draft.prompt:
        fields["prompt"] = PromptRef(**draft.prompt)
    if draft.error:
        fields["error"] = Error(**draft.error)
    if draft.documents:
        fields["documents"] = tuple(draft.documents)
    if draft.scores:
        fields["scores"] = tuple(draft.scores)
    if otlp.links:
        fields["links"] = tuple(
            [Link(link.trace_id, link.span_id, link.trace_state, link.attributes) for link in otlp.links]
        )
    if otlp.dropped_attributes or otlp.dropped_events or otlp.dropped_links:
        dropped = {"attributes": otlp.dropped_attributes, "events": otlp.dropped_events, "links": otlp.dropped_links}
        fields["dropped"] = {what: count for what, count in dropped.items() if count}


def _add_provenance(draft: Draft, receiver: str, dialect: str) -> None:
    context = draft.context
    fields = draft.fields
    resource = context.resource
    if resource:
        fields["resource"] = resource
        get = resource.get
        language = get("telemetry.sdk.language")
        producer = get(PRODUCER) or get("service.instance.id")
    else:
        language = producer = None
    if context.scope_name:
        fields["scope"] = Scope(
            context.scope_name, context.scope_version, context.scope_schema_url, context.scope_attributes
        )
    fields["source"] = Source(
        receiver=receiver,
        dialect=dialect,
        sdk=context.scope_name,
        sdk_version=context.scope_version,
        language=language if type(language) is str else "",
        producer=producer if type(producer) is str else "",
        sequence=take_number(draft.attributes) if SEQUENCE in draft.attributes else None,
    )
