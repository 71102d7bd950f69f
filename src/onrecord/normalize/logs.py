"""Log records that concern a model call: content that conventions keep apart from spans, and evaluations.

A log record with the ids of its span becomes a *part*: a span that carries only what the record says. One without ids
is joined later by the response id. A record that concerns no model call is none of ours.
Source: semantic-conventions-genai, events.
"""

from typing import Any, Final

from onrecord.model.otlp import OtlpEvent, OtlpLog, OtlpSpan
from onrecord.model.score import Score
from onrecord.normalize.draft import Draft
from onrecord.normalize.evaluation import evaluation_of
from onrecord.normalize.genai_events import DETAILS, read_event
from onrecord.normalize.values import as_text, parsed

_CONTENT: Final = frozenset(
    {"gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message",
     "gen_ai.choice", "gen_ai.content.prompt", "gen_ai.content.completion", DETAILS}
)  # fmt: skip
_EXCEPTIONS: Final = frozenset({"gen_ai.client.operation.exception", "exception"})


def carrier(log: OtlpLog) -> OtlpSpan | Score | None:
    """The empty span that a log record is a part of, the score that it is, or ``None`` when it is neither."""
    name = name_of(log)
    if name == "gen_ai.evaluation.result":
        return evaluation_of(_values(log), log, log.time_unix_nano or log.observed_unix_nano)
    if name not in _CONTENT and not (name in _EXCEPTIONS and log.span_id):
        return None
    if not log.span_id and not log.attributes.get("gen_ai.response.id"):
        return None
    attributes = {key: value for key, value in log.attributes.items() if key != "event.name"}
    return OtlpSpan(log.trace_id, log.span_id, attributes=attributes)


def name_of(log: OtlpLog) -> str:
    """The name of the event that a log record is; older SDKs keep it in an attribute."""
    return log.event_name or as_text(log.attributes.get("event.name"))


def read(draft: Draft, log: OtlpLog) -> None:
    """Read the body of a log record into the part that its attributes have begun."""
    name = name_of(log)
    time_unix_nano = log.time_unix_nano or log.observed_unix_nano
    if name in _EXCEPTIONS:
        draft.events.append(OtlpEvent("exception", time_unix_nano, _values(log)))
        for key in [key for key in draft.attributes if key.startswith("exception.")]:
            del draft.attributes[key]
    elif name == DETAILS:
        if isinstance(log.body, dict):
            for key, value in log.body.items():
                draft.attributes.setdefault(key, value)
    else:
        values = _values(log)
        for key in [key for key in draft.attributes if key in values and not key.startswith("gen_ai.")]:
            del draft.attributes[key]
        read_event(draft, OtlpEvent(name, time_unix_nano, values))


def part_of(draft: Draft) -> None:
    """What a part must not claim: a part knows neither that the span runs nor that it is of no AI kind."""
    draft.fields["running"] = False


def _values(log: OtlpLog) -> dict[str, Any]:
    """Attributes and body of a log record as one map; a body that is no map is the content."""
    body = parsed(log.body)
    if isinstance(body, dict):
        return {**log.attributes, **body}
    return log.attributes if body is None else {**log.attributes, "content": body}
