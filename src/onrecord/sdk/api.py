"""The public functions of ``onrecord``. Importing this costs nothing: OpenTelemetry is imported by ``init``.

None of them raises for what goes wrong in recording, none waits for the network but ``flush`` and ``shutdown``, and all
of them do nothing before ``init``.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any, Final, TypeVar, overload

from onrecord.sdk.state import CURRENT
from onrecord.sdk.step import Step
from onrecord.sdk.traced import traced

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
_log = logging.getLogger(__name__)
_STARTING: Final = threading.Lock()
_FLUSH_S: Final = 10.0


def init(
    *,
    endpoint: str | None = None,
    api_key: str | None = None,
    application: str | None = None,
    environment: str | None = None,
    release: str | None = None,
    sample_rate: float | None = None,
    mask: Callable[[str], str] | None = None,
    instrument: bool | Sequence[str] = True,
    tracer_provider: Any = None,
    spool: str | PathLike[str] | None = None,
    spool_bytes: int | None = None,
    exit_seconds: float | None = None,
    enabled: bool | None = None,
) -> None:
    """Record this application. A second call changes nothing but switches on further instrumentors.

    Args:
        endpoint: URL of the server [``ONRECORD_ENDPOINT``, else ``http://127.0.0.1:4318``].
        api_key: key with the write scope [``ONRECORD_API_KEY``].
        application: its name [``ONRECORD_APPLICATION``, else OpenTelemetry's ``service.name``].
        environment: for example ``production`` [``ONRECORD_ENVIRONMENT``].
        release: version of the application [``ONRECORD_RELEASE``].
        sample_rate: share of traces that are recorded, 0 to 1 [``ONRECORD_SAMPLE_RATE``, else 1].
        mask: sees every text before it leaves the process and gives what may leave; where it fails the text is
            withheld.
        instrument: ``True`` switches on whatever is installed for AI libraries, a list only those names.
        tracer_provider: the OpenTelemetry provider to add to; else the one that is set, else a new one.
        spool: directory where records wait for the server [``ONRECORD_SPOOL``].
        spool_bytes: how much may wait there [``ONRECORD_SPOOL_BYTES``].
        exit_seconds: how long the end of the process may wait for the server [``ONRECORD_EXIT_SECONDS``, else 2].
        enabled: ``False`` records nothing [``ONRECORD_ENABLED``].
    """
    given = {
        "endpoint": endpoint, "api_key": api_key, "application": application, "environment": environment,
        "release": release, "sample_rate": sample_rate, "spool": spool, "spool_bytes": spool_bytes,
        "exit_seconds": exit_seconds, "enabled": enabled,
    }  # fmt: skip
    wanted = instrument if isinstance(instrument, bool) else tuple(instrument)
    try:
        with _STARTING:
            _start(given, mask, tracer_provider)
        if CURRENT.recorder is not None:
            CURRENT.recorder.instrument(wanted)
    except Exception as error:  # noqa: BLE001 - the application goes on, and its log says that nothing is recorded
        _log.error("onrecord.init failed: %s: %s", type(error).__name__, error)


def _start(given: dict[str, Any], mask: Callable[[str], str] | None, provider: Any) -> None:
    if CURRENT.recorder is not None:
        return
    from onrecord.sdk.recorder import OtelRecorder  # noqa: PLC0415 - OpenTelemetry is imported by who records
    from onrecord.sdk.settings import read  # noqa: PLC0415

    settings, complaints = read(given)
    for complaint in complaints:
        _log.error("onrecord.init: %s", complaint)
    if settings.enabled:
        CURRENT.recorder = OtelRecorder(settings, mask, provider)


@overload
def trace(function: F, /) -> F: ...


@overload
def trace(
    *,
    name: str = "",
    kind: str = "chain",
    input: bool = True,
    output: bool = True,
) -> Callable[[F], F]: ...


def trace(
    function: Any = None,
    /,
    *,
    name: str = "",
    kind: str = "chain",
    input: bool = True,  # noqa: A002 - the word of the record
    output: bool = True,
) -> Any:
    """Record every call of a function, coroutine or generator as a step: ``@trace`` or ``@trace(kind="tool")``.

    Args:
        function: what is decorated.
        name: of the step; else the qualified name of the function.
        kind: ``agent``, ``chain``, ``llm``, ``tool``, ``retriever``, ``reranker``, ``embedding``, ``guardrail``,
            ``evaluator``, ``memory``, ``prompt``, or ``span`` for a step that is none of these.
        input: ``False`` leaves out the arguments.
        output: ``False`` leaves out the result.
    """
    if function is not None:
        return traced(function, name, kind, input=input, output=output)
    return lambda one: traced(one, name, kind, input=input, output=output)


def span(name: str, *, kind: str = "chain", **attributes: Any) -> Step:
    """Record a step: ``with onrecord.span("plan") as step: step.input(...); step.output(...)``."""
    return Step(name, kind, **attributes)


@contextmanager
def context(*, user: str | None = None, session: str | None = None) -> Iterator[None]:
    """Whatever is recorded inside, instrumentors included, is for this user and belongs to this session."""
    recorder = CURRENT.recorder
    nobody: dict[str, str] = {}
    people = _safely(lambda: _people(user, session), otherwise=nobody)
    if recorder is None or not people:
        yield
        return
    token = recorder.enter_people(people)
    try:
        yield
    finally:
        recorder.leave(token)


def _people(user: Any, session: Any) -> dict[str, str]:
    return {name: str(value) for name, value in (("user.id", user), ("session.id", session)) if value is not None}


def current() -> tuple[str, str]:
    """Trace id and span id of the current step in hex, to be named later by ``feedback``; empty outside of one."""
    recorder = CURRENT.recorder
    found = recorder.current() if recorder is not None else None
    return ("", "") if recorder is None or found is None else recorder.ids(found)


def feedback(
    value: float | bool | str,
    *,
    name: str = "rating",
    comment: str = "",
    trace_id: str = "",
    span_id: str = "",
    session: str = "",
    user: str = "",
    id: str = "",  # noqa: A002
) -> None:
    """What an end user thinks of an answer.

    Args:
        value: a number, a word, or whether it was good.
        name: what is judged.
        comment: in the user's words.
        trace_id: of the answer; without any target the current step is meant.
        span_id: of one step of it.
        session: of the conversation, when it is that which is judged.
        user: who judges.
        id: the same id again replaces the judgement.
    """

    def said() -> dict[str, Any]:
        attributes: dict[str, Any] = {"onrecord.score.source": "end_user", "onrecord.score.author": user}
        if isinstance(value, bool):
            return attributes | {"onrecord.score.passed": value, _VALUE: float(value)}
        return attributes | ({_LABEL: value} if isinstance(value, str) else {_VALUE: float(value)})

    _judge(name, said, comment, trace_id=trace_id, span_id=span_id, session=session, score_id=id)


def validation(
    validator: str,
    passed: bool,
    *,
    reason: str = "",
    value: float | None = None,
    trace_id: str = "",
    span_id: str = "",
    session: str = "",
    metadata: Mapping[str, Any] | None = None,
    id: str = "",  # noqa: A002
) -> None:
    """What a check said of an answer: the validator's name, whether it passed, and why. Targets as in ``feedback``."""

    def said() -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "onrecord.score.source": "validator",
            "onrecord.score.passed": passed,
            _LABEL: "pass" if passed else "fail",
            **(metadata or {}),
        }
        return attributes | ({} if value is None else {_VALUE: float(value)})

    _judge(validator, said, reason, trace_id=trace_id, span_id=span_id, session=session, score_id=id)


_VALUE: Final = "gen_ai.evaluation.score.value"
_TRACE: Final = re.compile("[0-9a-f]{32}")
_SPAN: Final = re.compile("[0-9a-f]{16}")
_LABEL: Final = "gen_ai.evaluation.score.label"


def _judge(
    name: str,
    judged: Callable[[], dict[str, Any]],
    comment: str,
    *,
    trace_id: str,
    span_id: str,
    session: str,
    score_id: str,
) -> None:
    recorder = CURRENT.recorder
    if recorder is None:
        return
    try:
        if not (trace_id or session):
            trace_id, span_id = current()
        attributes = judged()
        attributes["gen_ai.evaluation.name"] = name
        said = {
            "gen_ai.evaluation.explanation": comment,
            "session.id": session,
            "onrecord.score.id": score_id,
        }
        if not (_TRACE.fullmatch(trace_id) and (not span_id or _SPAN.fullmatch(span_id))):
            said |= {"onrecord.score.trace": trace_id, "onrecord.score.span": span_id}  # ids that OTLP can not carry
            trace_id = span_id = ""
        attributes |= {key: value for key, value in said.items() if value}
        recorder.judge(attributes, trace_id, span_id)
    except Exception as error:  # noqa: BLE001 - the application goes on
        _log.error("a score is not recorded (%s)", type(error).__name__)


def flush(timeout_s: float = _FLUSH_S) -> bool:
    """Send everything that was recorded so far; whether the server has acknowledged it within the time."""
    recorder = CURRENT.recorder
    return recorder is None or _safely(lambda: recorder.flush(timeout_s), otherwise=False)


def shutdown(timeout_s: float = _FLUSH_S) -> bool:
    """Flush, then stop recording; what the server has not acknowledged stays in the spool for the next process."""
    recorder, CURRENT.recorder = CURRENT.recorder, None
    return recorder is None or _safely(lambda: recorder.shutdown(timeout_s), otherwise=False)


def status() -> dict[str, int | str | bool]:
    """What became of this process's records, in numbers; empty when nobody records."""
    recorder = CURRENT.recorder
    return {} if recorder is None else _safely(recorder.status, otherwise={})


def _safely(do: Callable[[], T], *, otherwise: T) -> T:
    try:
        return do()
    except Exception as error:  # noqa: BLE001 - the application goes on
        _log.error("recording met a fault (%s)", type(error).__name__)
        return otherwise
