"""From an exchange of the gateway to ``model.Span``: what was asked, what was answered, and how it went.

Pure, and never fails: an exchange whose bodies nobody understands is a span that carries them as they are. What the
caller asked to leave out is left out here, after its tokens were counted: its length and digest stay.
"""

from base64 import b16encode
from typing import Any, Final

import orjson

from onrecord.limits import ATTRIBUTE_DEPTH
from onrecord.model.exchange import Caller, Exchange, Kept
from onrecord.model.message import Message, Part
from onrecord.model.span import Error, PromptRef, Source, Span
from onrecord.normalize.endpoints import Api, api_of
from onrecord.normalize.exchange_answer import answer_fields, error_of
from onrecord.normalize.exchange_request import request_fields
from onrecord.normalize.streams import Stream, put_together
from onrecord.normalize.values import deeper_than

_CLIENT: Final = 3
"""OpenTelemetry SpanKind of a call of another service."""
_CONTENT: Final = ("input", "tools", "parameters", "metadata")
_SPOKEN: Final = ("response.", "gateway.stream.unread")
"""Attributes that may hold what was answered."""
_FAILED: Final = 400


def read_exchange(one: Exchange) -> Span:
    """The span of one call."""
    api = api_of(one.method, one.path)
    try:
        fields = _understood(one, api)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # Foreign shapes are endless; what came is evidence, whatever it is.
        fields = _as_they_are(one) | {"attributes": {"gateway.not_understood": type(error).__name__}}
    _add_caller(fields, one.caller)
    fields["attributes"] = _attributes(one) | fields.get("attributes", {})
    model = fields.get("model_requested") or fields.get("model_served", "")
    return Span(
        trace_id=one.trace_id,
        span_id=one.span_id,
        parent_id=one.parent_id,
        trace_state=one.trace_state,
        flags=one.flags,
        name=one.caller.name or f"{api.operation} {model}".strip(),
        kind=api.kind,
        otel_kind=_CLIENT,
        start_unix_nano=one.started_unix_nano,
        end_unix_nano=one.ended_unix_nano,
        running=not one.ended_unix_nano,
        provider=one.provider,
        endpoint=one.endpoint,
        source=Source(receiver="gateway", dialect=api.dialect or "http", sdk=one.sdk, sdk_version=one.sdk_version),
        **fields,
    )


def _understood(one: Exchange, api: Api) -> dict[str, Any]:
    asked = _json(one.request)
    fields = request_fields(asked, one.path, api.dialect) if api.kind != "span" else {}
    if asked is None and one.request.data and api.kind != "span":
        fields["input"] = (Message(role="user", parts=(_raw(one.request),)),)
    if one.caller.omit_request or one.request.state == "omitted":
        fields = {key: value for key, value in fields.items() if key not in _CONTENT}
    if one.ended_unix_nano:
        _add_answer(fields, one, api, asked if isinstance(asked, dict) else {})
    return fields


def _add_answer(fields: dict[str, Any], one: Exchange, api: Api, asked: dict[str, Any]) -> None:
    kept = one.response
    stream = put_together(kept.data, kept.media, api.dialect) if not kept.coding and one.status < _FAILED else None
    body = stream.whole.body if stream is not None else _json(kept)
    text = kept.data.decode("utf-8", "replace") if body is None and not kept.coding and _is_text(kept) else ""
    error: Error | None = None
    if one.status >= _FAILED:
        error = error_of(body, text) or Error()
    elif api.kind != "span" or api.dialect:
        told = answer_fields(body, api.kind, api.dialect, asked)
        if body is None and kept.data and api.kind != "embedding":
            told["output"] = (Message(role="assistant", parts=(_raw(kept),)),)
        error = error_of(stream.whole.error if stream is not None else _failure_in(body))
        fields |= told
    if stream is not None:
        _add_stream(fields, stream, one)
    if one.caller.omit_response or kept.state == "omitted":
        fields.pop("output", None)
        fields["attributes"] = {
            key: value
            for key, value in fields.get("attributes", {}).items()
            if not key.startswith(("response.", "gateway.stream.unread"))
        }
        error = error and Error(type=error.type)
    error = _with_circumstances(error, one, stream)
    if error is not None:
        fields["error"] = error
    fields["status"] = "error" if error is not None else "ok"


def _failure_in(body: Any) -> Any:
    """What a whole answer with a good status says went wrong."""
    return body["error"] if isinstance(body, dict) and body.get("error") else None


def _with_circumstances(error: Error | None, one: Exchange, stream: Stream | None) -> Error | None:
    """The error with what the gateway knows of it; also the failure that only the gateway saw."""
    kind, message = "", ""
    if error is None:
        if one.failure:
            kind, message = one.failure, _FAILURES.get(one.failure, "")
        elif one.cancelled and (stream is None or not stream.whole.complete):
            kind, message = "cancelled", "The client left before the answer was whole."
        elif stream is not None and not stream.whole.complete and one.response.state == "whole":
            kind, message = "incomplete", "The stream ended without saying that it had ended."
        else:
            return None
        error = Error(type=kind, message=message)
    return Error(
        type=error.type,
        message=error.message,
        http_status=one.status if one.status >= _FAILED else None,
        retry_count=one.retry_count,
        request_id=one.request_id,
    )


_FAILURES: Final = {
    "refused": "The provider could not be reached.", "timeout": "The provider did not answer in time.",
    "broken": "The provider ended the connection before its answer was whole.",
    "stopped": "The gateway stopped before the answer was whole.",
}  # fmt: skip


def _add_stream(fields: dict[str, Any], stream: Stream, one: Exchange) -> None:
    attributes: dict[str, Any] = fields.setdefault("attributes", {})
    attributes["gateway.stream.events"] = stream.count
    if not stream.whole.complete:
        attributes["gateway.stream.complete"] = False
    if stream.unread or stream.whole.strange:
        attributes["gateway.stream.unread"] = [*stream.unread, *stream.whole.strange]
    first = stream.whole.first
    if first and len(one.response.data) != one.response.size:
        first = 1  # marks count bytes of the wire, which were compressed: the first piece is as near as can be known
    grown = next((mark for mark in one.marks if mark.size >= first), None) if first else None
    if grown is not None:
        fields["time_to_first_token_ms"] = (grown.unix_nano - one.started_unix_nano) / 1e6


def _as_they_are(one: Exchange) -> dict[str, Any]:
    fields: dict[str, Any] = {"status": "error" if one.failure or one.status >= _FAILED else "ok"}
    if one.request.data and not one.caller.omit_request:
        fields["input"] = (Message(role="user", parts=(_raw(one.request),)),)
    if one.response.data and not one.caller.omit_response:
        fields["output"] = (Message(role="assistant", parts=(_raw(one.response),)),)
    return fields


def _raw(kept: Kept) -> Part:
    """A body that is not read, whole: text as text, anything else as bytes."""
    if not kept.coding and _is_text(kept):
        return Part(text=kept.data.decode("utf-8", "replace"))
    extra = {"coding": kept.coding} if kept.coding else {}
    return Part(type="media", mime=kept.media, data=kept.data, extra=extra)


def _is_text(kept: Kept) -> bool:
    return kept.media.startswith("text/") or "json" in kept.media or not kept.media


def _json(kept: Kept) -> Any:
    """The JSON of a body, ``None`` when it is none, was cut, or nests deeper than a record may."""
    if not kept.data or kept.coding or kept.state == "truncated":
        return None
    try:
        value = orjson.loads(kept.data)
    except ValueError:
        return None
    return None if deeper_than(value, ATTRIBUTE_DEPTH) else value


def _add_caller(fields: dict[str, Any], caller: Caller) -> None:
    """What headers say goes before what bodies say."""
    for name in ("user_id", "session_id", "tenant_id", "application", "environment", "release", "workflow"):
        said = getattr(caller, name)
        if said:
            fields[name] = said
    if caller.tags:
        fields["tags"] = caller.tags
    if caller.properties:
        fields["metadata"] = {**fields.get("metadata", {}), **caller.properties}
    if caller.prompt:
        fields["prompt"] = PromptRef(name=caller.prompt, version=caller.prompt_version)
    if caller.model and not fields.get("model_served"):
        fields["model_served"] = caller.model


def _attributes(one: Exchange) -> dict[str, Any]:
    found: dict[str, Any] = {"gateway.upstream": one.upstream, "http.request.method": one.method, "url.path": one.path}
    if one.query:
        found["url.query"] = one.query
    if one.status:
        found["http.response.status_code"] = one.status
    for name, kept in (("request", one.request), ("response", one.response)):
        if kept.sha256:
            found[f"gateway.{name}.bytes"] = kept.size
            found[f"gateway.{name}.sha256"] = b16encode(kept.sha256).decode().lower()
        omitted = one.caller.omit_request if name == "request" else one.caller.omit_response
        state = "omitted" if omitted else kept.state
        if state != "whole":
            found[f"gateway.{name}.kept"] = state
    for name in ("failure", "request_id", "retry_count", "cancelled"):
        value = getattr(one, name)
        if value not in ("", None, False):
            found[f"gateway.{name}"] = value
    if one.credential:
        found["gateway.account"] = one.credential  # named so that it is not taken for a secret
    if one.notes:
        found["gateway.notes"] = list(one.notes)
    return found | {f"http.header.{name}": value for name, value in one.headers.items()}
