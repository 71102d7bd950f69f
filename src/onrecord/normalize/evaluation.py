"""Evaluation results of OpenTelemetry GenAI, whether they come on a span, as its event or as a log record.

Source: semantic-conventions-genai, event ``gen_ai.evaluation.result``.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.otlp import OtlpLog, OtlpSpan
from onrecord.model.score import Score
from onrecord.normalize.values import as_float, as_text

_PREFIX: Final = "gen_ai.evaluation."
_NAMED: Final = frozenset(
    {f"{_PREFIX}{name}" for name in ("name", "score.value", "score.label", "explanation")}
    | {"gen_ai.response.id", "event.name"}
)
_PASSED: Final = {"pass": True, "passed": True, "true": True, "fail": False, "failed": False, "false": False}


def evaluation_of(values: Mapping[str, Any], target: OtlpSpan | OtlpLog, time_unix_nano: int = 0) -> Score | None:
    """The score that the attributes of an evaluation say; ``None`` when they name no evaluation."""
    name = as_text(values.get(f"{_PREFIX}name"))
    if not name:
        return None
    label = as_text(values.get(f"{_PREFIX}score.label"))
    return Score(
        name=name,
        value=as_float(values.get(f"{_PREFIX}score.value")),
        label=label,
        passed=_PASSED.get(label.lower()),
        comment=as_text(values.get(f"{_PREFIX}explanation")),
        source="evaluator",
        trace_id=target.trace_id,
        span_id=target.span_id,
        response_id=as_text(values.get("gen_ai.response.id")),
        time_unix_nano=time_unix_nano,
        metadata={key: value for key, value in values.items() if key not in _NAMED},
    )
