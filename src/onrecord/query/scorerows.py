"""Rows of the table ``scores``: the newest judgement of each id. The history of a judgement stays in the ledger."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from onrecord.query.compile import ONE_JUDGEMENT, ONLY_RESPONSE, Bound
from onrecord.query.results import ScoreRow
from onrecord.query.scope import SCOPED, View

_PLAIN: Final = "name, value, label, passed, source, author, trace_id, span_id, session, time_us, shard, idx, score_id"
_NEWEST: Final = f"ORDER BY shard DESC, idx DESC, ordinal DESC LIMIT 1 BY name, {ONE_JUDGEMENT}"
_SCORES: Final = 1_000


def scores_of_traces(view: View, trace_ids: Sequence[str], most: int = _SCORES) -> dict[str, tuple[ScoreRow, ...]]:
    """Judgements by trace, oldest first; of all of them the newest ``most``."""
    bound = Bound()
    rows = view.select(
        f"SELECT {_columns(view)} FROM scores FINAL WHERE {SCOPED} "
        f"AND trace_id IN {bound.add(list(trace_ids), 'Array(String)')} {_NEWEST} LIMIT {most}",
        bound.values,
    )
    found: dict[str, list[ScoreRow]] = {}
    for score in (*map(_score_row, rows), *_of_responses(view, trace_ids)):
        found.setdefault(score.trace_id, []).append(score)
    return {
        trace: tuple(sorted(scores, key=lambda score: (score.shard, score.index))) for trace, scores in found.items()
    }


def _of_responses(view: View, trace_ids: Sequence[str]) -> list[ScoreRow]:
    """Judgements that name only a response, at the span of each trace that names it: the model call, the first one."""
    if not view.select(f"SELECT 1 FROM scores WHERE {SCOPED} AND {ONLY_RESPONSE} LIMIT 1", {}):
        return []
    bound = Bound()
    ids = bound.add(list(trace_ids), "Array(String)")
    spans = view.select(
        "SELECT trace_id, response_id, argMin(span_id, (kind != 'llm', shard, idx)) "
        f"FROM spans WHERE {SCOPED} AND trace_id IN {ids} AND response_id != '' GROUP BY trace_id, response_id",
        bound.values,
    )
    bound = Bound()
    responses = bound.add([response for _, response, _ in spans], "Array(String)")
    rows = view.select(
        f"SELECT {_columns(view)}, response_id FROM scores FINAL WHERE {SCOPED} "
        f"AND {ONLY_RESPONSE} AND response_id IN {responses} {_NEWEST} LIMIT {_SCORES}",
        bound.values,
    )
    judged: dict[str, list[ScoreRow]] = {}
    for *row, response in rows:
        judged.setdefault(response, []).append(_score_row(row))
    return [
        msgspec.structs.replace(score, trace_id=trace, span_id=span)
        for trace, response, span in spans
        for score in judged.get(response, ())
    ]


def scores_of_span(view: View, trace_id: str, span_id: str) -> tuple[ScoreRow, ...]:
    """Judgements of one span, those of its trace that name no span included; oldest first."""
    return scores_of_spans(view, [(trace_id, span_id)])[0]


def scores_of_spans(
    view: View, ids: Sequence[tuple[str, str]], most: int = _SCORES
) -> tuple[tuple[ScoreRow, ...], ...]:
    """``scores_of_span`` of many, given by trace id and span id, in their order."""
    every = scores_of_traces(view, list({trace_id for trace_id, _ in ids}), most)
    alone = scores_without_trace(view, [span_id for _, span_id in ids], most)
    return tuple(
        (
            *(score for score in every.get(trace_id, ()) if score.span_id in ("", span_id)),
            *alone.get(span_id, ()),
        )
        for trace_id, span_id in ids
    )


def scores_without_trace(view: View, span_ids: Sequence[str], most: int = _SCORES) -> dict[str, tuple[ScoreRow, ...]]:
    """Judgements that name a span and not its trace, by span; oldest first."""
    bound = Bound()
    rows = view.select(
        f"SELECT {_columns(view)} FROM scores FINAL WHERE {SCOPED} "
        f"AND trace_id = '' AND span_id IN {bound.add(list(span_ids), 'Array(String)')} {_NEWEST} LIMIT {most}",
        bound.values,
    )
    found: dict[str, tuple[ScoreRow, ...]] = {}
    for score in map(_score_row, reversed(rows)):
        found[score.span_id] = (*found.get(score.span_id, ()), score)
    return found


def scores_about(view: View, target: str, ids: Sequence[str], offset: int, limit: int) -> tuple[ScoreRow, ...]:
    """Judgements of spans, traces or sessions, newest first. ``target`` is the column that holds the ids.

    Judgements of a trace are those that name no span of it.
    """
    bound = Bound()
    only = " AND span_id = ''" if target == "trace_id" else ""
    rows = view.select(
        f"SELECT {_columns(view)} FROM scores FINAL WHERE {SCOPED} "
        f"AND {target} IN {bound.add(list(ids), 'Array(String)')}{only} {_NEWEST} LIMIT {limit} OFFSET {offset}",
        bound.values,
    )
    return tuple(map(_score_row, rows))


def _columns(view: View) -> str:
    metadata = "metadata" if view.shown("metadata") == "metadata" else "CAST(map(), 'Map(String, String)')"
    return f"{_PLAIN}, {view.shown('comment')}, {metadata}"


def _score_row(row: Sequence[Any]) -> ScoreRow:
    name, value, label, passed, source, author, trace_id, span_id, session, time_us, shard, index, *rest = row
    id_, comment, metadata = rest
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
        id=id_,
        metadata=dict(metadata),
    )
