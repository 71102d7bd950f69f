"""The span processor: what OpenTelemetry tells us about, handed to the intake.

It adds nothing to the spans themselves, so that other exporters of the same application see no person's id from us.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Final

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from onrecord.sdk.intake import Intake
from onrecord.sdk.otlp import Said

_log = logging.getLogger(__name__)
PEOPLE: Final = otel_context.create_key("onrecord.people")
"""Key of OpenTelemetry's context under which ``onrecord.context`` keeps user and session."""
_WHOLE: Final = 2**64
_OPEN: Final = 100_000
"""Spans that are open with a person known; those that never end must not fill the memory."""


class OnrecordProcessor(SpanProcessor):
    """Hands every finished span to the intake that is current, and leaves out whole traces by their id."""

    def __init__(self, intake: Callable[[], Intake | None], sample_rate: float) -> None:
        """``intake`` gives the one of this process; it is another one after a fork."""
        self._intake = intake
        self._below = round(sample_rate * _WHOLE)
        self._people: dict[int, Mapping[str, str]] = {}
        self._lock = threading.Lock()
        self._failed = False

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Remember for whom the span is."""
        try:
            people = otel_context.get_value(PEOPLE, parent_context)
            if isinstance(people, Mapping) and len(self._people) < _OPEN:
                self._people[span.get_span_context().span_id] = people
        except Exception as error:  # noqa: BLE001 - as below
            self._complain(error)

    def on_end(self, span: ReadableSpan) -> None:
        """Take a finished span. Nothing that goes wrong here reaches the application."""
        try:
            context = span.context
            if context is None:
                return
            people = self._people.pop(context.span_id, None) if self._people else None
            intake = self._intake()
            if intake is None or not context.trace_flags.sampled:
                return
            if (context.trace_id & (_WHOLE - 1)) >= self._below:
                intake.leave_out()
            else:
                weight = sum([len(value) for value in (span.attributes or {}).values() if type(value) is str])
                intake.take(Said(span, people or {}, weight))
        except Exception as error:  # noqa: BLE001 - see above
            self._complain(error)

    def shutdown(self) -> None:
        """The provider ends; the client itself ends with the process."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write what was taken to the spool."""
        intake = self._intake()
        return intake is None or intake.write(timeout_millis / 1_000)

    def _complain(self, error: Exception) -> None:
        with self._lock:
            first, self._failed = not self._failed, True
        if first:
            _log.error("a span could not be recorded (%s); further ones are not reported", type(error).__name__)
