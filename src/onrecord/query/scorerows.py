"""Rows of the table ``scores``: the newest judgement of each id. The history of a judgement stays in the ledger."""

from collections.abc import Sequence
from typing import Any, Final

from onrecord.query.compile import Bound
from onrecord.query.results import ScoreRow
from onrecord.query.scope import SCOPED, View

_PLAIN: Final = "name, value, label, passed, source, author, trace_id, span_id, session, time_us, shard, idx"
_NEWEST: Final = (
    "ORDER BY shard DESC, idx DESC, ordinal DESC "
    "LIMIT 1 BY name, trace_id, span_id, session, if(score_id = '', toString((shard, idx, ordinal)), score_id)"
)
_SCORES: Final = 1_000


def scores_of_traces(view: View, trace_ids: Sequence[str]) -> dict[str, tuple[ScoreRow, ...]]:
    """Judgements by trace, oldest first."""
    bound = Bound()
    rows = view.select(
        f"SELECT {_PLAIN}, {view.shown('comment')} FROM scores FINAL WHERE {SCOPED} "
        f"AND trace_id IN {bound.add(list(trace_ids), 'Array(String)')} {_NEWEST} LIMIT {_SCORES}",
        bound.values,
    )
    found: dict[str, tuple[ScoreRow, ...]] = {}
    for row in rows:
        score = _score_row(row)
        found[score.trace_id] = (score, *found.get(score.trace_id, ()))
    return found


def scores_of_span(view: View, trace_id: str, span_id: str) -> tuple[ScoreRow, ...]:
    """Judgements of one span, those of its trace that name no span included; oldest first."""
    every = scores_of_traces(view, [trace_id]).get(trace_id, ())
    bound = Bound()
    alone = view.select(
        f"SELECT {_PLAIN}, {view.shown('comment')} FROM scores FINAL WHERE {SCOPED} "
        f"AND trace_id = '' AND span_id = {bound.add(span_id, 'String')} {_NEWEST} LIMIT {_SCORES}",
        bound.values,
    )
    return (*(score for score in every if score.span_id in ("", span_id)), *map(_score_row, reversed(alone)))


def _score_row(row: Sequence[Any]) -> ScoreRow:
    name, value, label, passed, source, author, trace_id, span_id, session, time_us, shard, index, comment = row
    return ScoreRow(
        name=name,
        value=value,
        label=label,
        passed=passed,
        comment=comment,
        source=source,
        author=author,
        trace_id=trace_id,
        span_id=span_id,
        session=session,
        time_us=time_us,
        shard=shard,
        index=index,
    )
