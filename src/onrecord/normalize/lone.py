"""Parts that name no span but only the response of a model call, and the spans that such parts are about.

OpenLIT tells of a streamed answer once the span has ended: its log record names no span. What such a part shows until
its span is found, and which spans are looked for, is said here; the finding is ``ingest.joins``.
"""

from typing import Final

from msgspec.structs import replace

from onrecord.model.span import Span

_STAND_IN: Final = "response"
"""How an id begins that stands in for one that nobody sent: no id of OpenTelemetry, which is hex, does."""


def standing_in(part: Span) -> Span:
    """The part with ids that stand in for those of the span that it is about."""
    name = f"{_STAND_IN}:{part.response_id}"
    return replace(part, trace_id=part.trace_id or name, span_id=name if part.trace_id else _STAND_IN)


def stands_in(identifier: str) -> bool:
    """Whether a trace or span id only stands in for one that is not known yet."""
    return identifier.startswith(_STAND_IN)


def may_be_told_of(span: Span) -> bool:
    """Whether a part may come that names this span by its response only.

    It may when the span is a model call that says nothing of the answer, or one that OpenLIT streamed. Others are
    not looked for: they carry what they have to say, and pay nothing for those that do not.
    """
    if span.kind != "llm" or not span.response_id:
        return False
    return not span.output or (span.source.dialect == "openlit" and span.parameters.get("stream") is True)
