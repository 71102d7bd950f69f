"""One trace as a tree, in reading order. The order itself is pure: ``ordered``."""

from collections.abc import Sequence
from typing import Final

from onrecord import limits
from onrecord.errors import Missing
from onrecord.query.results import Node, SpanRow, TraceTree
from onrecord.query.scope import View
from onrecord.query.scorerows import scores_of_traces
from onrecord.query.summaries import summaries
from onrecord.query.traceread import Spans

_LIMIT: Final = limits.TRACE_SPANS


def trace_tree(view: View, trace_id: str, sizes: dict[int, int]) -> TraceTree:
    """The trace.

    Raises:
        Missing: no span of it is there.
    """
    found = Spans(view, trace_id, _LIMIT, sizes)
    scores = scores_of_traces(view, [trace_id]).get(trace_id, ()) if found.rows else ()
    row = found.summary(scores, sizes) if found.are_all else summaries(view, [trace_id], sizes).get(trace_id)
    if row is None:
        raise Missing("There is no such trace.", hint="It may be of another project, or erased.")
    return TraceTree(
        trace=row,
        nodes=ordered(found.rows, row.start_us),
        omitted=max(0, row.spans - len(found.rows)),
        scores=scores,
    )


def ordered(spans: Sequence[SpanRow], start_us: int) -> tuple[Node, ...]:
    """Every span once, each directly before what is below it, siblings by start.

    A span whose parent is not there stands at the root, marked; so does the earliest span of a cycle. Of two spans with
    one id, children stand below the first.
    """
    in_time = sorted(spans, key=lambda span: (span.start_us, span.shard, span.index))
    first = {span.span_id: span for span in reversed(in_time)}
    below: dict[str, list[SpanRow]] = {}
    roots: list[SpanRow] = []
    for span in in_time:
        if span.parent_id and span.parent_id in first and first[span.parent_id] is not span:
            below.setdefault(span.parent_id, []).append(span)
        else:
            roots.append(span)
    nodes: list[Node] = []
    placed: set[int] = set()
    waiting = [(span, 0) for span in (*roots, *in_time)][::-1]
    while waiting:
        span, depth = waiting.pop()
        if id(span) in placed:
            continue
        placed.add(id(span))
        children = below.get(span.span_id, []) if first[span.span_id] is span else []
        waiting.extend((child, depth + 1) for child in reversed(children))
        nodes.append(
            Node(
                span=span,
                depth=depth,
                children=len(children),
                offset_ms=max(0, span.start_us - start_us) / 1_000 if span.start_us else 0.0,
                orphan=depth == 0 and bool(span.parent_id),
            )
        )
    return tuple(nodes)
