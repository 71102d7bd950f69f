"""What onrecord's own client says of its records: who numbers them, the number of each, and what is missing.

Source: docs/doors/client.md, "On the wire". Anybody may number records in the same way.
"""

from typing import Any, Final

from msgspec.structs import replace

from onrecord.model.declaration import LARGEST_NUMBER, REASONS, Declaration
from onrecord.model.otlp import OtlpContext, OtlpLog
from onrecord.model.score import Score
from onrecord.model.source import Source
from onrecord.normalize.logs import name_of
from onrecord.normalize.values import as_float, as_int, as_text

PRODUCER: Final = "onrecord.producer.id"
SEQUENCE: Final = "onrecord.sequence"
_SCORE: Final = "onrecord.score."
_DROP: Final = "onrecord.drop"
_SAMPLING: Final = "onrecord.sampling"
_SOURCES: Final = frozenset(("end_user", "human", "validator", "evaluator", "code"))


def take_number(attributes: dict[str, Any]) -> int | None:
    """The number of a record, taken out of its attributes; one that is none stays there."""
    number = as_int(attributes.get(SEQUENCE))
    if number is None or not 0 < number < LARGEST_NUMBER:
        return None
    del attributes[SEQUENCE]
    return number


def with_provenance(score: Score, context: OtlpContext, receiver: str) -> Score:
    """A score with where it came from, and what our client says of it beyond the convention."""
    rest = dict(score.metadata)
    number = take_number(rest)
    said = {name: rest.pop(_SCORE + name) for name in _NAMES if _SCORE + name in rest}
    session = as_text(rest.pop("session.id", ""))
    source = as_text(said.get("source"))
    passed = said.get("passed")
    return replace(
        score,
        id=as_text(said.get("id")),
        source=source if source in _SOURCES else score.source,
        author=as_text(said.get("author")),
        passed=passed if isinstance(passed, bool) else score.passed,
        trace_id=score.trace_id or as_text(said.get("trace")),
        span_id=score.span_id or as_text(said.get("span")),
        session_id=session,
        metadata=rest,
        provenance=_provenance(context, receiver, number),
    )


_NAMES: Final = ("id", "source", "author", "passed", "trace", "span")


def declaration_of(log: OtlpLog, context: OtlpContext, receiver: str) -> Declaration | None:
    """The declaration that a log record is; ``None`` when it is none, or says nothing that can be counted."""
    name = name_of(log)
    if name not in {_DROP, _SAMPLING}:
        return None
    provenance = _provenance(context, receiver, None)
    values = log.attributes
    count = as_int(values.get("count")) or 0
    if not provenance.producer or not 0 < count < LARGEST_NUMBER:
        return None
    if name == _SAMPLING:
        return Declaration(
            kind="sampling",
            provenance=provenance,
            count=count,
            rate=as_float(values.get("rate")),
            total=as_int(values.get("total")) or count,
            time_unix_nano=log.time_unix_nano,
        )
    first, last = as_int(values.get("first")) or 0, as_int(values.get("last")) or 0
    if not 0 < first <= last < LARGEST_NUMBER or last - first + 1 != count:
        first = last = 0
    reason = as_text(values.get("reason"))
    return Declaration(
        kind="drop",
        provenance=provenance,
        count=count,
        reason=reason if reason in REASONS else "other",
        first=first,
        last=last,
        time_unix_nano=log.time_unix_nano,
    )


def _provenance(context: OtlpContext, receiver: str, number: int | None) -> Source:
    return Source(
        receiver=receiver,
        sdk=context.scope_name,
        sdk_version=context.scope_version,
        language=as_text(context.resource.get("telemetry.sdk.language")),
        producer=as_text(context.resource.get(PRODUCER) or context.resource.get("service.instance.id")),
        sequence=number,
    )
