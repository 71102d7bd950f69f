"""One row per trace, from all of its spans."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onrecord.query.compile import Bound
from onrecord.query.results import ScoreRow, TraceRow
from onrecord.query.scope import SCOPED, View
from onrecord.query.scorerows import scores_of_traces
from onrecord.query.uses import MARKED, NEEDS_TOPMOST, SUMS, Use, read_use, topmost_uses, with_topmost

_PREVIEW: Final = 400
_MODELS: Final = 8
FAULT: Final = 120
"""Characters of a message of an error whose type nobody said."""
_NARROW: Final = (
    "trace_id, span_id, shard, idx, name, kind, status, running, start_us, end_us, received_us, duration_us, user, "
    "session, application, environment, if(model_served != '', model_served, model_requested) AS model_named, "
    f"error_type, (NOT is_root, start_us, idx) AS first, (is_root, end_us, idx) AS last, {MARKED}"
)
_LABELS: Final = (
    f"groupUniqArrayIf({_MODELS})(model_named, model_named != ''), "
    "argMinIf(user, first, user != ''), argMinIf(session, first, session != ''), "
    "argMinIf(application, first, application != ''), argMinIf(environment, first, environment != ''), "
    f"argMaxIf(if(error_type != '', error_type, substringUTF8(fault, 1, {FAULT})), (start_us, idx), status = 'error')"
)
_EXTENT: Final = (
    "count(), countIf(status = 'error'), max(running), minIf(start_us, start_us > 0), max(end_us), max(received_us)"
)


def summaries(view: View, trace_ids: Sequence[str], sizes: Mapping[int, int]) -> dict[str, TraceRow]:
    """The row of each trace. A trace of which nothing is left is left out."""
    if not trace_ids:
        return {}
    bound = Bound()
    ids = bound.add(list(trace_ids), "Array(String)")
    inner = (
        f"SELECT {_NARROW}, {view.shown('input_preview')} AS entered, {view.shown('output_preview')} AS answered, "
        f"{view.shown('error_message')} AS fault "
        f"FROM spans FINAL PREWHERE {SCOPED} AND trace_id IN {ids}"
    )
    rows = view.select(
        "SELECT trace_id, argMin((span_id, name, kind, status, start_us, duration_us, shard, idx), first), "
        f"substringUTF8(argMinIf(entered, first, entered != ''), 1, {_PREVIEW}), "
        f"substringUTF8(argMaxIf(answered, last, answered != ''), 1, {_PREVIEW}), "
        f"{_LABELS}, {_EXTENT}, {NEEDS_TOPMOST}, {SUMS} FROM ({inner}) GROUP BY trace_id",
        bound.values,
    )
    topmost = topmost_uses(view, [row[0] for row in rows if row[16]])
    scores = scores_of_traces(view, trace_ids)
    return {
        row[0]: _trace_row(row, with_topmost(read_use(row[17:]), topmost.get(row[0])), scores.get(row[0], ()), sizes)
        for row in rows
    }


def _trace_row(row: Sequence[Any], use: Use, scores: tuple[ScoreRow, ...], sizes: Mapping[int, int]) -> TraceRow:
    trace_id, head, entered, answered, models, user, session, application, environment, error, *extent = row[:16]
    span_id, name, kind, status, start_us, duration_us, shard, index = head
    spans, errors, running, began_us, ended_us, newest_us = extent
    if duration_us is None and began_us and ended_us > began_us and not running:
        duration_us = ended_us - began_us
    return TraceRow(
        trace_id=trace_id,
        span_id=span_id,
        name=name,
        kind=kind,
        status=status,
        running=bool(running),
        start_us=began_us or start_us,
        received_us=newest_us,
        duration_ms=None if duration_us is None else duration_us / 1_000,
        spans=spans,
        errors=errors,
        error=error,
        tokens=use.tokens,
        cost_reported=use.cost,
        cost_currency=use.currency,
        models=tuple(sorted(models)),
        user=user,
        session=session,
        application=application,
        environment=environment,
        input_preview=entered,
        output_preview=answered,
        scores=scores,
        shard=shard,
        index=index,
        sequenced=index < sizes.get(shard, 0),
    )
