"""Prompts that were seen: every distinct system prompt is a version (``privacy/skeleton.py``), with what it did.

Versions belong together when they were seen in one application under one name: that of the managed prompt, else of the
agent, else of the step. Nothing is declared: a prompt that was sent is a prompt that is listed (docs/adr/0101).
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from onrecord.errors import Missing
from onrecord.model.access import Level
from onrecord.model.derive import system_texts
from onrecord.query.compile import ONE_JUDGEMENT, Bound, compile_filter
from onrecord.query.content import Vault, span_detail
from onrecord.query.cursor import NameCursor, encode
from onrecord.query.fields import HAPPENED
from onrecord.query.results import Page, SpanDetail
from onrecord.query.scope import SCOPED, View
from onrecord.query.syntax import EVERYTHING, Compare, Filter
from onrecord.query.uses import CALL, TOTAL

CALLS: Final = "-kind:agent,chain"
"""Of the spans that carry a version, those that are counted, in the search language."""
VERSIONS: Final = 100
"""Versions of one name, newest first."""
RATINGS: Final = 3
"""Names of judgements of one version, the most frequent ones."""
_TRIED: Final = 5
"""Newest calls whose content is tried for the text: that of some may be erased."""
_NAME: Final = "multiIf(prompt_name != '', prompt_name, agent != '', agent, name)"
_COUNTED: Final = "kind NOT IN ('agent', 'chain')"
_FIGURES: Final = (
    f"prompt_version, argMax(application, received_us), argMax({_NAME}, received_us), "
    "argMax(prompt_label, received_us), "
    f"min({HAPPENED}), max({HAPPENED}), max(received_us) AS newest, "
    f"countIf({_COUNTED}), countIf({_COUNTED} AND status = 'error'), "
    f"quantileOrNull(0.5)(if({_COUNTED}, duration_us, NULL)) / 1000, "
    f"quantileOrNull(0.95)(if({_COUNTED}, duration_us, NULL)) / 1000, "
    f"sumIf({TOTAL}, {CALL}), sumIf(cost_reported, {CALL}), "
    "groupUniqArrayIf(2)(cost_currency, isNotNull(cost_reported)), "
    f"countIf({_COUNTED} AND isNull(cost_reported))"
)


class Rating(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Judgements of one name on the traces in which a version was used; of one id the newest."""

    name: str
    count: int
    mean: float | None = None
    """Of those that are numbers."""
    passed: int = 0
    failed: int = 0


class PromptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a system prompt."""

    version: str
    application: str = ""
    """Where it was seen last."""
    name: str = ""
    """Of the managed prompt, else of the agent, else of the step that used it last."""
    label: str = ""
    """Its version as its owner calls it."""
    first_us: int
    last_us: int
    """When the newest of its calls happened (``fields.HAPPENED``)."""
    received_us: int
    calls: int
    errors: int
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    tokens: int | None = None
    cost_reported: float | None = None
    """Of the calls whose price is known."""
    cost_currency: str = ""
    unpriced: int = 0
    """Calls whose price is unknown."""
    cost_per_call: float | None = None
    """Of the calls whose price is known."""
    ratings: tuple[Rating, ...] = ()


class PromptDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One version with its text."""

    row: PromptRow
    texts: tuple[str, ...] = ()
    """The system messages of the newest call whose content is there, pseudonymised."""
    source: SpanDetail | None = None
    """That call, without its content; its ``state`` says why there is no text when there is none."""
    versions: tuple[PromptRow, ...] = ()
    """Those of the same application and name, this one included, newest first seen first."""


def prompts(view: View, where: Filter, start: NameCursor | None, limit: int) -> Page[PromptRow]:
    """Versions of which a span fits, most recently seen first."""
    bound = Bound()
    older = "1"
    if start is not None:
        name = bound.add(start.name, "String")
        older = f"(newest, prompt_version) < ({bound.add(start.received_us, 'Int64')}, {name})"
    rows = _rows(view, where, bound, f"HAVING {older} ORDER BY newest DESC, prompt_version DESC LIMIT {limit + 1}")
    listed = rows[:limit]
    following = encode(NameCursor(listed[-1].received_us, listed[-1].version)) if len(rows) > limit else ""
    return Page(rows=_rated(view, listed), next=following)


def prompt(view: View, vault: Vault, version: str, sizes: dict[int, int]) -> PromptDetail:
    """One version, its text, and the versions of the same application and name.

    Raises:
        Missing: no span with it is there.
    """
    only = Compare("prompt_version", "=", version)
    found = _rows(view, only, Bound(), "LIMIT 1") if version else []
    if not found:
        raise Missing("There is no such prompt.", hint="It may be of another project, or erased.")
    bound = Bound()
    of_one = (
        f"prompt_version IN (SELECT prompt_version FROM spans FINAL WHERE {SCOPED} AND prompt_version != '' "
        f"AND application = {bound.add(found[0].application, 'String')} AND {_NAME} = "
        f"{bound.add(found[0].name, 'String')})"
    )
    newest = f"ORDER BY min({HAPPENED}) DESC, prompt_version LIMIT {VERSIONS}"
    rows = _rated(view, _rows(view, EVERYTHING, bound, newest, of_one))
    source = _source(view, vault, version, sizes)
    texts = system_texts(source.content) if source is not None and source.content is not None else ()
    return PromptDetail(
        row=next((row for row in rows if row.version == version), found[0]),
        texts=texts,
        source=None if source is None else msgspec.structs.replace(source, content=None),
        versions=rows,
    )


def _rows(view: View, where: Filter, bound: Bound, order: str, also: str = "1") -> list[PromptRow]:
    rows = view.select(
        f"SELECT {_FIGURES} FROM spans FINAL WHERE {SCOPED} AND prompt_version != '' AND {also} "
        f"AND {compile_filter(where, bound)} GROUP BY prompt_version {order}",
        bound.values,
    )
    return [_row(row) for row in rows]


def _row(row: Sequence[Any]) -> PromptRow:
    version, application, name, label, first, last, newest, *figures = row
    calls, errors, p50, p95, tokens, cost, currencies, unpriced = figures
    single = len(currencies) == 1
    return PromptRow(
        version=version,
        application=application,
        name=name,
        label=label,
        first_us=first,
        last_us=last,
        received_us=newest,
        calls=calls,
        errors=errors,
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        tokens=tokens,
        cost_reported=cost if single else None,
        cost_currency=currencies[0] if single else "",
        unpriced=unpriced,
        cost_per_call=cost / (calls - unpriced) if single and calls > unpriced else None,
    )


def _rated(view: View, rows: Sequence[PromptRow]) -> tuple[PromptRow, ...]:
    """The rows with the judgements of the traces in which each version was used."""
    if not rows:
        return ()
    bound = Bound()
    versions = bound.add([row.version for row in rows], "Array(String)")
    used = f"SELECT DISTINCT trace_id, prompt_version FROM spans FINAL WHERE {SCOPED} AND prompt_version IN {versions}"
    newest = (
        f"SELECT name, value, passed, trace_id FROM scores FINAL WHERE {SCOPED} AND trace_id != '' "
        f"ORDER BY shard DESC, idx DESC, ordinal DESC LIMIT 1 BY name, {ONE_JUDGEMENT}"
    )
    judged = view.select(
        "SELECT prompt_version, name, count() AS frequency, avg(value), countIf(passed), countIf(NOT passed) "
        f"FROM ({newest}) AS judged INNER JOIN ({used}) AS used USING (trace_id) "
        f"GROUP BY prompt_version, name ORDER BY frequency DESC, name LIMIT {RATINGS} BY prompt_version",
        bound.values,
    )
    found: dict[str, list[Rating]] = {}
    for version, name, count, mean, passed, failed in judged:
        rating = Rating(name=name, count=count, mean=mean, passed=passed, failed=failed)
        found.setdefault(version, []).append(rating)
    return tuple(msgspec.structs.replace(row, ratings=tuple(found.get(row.version, ()))) for row in rows)


def _source(view: View, vault: Vault, version: str, sizes: dict[int, int]) -> SpanDetail | None:
    """The newest call with this version whose content is there, else the newest one; pseudonymised."""
    bound = Bound()
    ids: Sequence[Sequence[str]] = view.select(
        f"SELECT trace_id, span_id FROM spans FINAL WHERE {SCOPED} AND prompt_version = "
        f"{bound.add(version, 'String')} ORDER BY shard DESC, idx DESC LIMIT {_TRIED}",
        bound.values,
    )
    tried: list[SpanDetail] = []
    for trace_id, span_id in ids:
        tried.append(span_detail(view, vault, (trace_id, span_id), Level.PSEUDONYMISED, sizes))
        if tried[-1].content is not None or tried[-1].state == "withheld":
            return tried[-1]
    return tried[0] if tried else None
