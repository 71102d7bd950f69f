"""Scores: ratings, validations and evaluations of a span, a trace or a session."""

from typing import Any

import msgspec

from onrecord.model.source import Source


class Score(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One judgement. At least one of ``trace_id``, ``span_id``, ``response_id``, ``session_id`` names its target."""

    name: str
    id: str = ""
    """The client's id: the same id again replaces the judgement, the history stays in the ledger."""
    value: float | None = None
    label: str = ""
    passed: bool | None = None
    comment: str = ""
    source: str = ""
    """``end_user``, ``human``, ``validator``, ``evaluator`` or ``code``."""
    author: str = ""
    trace_id: str = ""
    span_id: str = ""
    response_id: str = ""
    session_id: str = ""
    time_unix_nano: int = 0
    metadata: dict[str, Any] = {}
    provenance: Source = Source()
