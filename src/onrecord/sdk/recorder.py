"""What steps and scores do through OpenTelemetry."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from onrecord.sdk.capture import attribute, captured
from onrecord.sdk.client import Client
from onrecord.sdk.otlp import Judgement
from onrecord.sdk.processor import PEOPLE
from onrecord.sdk.settings import ClientSettings
from onrecord.sdk.state import NOTHING

_KIND = "openinference.span.kind"


class OtelRecorder:
    """Implements ``state.Recorder``."""

    def __init__(self, settings: ClientSettings, mask: Callable[[str], str] | None, provider: Any) -> None:
        self._client = Client(settings, mask, provider)
        self._tracer = self._client.tracer

    def start(self, name: str, kind: str, given: Any) -> Span:
        """Start a span below the current one; all that is known by now is said at once."""
        said = {_KIND: kind.upper()} if kind else {}
        if given is not NOTHING:
            said["input.value"], said["input.mime_type"] = captured(given)
        return self._tracer.start_span(name, attributes=said)

    def enter(self, span: Span) -> Any:
        """Make a span the current one."""
        return otel_context.attach(set_span_in_context(span))

    def leave(self, token: Any) -> None:
        """Undo ``enter``."""
        otel_context.detach(token)

    def end(self, span: Span, error: BaseException | None) -> None:
        """End a span; a generator that was closed early has not failed."""
        try:
            if error is not None and not isinstance(error, GeneratorExit):
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                span.record_exception(error)
                span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
        finally:  # an error that can not even be told ends its step all the same
            span.end()

    def say(self, span: Span, side: str, value: Any) -> None:
        """Say the ``input`` or the ``output`` of a span."""
        text, media = captured(value)
        span.set_attributes({f"{side}.value": text, f"{side}.mime_type": media})

    def set(self, span: Span, attributes: Mapping[str, Any]) -> None:
        """Set attributes of a span."""
        span.set_attributes({name: attribute(value) for name, value in attributes.items() if value is not None})

    def ids(self, span: Span) -> tuple[str, str]:
        """Trace id and span id in hex."""
        context = span.get_span_context()
        return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else ("", "")

    def current(self) -> Span | None:
        """The span that is current now."""
        span = otel.get_current_span()
        return span if span.get_span_context().is_valid else None

    def enter_people(self, people: Mapping[str, str]) -> Any:
        """From here on it is for these people; what is not named stays as it was."""
        known: Any = otel_context.get_value(PEOPLE) or {}
        return otel_context.attach(otel_context.set_value(PEOPLE, {**known, **people}))

    def judge(self, attributes: dict[str, Any], trace_id: str, span_id: str) -> None:
        """Take a score."""
        now_ns = time.time_ns()  # noqa: TID251 - the client has no clock of the server's
        self._client.judge(Judgement(attributes, now_ns, trace_id, span_id))

    def flush(self, timeout_s: float) -> bool:
        """Send everything."""
        return self._client.flush(timeout_s)

    def shutdown(self, timeout_s: float) -> bool:
        """Flush, then end."""
        return self._client.shutdown(timeout_s)

    def status(self) -> dict[str, int | str | bool]:
        """Counts."""
        return self._client.status()

    def instrument(self, wanted: bool | tuple[str, ...]) -> None:
        """Switch on instrumentors."""
        self._client.instrument(wanted)
