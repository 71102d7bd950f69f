"""Rows of the table ``spans`` as ``SpanRow``: the columns of every list, and how the newest revision is found.

``FINAL`` would answer right but read in one direction only and late; so lists read plain rows newest first, and
``superseded`` names the few of them that a later revision has replaced.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from onrecord.model.record import Place
from onrecord.query.compile import Bound, at
from onrecord.query.results import SpanRow, Tokens
from onrecord.query.scope import SCOPED, View

NEWEST_FIRST: Final = "ORDER BY shard DESC, idx DESC, revision DESC"
NEWEST_REVISION: Final = f"{NEWEST_FIRST} LIMIT 1 BY shard, idx"
PLAIN: Final = (
    "shard", "idx", "revision", "trace_id", "span_id", "parent_id", "name", "kind", "status", "running", "start_us",
    "received_us", "duration_us", "time_to_first_token_ms", "provider", "model_requested", "model_served",
    "tokens_input", "tokens_output", "tokens_cache_read", "tokens_reasoning", "tokens_total", "usage_aggregate",
    "cost_reported", "cost_currency", "error_type", "finish_reasons", "user", "session", "tenant", "application",
    "environment", "release", "tool", "agent", "prompt_version",
)  # fmt: skip
"""The columns of a list that anybody may see; the first ones that ``read_row`` reads."""
_TEXTS: Final = ("error_message", "input_preview", "output_preview")
_PREVIEW: Final = 400


def columns(view: View) -> str:
    """What ``read_row`` reads, in order."""
    texts = [f"substringUTF8({view.shown(name)}, 1, {_PREVIEW})" for name in _TEXTS]
    tags = "tags" if view.shown("tags") == "tags" else "CAST([], 'Array(String)')"
    return ", ".join((*PLAIN, *texts, tags))


def read_row(row: Sequence[Any], sizes: dict[int, int]) -> SpanRow:
    """One row; ``sizes`` are the signed sizes of the ledgers by shard."""
    (
        shard, index, revision, trace_id, span_id, parent_id, name, kind, status, running, start_us,
        received_us, duration_us, first_ms, provider, requested, served,
        entered, answered, cached, reasoning, total, aggregate,
        cost, currency, error, finish, user, session, tenant, application,
        environment, release, tool, agent, prompt_version, error_message, entered_text, answered_text, tags,
    ) = row  # fmt: skip
    return SpanRow(
        shard=shard, index=index, revision=revision, trace_id=trace_id, span_id=span_id, parent_id=parent_id, name=name,
        kind=kind, status=status, running=running, start_us=start_us, received_us=received_us,
        duration_ms=None if duration_us is None else duration_us / 1_000, time_to_first_token_ms=first_ms,
        provider=provider, model_requested=requested, model_served=served,
        tokens=tokens_of(entered, answered, cached, reasoning, total), aggregate=aggregate, cost_reported=cost,
        cost_currency=currency if cost is not None else "", error_type=error, error_message=error_message,
        finish_reasons=tuple(finish), user=user, session=session, tenant=tenant, application=application,
        environment=environment, release=release, tool=tool, agent=agent, prompt_version=prompt_version,
        tags=tuple(tags), input_preview=entered_text, output_preview=answered_text,
        sequenced=index < sizes.get(shard, 0),
    )  # fmt: skip


def place_of(row: SpanRow) -> tuple[Place, int]:
    """Where the row's record stands, and its revision: what ``superseded`` asks about."""
    return Place(row.shard, row.index), row.revision


NO_TOKENS: Final = Tokens()


def tokens_of(
    entered: int | None, answered: int | None, cached: int | None, reasoning: int | None, total: int | None
) -> Tokens:
    """Counts of one step or of many; the total is the sum where both sides are known."""
    if entered is None and answered is None and total is None:
        return NO_TOKENS
    if entered is not None and answered is not None:
        total = entered + answered
    elif total is None:
        total = entered if answered is None else answered
    return Tokens(input=entered, output=answered, cache_read=cached, reasoning=reasoning, total=total)


def before(place: Place | None, bound: Bound) -> str:
    """The condition that a row stands before ``place`` in time, as the sort key reads it."""
    if place is None:
        return "1"
    shard, index = bound.add(place.shard, "UInt16"), bound.add(place.index, "UInt64")
    return f"(shard < {shard} OR shard = {shard} AND idx < {index})"


def after(place: Place, bound: Bound) -> str:
    """The condition that a row stands after ``place``."""
    shard, index = bound.add(place.shard, "UInt16"), bound.add(place.index, "UInt64")
    return f"(shard > {shard} OR shard = {shard} AND idx > {index})"


def superseded(view: View, found: Iterable[tuple[Place, int]]) -> set[tuple[Place, int]]:
    """Those of the rows (place, revision) that a later revision has replaced."""
    rows = set(found)
    if not rows:
        return set()
    bound = Bound()
    newest = view.select(
        f"SELECT shard, idx, max(revision) FROM spans WHERE {SCOPED} AND {at({place for place, _ in rows}, bound)} "
        "AND revision > 0 GROUP BY shard, idx",
        bound.values,
    )
    revisions = {Place(shard, index): revision for shard, index, revision in newest}
    return {(place, revision) for place, revision in rows if revisions.get(place, 0) > revision}
