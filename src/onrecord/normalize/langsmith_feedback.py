"""Feedback of LangSmith: a judgement of a run, of its trace, or of a whole experiment."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from onrecord.limits import ID_BYTES
from onrecord.model.score import Score
from onrecord.normalize.values import as_float, as_map, as_text

_SOURCES: Final = {"model": "evaluator", "app": "human", "auto_eval": "evaluator", "api": "end_user"}
"""By the type of its source. ``api`` is what an application sends of its users, unless an evaluator made it."""
_METADATA: Final = (
    "correction", "extra", "error", "feedback_config", "feedback_group_id", "comparative_experiment_id", "session_id",
)  # fmt: skip


def read_feedback(feedback: Mapping[str, Any]) -> Score | None:
    """The score that a feedback is; ``None`` when it is about nothing."""
    run = as_text(feedback.get("run_id")).lower()[:ID_BYTES]
    trace = as_text(feedback.get("trace_id")).lower()[:ID_BYTES] or run
    experiment = as_text(feedback.get("session_id") or feedback.get("project_id"))[:ID_BYTES]
    if not run and not trace and not experiment:
        return None
    source = as_map(feedback.get("feedback_source"))
    about = as_map(source.get("metadata"))
    said, value = feedback.get("score"), feedback.get("value")
    metadata = {key: feedback[key] for key in _METADATA if feedback.get(key) not in (None, "", {}, [], False)}
    if about:
        metadata["source"] = about
    if value is not None and not isinstance(value, str):
        metadata["value"] = value
    word = _SOURCES.get(as_text(source.get("type")), "")
    return Score(
        name=as_text(feedback.get("key"))[:ID_BYTES] or "feedback",
        id=as_text(feedback.get("id"))[:ID_BYTES],
        value=float(said) if isinstance(said, bool) else as_float(said),
        label=value if isinstance(value, str) else "",
        passed=said if isinstance(said, bool) else None,
        comment=as_text(feedback.get("comment")),
        source="evaluator" if "__run" in about else word,
        author=as_text(source.get("user_name") or source.get("user_id")),
        trace_id=trace,
        span_id=run,
        session_id="" if trace else experiment,
        time_unix_nano=_nanoseconds(feedback.get("created_at")),
        metadata=metadata,
    )


def _nanoseconds(value: Any) -> int:
    try:
        instant = datetime.fromisoformat(as_text(value))
    except ValueError:
        return 0
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return max(int(instant.timestamp() * 1_000_000), 0) * 1_000
