"""Tokens and cost without counting twice.

A *call* is a step that asked a model: not an agent or a chain, and not marked as repeating others. Where no call of a
trace knows a count, the topmost steps that know one speak for everything below them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from onrecord.query.compile import Bound
from onrecord.query.results import Tokens
from onrecord.query.scope import SCOPED, View
from onrecord.query.spanrows import NEWEST_REVISION, NO_TOKENS, tokens_of

CALL: Final = "(NOT usage_aggregate AND kind NOT IN ('agent', 'chain'))"
"""A step whose tokens are summed."""
COUNTED: Final = "(isNotNull(tokens_input) OR isNotNull(tokens_output) OR isNotNull(tokens_total))"
TOTAL: Final = (
    "if(isNotNull(tokens_input) AND isNotNull(tokens_output), tokens_input + tokens_output, "
    "coalesce(tokens_total, tokens_input, tokens_output))"
)
MARKED: Final = (
    f"{CALL} AS is_call, {COUNTED} AS is_counted, isNotNull(cost_reported) AS is_priced, {TOTAL} AS total, "
    "tokens_input, tokens_output, tokens_cache_read, tokens_reasoning, cost_reported, cost_currency"
)
"""What an inner SELECT says of each span for ``SUMS`` and ``NEEDS_TOPMOST``: once, as each mention costs the engine."""
SUMS: Final = (
    "sumIf(tokens_input, is_call), sumIf(tokens_output, is_call), sumIf(tokens_cache_read, is_call), "
    "sumIf(tokens_reasoning, is_call), sumIf(total, is_call), sumIf(cost_reported, is_call), "
    "groupUniqArrayIf(2)(cost_currency, is_priced)"
)
"""What ``read_use`` reads, in order."""
NEEDS_TOPMOST: Final = (
    "(countIf(is_call AND is_counted) = 0 AND countIf(is_counted) > 0 "
    "OR countIf(is_call AND is_priced) = 0 AND countIf(is_priced) > 0)"
)
"""Whether no call of the group knows its tokens, or its cost, although another step does."""
USED: Final = (
    "kind", "usage_aggregate", "span_id", "parent_id", "cost_reported", "cost_currency",
    "tokens_input", "tokens_output", "tokens_cache_read", "tokens_reasoning", "tokens_total",
)  # fmt: skip
"""Columns of a span, in the order in which ``use_of`` reads them."""
_NOT_CALLS: Final = ("agent", "chain")
_COUNTS: Final = "tokens_input, tokens_output, tokens_cache_read, tokens_reasoning, tokens_total"


class Use(msgspec.Struct, frozen=True):
    """What a group of steps used."""

    tokens: Tokens = NO_TOKENS
    cost: float | None = None
    currency: str = ""


class Step(msgspec.Struct, frozen=True):
    """As much of a span as it takes to find the topmost ones."""

    span_id: str
    parent_id: str
    tokens: Tokens
    cost: float | None


def read_use(row: Sequence[object]) -> Use:
    """The columns of ``SUMS``. A cost in several currencies is unknown."""
    entered, answered, cached, reasoning, total, cost, currencies = row
    assert isinstance(currencies, Sequence)
    single = len(currencies) == 1
    return Use(
        tokens=Tokens(input=entered, output=answered, cache_read=cached, reasoning=reasoning, total=total),  # type: ignore[arg-type]
        cost=cost if single else None,  # type: ignore[arg-type]
        currency=str(currencies[0]) if single else "",
    )


def use_of(spans: Sequence[Sequence[Any]]) -> Use:
    """What ``SUMS`` and ``topmost`` say of the spans of one trace, each with the columns ``USED``."""
    calls = [span for span in spans if not span[1] and span[0] not in _NOT_CALLS]
    costs = [span[4] for span in calls if span[4] is not None]
    counts = [_summed(span[column] for span in calls) for column in range(6, 10)]
    total = _summed(tokens_of(*span[6:]).total for span in calls)
    currencies = {span[5] for span in spans if span[4] is not None}
    use = read_use((*counts, total, sum(costs) if costs else None, tuple(currencies)))
    uncounted = total is None and any(count is not None for span in spans for count in (span[6], span[7], span[10]))
    if not uncounted and (costs or not currencies):
        return use
    steps = [Step(span_id, parent_id, tokens_of(*rest), cost) for _, _, span_id, parent_id, cost, _, *rest in spans]
    return with_topmost(use, topmost(steps))


def _summed(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def with_topmost(use: Use, topmost: Use | None) -> Use:
    """``use``, completed where calls say nothing."""
    if topmost is None:
        return use
    return Use(
        tokens=use.tokens if use.tokens.total is not None else topmost.tokens,
        cost=use.cost if use.cost is not None else topmost.cost,
        currency=use.currency,
    )


def topmost(steps: Sequence[Step]) -> Use:
    """The sums over the steps that know a count and have nobody above them who does; tokens and cost each by itself."""
    parents = {step.span_id: step for step in steps}
    counted = {step.span_id for step in steps if step.tokens.total is not None}
    priced = {step.span_id for step in steps if step.cost is not None}
    tokens = [step.tokens for step in steps if step.span_id in counted and not _under(step, parents, counted)]
    costs = [step.cost for step in steps if step.cost is not None and not _under(step, parents, priced)]
    return Use(tokens=added(tokens), cost=sum(costs) if costs else None)


def added(many: Iterable[Tokens]) -> Tokens:
    """The sum; a count that nobody knows stays unknown."""
    every = list(many)
    sums: dict[str, int | None] = {}
    for name in Tokens.__struct_fields__:
        known = [count for one in every if (count := getattr(one, name)) is not None]
        sums[name] = sum(known) if known else None
    return Tokens(**sums)


def topmost_uses(view: View, trace_ids: Sequence[str]) -> Mapping[str, Use]:
    """``topmost`` of each of these traces."""
    if not trace_ids:
        return {}
    bound = Bound()
    rows = view.select(
        f"SELECT trace_id, span_id, parent_id, cost_reported, {_COUNTS} FROM spans WHERE {SCOPED} "
        f"AND trace_id IN {bound.add(list(trace_ids), 'Array(String)')} {NEWEST_REVISION}",
        bound.values,
    )
    steps: dict[str, list[Step]] = {}
    for trace_id, span_id, parent_id, cost, *counts in rows:
        steps.setdefault(trace_id, []).append(Step(span_id, parent_id, tokens_of(*counts), cost))
    return {trace_id: topmost(many) for trace_id, many in steps.items()}


def _under(step: Step, parents: Mapping[str, Step], known: set[str]) -> bool:
    visited = {step.span_id}
    above = parents.get(step.parent_id)
    while above is not None and above.span_id not in visited:
        if above.span_id in known:
            return True
        visited.add(above.span_id)
        above = parents.get(above.parent_id)
    return False
