"""One event of a Langfuse batch: a trace, an observation or an update of one, as a span in the words of its later SDKs.

A trace has no observation of its own there; here it is the root span, under its own id, and observations without a
parent stand below it. What an update leaves out is left as it was (``normalize.merge``).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from onrecord.limits import ID_BYTES
from onrecord.model.otlp import OtlpContext, OtlpSpan
from onrecord.model.score import Score
from onrecord.receive.decoded import Bad

QUIET: Final = ("sdk-log",)
"""Events that concern no model call."""
_O: Final = "langfuse.observation."
_TYPES: Final = frozenset(
    {"span", "generation", "event", "agent", "tool", "chain", "retriever", "embedding", "evaluator", "guardrail"}
)
_SIDES: Final = (("input", _O + "input"), ("output", _O + "output"))
_WORDS: Final = (
    ("level", _O + "level"), ("statusMessage", _O + "status_message"), ("model", _O + "model.name"),
    ("modelParameters", _O + "model.parameters"), ("costDetails", _O + "cost_details"),
    ("completionStartTime", _O + "completion_start_time"), ("promptName", _O + "prompt.name"),
    ("promptVersion", _O + "prompt.version"), ("version", "langfuse.version"), ("environment", "langfuse.environment"),
    *_SIDES,
)  # fmt: skip
_TRACE_WORDS: Final = (
    ("name", "langfuse.trace.name"), ("userId", "user.id"), ("sessionId", "session.id"),
    ("release", "langfuse.release"),
    ("version", "langfuse.version"), ("environment", "langfuse.environment"), ("public", "langfuse.trace.public"),
    ("tags", "langfuse.trace.tags"), *_SIDES,
)  # fmt: skip
_COSTS: Final = (("inputCost", "input"), ("outputCost", "output"), ("totalCost", "total"))
_COUNTED: Final = ("unit", *(name for name, _ in _COSTS))
_LANGUAGES: Final = {"python": "python", "javascript": "nodejs", "langfuse-js": "nodejs"}


class Made(msgspec.Struct, frozen=True, gc=False):
    """A span that an event became."""

    span: OtlpSpan
    context: OtlpContext
    kind: str
    ended: bool = False


def read_event(event: dict[str, Any], sender: dict[str, Any]) -> Made | Score:
    """Read one event.

    Raises:
        Bad: it can not be kept; the sentence says why, without a byte of it.
    """
    body = event.get("body")
    if not isinstance(body, dict):
        raise Bad("the event has no body")
    type_ = str(event.get("type"))
    if type_ == "score-create":
        return score_of(body, body.get("timestamp") or event.get("timestamp"))
    context = _context(sender)
    if type_ == "trace-create":
        return Made(_trace(body, event.get("timestamp")), context, "span", ended=True)
    what, _, verb = type_.rpartition("-")
    if what == "observation":
        what = str(body.get("type", "span")).lower()
    if what not in _TYPES or verb not in ("create", "update"):
        raise Bad("the event is of a type that is not known here")
    return Made(_observation(what, body, fresh=verb == "create"), context, "span" if verb == "create" else "part")


def score_of(body: dict[str, Any], when: Any) -> Score:
    """Read one score.

    Raises:
        Bad: it names nothing that it is about, or says nothing.
    """
    name = _id(body, "name")
    if not name:
        raise Bad("the score has no name")
    value = body.get("value")
    if not isinstance(value, str | int | float):
        raise Bad("the score has no value")
    number = float(value) if not isinstance(value, str) else None
    type_ = body.get("dataType")
    metadata = body.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, dict) else {"metadata": metadata} if metadata else {}
    for key in ("dataType", "environment", "configId", "queueId", "datasetRunId"):
        if body.get(key):
            metadata.setdefault(key, body[key])
    score = Score(
        name=name,
        id=_id(body, "id"),
        value=number,
        label=value if isinstance(value, str) else "",
        passed=bool(number) if type_ == "BOOLEAN" or isinstance(value, bool) else None,
        comment=body["comment"] if isinstance(body.get("comment"), str) else "",
        trace_id=_id(body, "traceId"),
        span_id=_id(body, "observationId"),
        session_id=_id(body, "sessionId"),
        time_unix_nano=_nanos(when),
        metadata=metadata,
    )
    if not (score.trace_id or score.session_id or body.get("datasetRunId")):
        raise Bad("the score names no trace, session or dataset run")
    return score


def _trace(body: dict[str, Any], sent: Any) -> OtlpSpan:
    trace_id = _id(body, "id")
    if not trace_id:
        raise Bad("the trace has no id")
    attributes = _words(body, _TRACE_WORDS)
    attributes[_O + "type"] = "trace"
    _add_metadata(attributes, "langfuse.trace.metadata", body.get("metadata"))
    return OtlpSpan(
        trace_id=trace_id,
        span_id=trace_id,
        name=_name(body),
        start_unix_nano=_nanos(body.get("timestamp") or sent),
        attributes=attributes,
    )


def _observation(what: str, body: dict[str, Any], *, fresh: bool) -> OtlpSpan:
    """``fresh``: the event makes the observation; without a trace of its own it makes that, too."""
    span_id = _id(body, "id")
    if not span_id:
        raise Bad("the observation has no id")
    trace_id = _id(body, "traceId") or (span_id if fresh else "")
    if not trace_id:
        raise Bad("the update names no trace")
    attributes = _words(body, _WORDS)
    attributes[_O + "type"] = what
    _add_metadata(attributes, _O + "metadata", body.get("metadata"))
    usage = body.get("usageDetails") or _usage(body.get("usage"), attributes)
    if usage:
        attributes[_O + "usage_details"] = usage
    start = _nanos(body.get("startTime"))
    parent = _id(body, "parentObservationId")
    if fresh and not parent and trace_id != span_id:
        parent = trace_id
    return OtlpSpan(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=parent,
        name=_name(body),
        start_unix_nano=start,
        end_unix_nano=start if what == "event" else _nanos(body.get("endTime")),
        attributes=attributes,
    )


def _usage(usage: Any, attributes: dict[str, Any]) -> dict[str, Any] | None:
    """The older form, which tells counts and costs together."""
    if not isinstance(usage, dict):
        return None
    costs = {name: usage[key] for key, name in _COSTS if usage.get(key) is not None}
    if costs:
        attributes.setdefault(_O + "cost_details", costs)
    return {name: value for name, value in usage.items() if name not in _COUNTED and value is not None}


def _words(body: dict[str, Any], words: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {attribute: body[key] for key, attribute in words if body.get(key) is not None}


def _add_metadata(attributes: dict[str, Any], prefix: str, metadata: Any) -> None:
    if isinstance(metadata, dict):
        attributes.update({f"{prefix}.{key}": value for key, value in metadata.items()})
    elif metadata is not None:
        attributes[prefix] = metadata


def _context(sender: dict[str, Any]) -> OtlpContext:
    """Who sent the batch, as a scope: SDK, version, language."""
    get: Callable[[str], Any] = sender.get
    name, version = get("sdk_name"), get("sdk_version")
    language = _LANGUAGES.get(name) if isinstance(name, str) else None
    return OtlpContext(
        resource={"telemetry.sdk.language": language} if language else {},
        scope_name="langfuse-sdk",
        scope_version=version if isinstance(version, str) else "",
    )


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    return name if isinstance(name, str) else ""


def _id(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value.encode("utf-8", "surrogatepass")) > ID_BYTES:
        raise Bad(f"{key} is no text of at most {ID_BYTES} bytes")
    return value


def _nanos(value: Any) -> int:
    """Nanoseconds since the epoch of an ISO 8601 instant; 0 when there is none."""
    if not isinstance(value, str) or not value:
        return 0
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise Bad("an instant is not in ISO 8601") from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return max(0, round(instant.timestamp() * 1_000_000) * 1_000)
