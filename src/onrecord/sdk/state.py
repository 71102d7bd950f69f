"""The client of this process, if it has one. Light: nothing of OpenTelemetry is imported before ``init``."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

NOTHING: Final = object()
"""No input is known: ``None`` is one."""


class Recorder(Protocol):
    """What steps and scores need of a client. Implemented by ``sdk.recorder``; any of it may raise."""

    def start(self, name: str, kind: str, given: Any) -> Any:
        """Start a span; ``kind`` is a word of OpenInference in lower case, or empty; ``given`` its input, if known."""
        ...

    def enter(self, span: Any) -> Any:
        """Make a span the current one; the answer is for ``leave``."""
        ...

    def leave(self, token: Any) -> None:
        """Undo ``enter``."""
        ...

    def end(self, span: Any, error: BaseException | None) -> None:
        """End a span."""
        ...

    def say(self, span: Any, side: str, value: Any) -> None:
        """Say the ``input`` or the ``output`` of a span."""
        ...

    def set(self, span: Any, attributes: Mapping[str, Any]) -> None:
        """Set attributes of a span."""
        ...

    def ids(self, span: Any) -> tuple[str, str]:
        """Trace id and span id in hex."""
        ...

    def current(self) -> Any:
        """The span that is current now, ``None`` when there is none."""
        ...

    def enter_people(self, people: Mapping[str, str]) -> Any:
        """From here on it is for these people; the answer is for ``leave``."""
        ...

    def judge(self, attributes: dict[str, Any], trace_id: str, span_id: str) -> None:
        """Take a score: attributes of ``gen_ai.evaluation.result``."""
        ...

    def flush(self, timeout_s: float) -> bool:
        """Send everything; whether the server has acknowledged it in time."""
        ...

    def shutdown(self, timeout_s: float) -> bool:
        """Flush, then end."""
        ...

    def status(self) -> dict[str, int | str | bool]:
        """Counts."""
        ...

    def instrument(self, wanted: bool | tuple[str, ...]) -> None:
        """Switch on instrumentors."""
        ...


class Current:
    """Holds the client of the process."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None


CURRENT = Current()
