"""Plain interactions (docs/doors/import.md) as spans.

An interaction that names no ids gets ids made from its own bytes, so that the same file can be imported again and
gives nothing twice.
"""

from typing import Any, Final

from onrecord.model.interaction import Interaction
from onrecord.model.message import Message
from onrecord.model.score import Score
from onrecord.model.span import Error, Source, Span, Usage
from onrecord.model.time import instant_of
from onrecord.normalize.messages import message, messages_of, tools_of
from onrecord.normalize.providers import PROVIDERS
from onrecord.normalize.usage import usage_of
from onrecord.normalize.values import as_int, as_text

RECEIVER: Final = "import"


def span_of(one: Interaction, extra: dict[str, Any], digest: bytes) -> Span:
    """The span that an interaction is. ``digest`` is the SHA-256 of its bytes, ``extra`` what no field names."""
    began = instant_of(one.time) or 0
    error = _error(one.error)
    provider = one.provider.lower()
    span_id = one.id or digest[:8].hex()
    trace_id = one.trace_id or digest[8:24].hex()
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=one.parent_id,
        name=one.name or one.kind,
        kind=one.kind,
        start_unix_nano=began,
        end_unix_nano=_end(one, began),
        status="error" if error is not None else "ok",
        user_id=one.user,
        session_id=one.session,
        tenant_id=one.tenant,
        application=one.application,
        environment=one.environment,
        release=one.release,
        tools=tools_of(one.tools) if one.tools is not None else (),
        input=_input(one),
        output=tuple(messages_of(one.output, "assistant")),
        provider=PROVIDERS.get(provider) or provider,
        model_requested=one.model,
        model_served=one.served_model,
        response_id=one.response_id,
        parameters=one.parameters,
        finish_reasons=(one.finish_reason,) if one.finish_reason else (),
        time_to_first_token_ms=one.time_to_first_token_ms,
        usage=_usage(one),
        cost_reported=one.cost,
        cost_currency=one.currency,
        error=error,
        scores=_scores(one, trace_id, span_id, began),
        tags=one.tags,
        metadata=one.metadata,
        attributes=extra,
        source=Source(receiver=RECEIVER, dialect="interaction"),
    )


def _end(one: Interaction, began: int) -> int:
    if one.end_time is not None:
        return instant_of(one.end_time) or began
    return began + int((one.duration_ms or 0) * 1_000_000)


def _input(one: Interaction) -> tuple[Message, ...]:
    said = messages_of(one.input) if one.input is not None else []
    return (message("system", one.system), *said) if one.system else tuple(said)


def _usage(one: Interaction) -> Usage:
    counts = {name: getattr(one.tokens, name) for name in one.tokens.__struct_fields__}
    return usage_of({name: count for name, count in counts.items() if count is not None}, one.kind)


def _error(said: str | dict[str, Any] | None) -> Error | None:
    if said is None:
        return None
    if isinstance(said, str):
        return Error(message=said)
    return Error(
        type=as_text(said.get("type")),
        message=as_text(said.get("message")),
        stack=as_text(said.get("stack")),
        request_id=as_text(said.get("request_id")),
        http_status=as_int(said.get("http_status")),
    )


def _scores(one: Interaction, trace_id: str, span_id: str, began: int) -> tuple[Score, ...]:
    return tuple(
        Score(
            name=score.name,
            id=score.id,
            value=score.value,
            label=score.label,
            passed=score.passed,
            comment=score.comment,
            source=score.source,
            trace_id=trace_id,
            span_id=span_id,
            time_unix_nano=began,
        )
        for score in one.scores
    )
