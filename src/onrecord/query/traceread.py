"""One trace read whole, in one statement: its spans, and the row that ``summaries`` makes of them in the store.

A statement costs the engine some milliseconds however little it reads, more the wider it is; a trace that is read whole
anyway is added up here. Both ways give the same row: tests/contract/test_query_trace.py compares them.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from onrecord.query.compile import Bound
from onrecord.query.results import ScoreRow, SpanRow, TraceRow
from onrecord.query.scope import SCOPED, View
from onrecord.query.spanrows import NEWEST_REVISION, PLAIN, columns, read_row
from onrecord.query.summaries import FAULT
from onrecord.query.uses import USED, use_of

_MODELS: Final = 8
_MORE: Final = ("is_root", "end_us")
_used: Final = itemgetter(*map(PLAIN.index, USED))


class Spans:
    """The spans of one trace, the newest revision of each."""

    def __init__(self, view: View, trace_id: str, limit: int, sizes: dict[int, int]) -> None:
        """Read at most ``limit`` of them, the newest ones; one more says that there are more."""
        bound = Bound()
        self._read = view.select(
            f"SELECT {columns(view)}, {', '.join(_MORE)} FROM spans WHERE {SCOPED} "
            f"AND trace_id = {bound.add(trace_id, 'String')} {NEWEST_REVISION} LIMIT {limit + 1}",
            bound.values,
        )
        self.are_all = len(self._read) <= limit
        self.rows: list[SpanRow] = [read_row(row[: -len(_MORE)], sizes) for row in self._read[:limit]]

    def summary(self, scores: tuple[ScoreRow, ...], sizes: Mapping[int, int]) -> TraceRow | None:
        """The row of the trace, ``None`` when there is no span. Only when these are all of them."""
        read, rows = self._read, self.rows
        if not rows:
            return None
        firsts = [(not raw[-2], row.start_us, row.index) for raw, row in zip(read, rows, strict=True)]
        in_order = [rows[number] for number in sorted(range(len(rows)), key=firsts.__getitem__)]
        head = in_order[0]
        running = any(row.running for row in rows)
        began_us = min((row.start_us for row in rows if row.start_us > 0), default=0)
        ended_us = max(raw[-1] for raw in read)
        duration_ms = head.duration_ms
        if duration_ms is None and began_us and ended_us > began_us and not running:
            duration_ms = (ended_us - began_us) / 1_000
        use = use_of([_used(raw) for raw in read])
        return TraceRow(
            trace_id=head.trace_id,
            span_id=head.span_id,
            name=head.name,
            kind=head.kind,
            status=head.status,
            running=running,
            start_us=began_us or head.start_us,
            received_us=max(row.received_us for row in rows),
            duration_ms=duration_ms,
            spans=len(rows),
            errors=sum(row.status == "error" for row in rows),
            error=_error(rows),
            tokens=use.tokens,
            cost_reported=use.cost,
            cost_currency=use.currency,
            models=_models(rows),
            user=next((row.user for row in in_order if row.user), ""),
            session=next((row.session for row in in_order if row.session), ""),
            application=next((row.application for row in in_order if row.application), ""),
            environment=next((row.environment for row in in_order if row.environment), ""),
            input_preview=next((row.input_preview for row in in_order if row.input_preview), ""),
            output_preview=_answered(read, rows),
            scores=scores,
            shard=head.shard,
            index=head.index,
            sequenced=head.index < sizes.get(head.shard, 0),
        )


def _models(rows: Sequence[SpanRow]) -> tuple[str, ...]:
    named = dict.fromkeys(row.model_served or row.model_requested for row in rows)
    return tuple(sorted([name for name in named if name][:_MODELS]))


def _error(rows: Sequence[SpanRow]) -> str:
    failed = [row for row in rows if row.status == "error"]
    last = max(failed, key=lambda row: (row.start_us, row.index), default=None)
    return (last.error_type or last.error_message[:FAULT]) if last else ""


def _answered(read: Sequence[Sequence[Any]], rows: Sequence[SpanRow]) -> str:
    """What came out last: of the root, else of the span that ended last."""
    told = ((raw[-2], raw[-1], row.index, row.output_preview) for raw, row in zip(read, rows, strict=True))
    return max((one for one in told if one[-1]), default=(False, 0, 0, ""))[-1]
