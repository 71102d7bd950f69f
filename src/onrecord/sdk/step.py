"""A step of the application: an OpenTelemetry span with what went in and what came out.

Input, output and kind are written in OpenInference's names, which other tools read as well. Without a client a step
does nothing, so that instrumented code runs unchanged where nobody records.
"""

import logging
from types import TracebackType
from typing import Any, Final, Self

from onrecord.sdk.state import CURRENT, NOTHING, Recorder

_log = logging.getLogger(__name__)
_KINDS: Final = frozenset((
    "agent", "chain", "llm", "tool", "retriever", "reranker", "embedding", "guardrail", "evaluator", "memory", "prompt",
))  # fmt: skip


class Step:
    """One step, as a context manager. Everything it does for the record is caught; the step's own errors are not."""

    __slots__ = ("_input", "_kind", "_name", "_recorder", "_set", "_span", "_token")

    def __init__(self, name: str, kind: str, **attributes: Any) -> None:
        self._name = name
        self._kind = kind
        self._set = attributes
        self._recorder: Recorder | None = None
        self._span: Any = None
        self._token: Any = None

    # --- the step's life --------------------------------------------------------------------------------------

    def begin(self, given: Any = NOTHING) -> None:
        """Start the span, below the one that is current; it is not made the current one. ``given`` is its input."""
        recorder = CURRENT.recorder
        if recorder is None:
            return
        try:
            self._span = recorder.start(self._name, self._kind if self._kind in _KINDS else "", given)
            self._recorder = recorder
            if self._set:
                self.set(**self._set)
        except Exception as error:  # noqa: BLE001 - the application goes on
            _complain(error)

    def enter(self) -> None:
        """Make it the current one."""
        if self._recorder is not None:
            self._token = self._recorder.enter(self._span)

    def leave(self) -> None:
        """Make what was current before it current again."""
        if self._recorder is not None and self._token is not None:
            self._recorder.leave(self._token)
            self._token = None

    def end(self, error: BaseException | None = None) -> None:
        """End the span; with what it failed by, if it failed."""
        if self._recorder is not None:
            try:
                self._recorder.end(self._span, error)
            except Exception as fault:  # noqa: BLE001 - the application goes on
                _complain(fault)

    def __enter__(self) -> Self:
        self.begin()
        self.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.leave()
        self.end(error)

    # --- what is said about it --------------------------------------------------------------------------------

    def input(self, value: Any) -> Self:
        """What goes in: text, or anything that JSON knows."""
        return self._say("input", value)

    def output(self, value: Any) -> Self:
        """What came out."""
        return self._say("output", value)

    def set(self, **attributes: Any) -> Self:
        """Further attributes; ``set(temperature=0)`` or ``set(**{"gen_ai.request.model": "m"})``."""
        if self._recorder is not None:
            try:
                self._recorder.set(self._span, attributes)
            except Exception as error:  # noqa: BLE001 - the application goes on
                _complain(error)
        return self

    @property
    def trace_id(self) -> str:
        """Id of the trace, 32 hex digits; empty when nobody records."""
        return "" if self._recorder is None else self._recorder.ids(self._span)[0]

    @property
    def span_id(self) -> str:
        """Id of the span, 16 hex digits; empty when nobody records."""
        return "" if self._recorder is None else self._recorder.ids(self._span)[1]

    def _say(self, side: str, value: Any) -> Self:
        if self._recorder is not None:
            try:
                self._recorder.say(self._span, side, value)
            except Exception as error:  # noqa: BLE001 - the application goes on
                _complain(error)
        return self


def _complain(error: Exception) -> None:
    _log.warning("a step is not recorded whole (%s)", type(error).__name__)
