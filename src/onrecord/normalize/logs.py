"""Log records that conventions use for content: parts of a span, or scores. (Being written.)"""

from onrecord.model.otlp import OtlpLog, OtlpSpan
from onrecord.model.score import Score
from onrecord.normalize.draft import Draft


def carrier(log: OtlpLog) -> OtlpSpan | Score | None:
    """The span that a log record is a part of, the score that it is, or ``None``."""
    return None


def read(draft: Draft, log: OtlpLog) -> None:
    """Read the body of a log record into the part."""
