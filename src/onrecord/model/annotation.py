"""Annotations as Phoenix's clients send them, and the score that each one is.

Source: the requests of arize-phoenix-client 3.5.0 (``/v1/span_annotations`` and its sisters).
"""

import hashlib
from typing import Any, Final, Literal

import msgspec

from onrecord.model.score import Score

Kind = Literal["HUMAN", "LLM", "CODE"]
"""Who judged, in Phoenix's words."""
SOURCES: Final = {"HUMAN": "human", "LLM": "evaluator", "CODE": "code"}
"""``annotator_kind`` as the source of a score."""
NOTE: Final = "note"
"""The name under which Phoenix keeps notes."""
IDENTIFIER: Final = "phoenix.identifier"
POSITION: Final = "phoenix.document_position"
"""Metadata of a score: what an annotation says that a score has no field for."""


class Result(msgspec.Struct, frozen=True, gc=False):
    """What was judged."""

    label: str | None = None
    score: float | None = None
    explanation: str | None = None


class Annotation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A judgement of a span, of a document that it found, of a trace or of a session."""

    name: str = ""
    annotator_kind: Kind = "HUMAN"
    span_id: str = ""
    trace_id: str = ""
    session_id: str = ""
    document_position: int | None = None
    result: Result | None = None
    metadata: dict[str, Any] | None = None
    identifier: str | None = None
    note: str = ""
    """The text of a note, which has neither name nor result."""

    @property
    def score_id(self) -> str:
        """The id of its score: the same target, name and identifier are the same judgement, which is replaced."""
        target = (self.span_id, self.trace_id, self.session_id, self.document_position)
        told = msgspec.json.encode((*target, self.name, self.identifier or ""))
        return hashlib.sha256(told).hexdigest()[:32]

    def score(self, time_unix_nano: int, trace_id: str = "") -> Score:
        """The score that it is. ``trace_id`` is that of its span, which the client does not say."""
        result = self.result or Result()
        metadata = dict(self.metadata or {})
        if self.identifier:
            metadata[IDENTIFIER] = self.identifier
        if self.document_position is not None:
            metadata[POSITION] = self.document_position
        return Score(
            name=self.name,
            id=self.score_id,
            value=result.score,
            label=result.label or "",
            comment=self.note or result.explanation or "",
            source=SOURCES[self.annotator_kind],
            trace_id=self.trace_id or trace_id,
            span_id=self.span_id,
            session_id=self.session_id,
            time_unix_nano=time_unix_nano,
            metadata=metadata,
        )
