"""The list of traces: newest first, one search line, a histogram, and a cursor for what arrives while it is read."""

from typing import Final

import msgspec
from starlette.responses import JSONResponse, Response

from onrecord.query.filters import EVERYTHING, Filter
from onrecord.query.results import PageRequest, StatusCounts
from onrecord.web.looking import COLUMNS, RANGE_WORDS, RANGES, Looking, condition_of, looking, step_s
from onrecord.web.render import HEADERS
from onrecord.web.strip import Strip, strip
from onrecord.web.views.searches import saved
from onrecord.web.visit import Visit

ROWS: Final = 50
"""Rows of one page."""
FACETS: Final = ("status", "kind", "model", "application", "tool", "error", "user")
"""Fields whose values can be chosen from."""
FACET_VALUES: Final = 8
"""Values of each; the search line takes any other."""
NEW_ROWS: Final = 100
"""New rows that the pill counts; beyond it says "100+"."""
_ALL_BARS_US: Final = 90 * 86_400_000_000
"""What the strip shows when any time is asked for."""
_CLOSER_US: Final = tuple(span * 1_000_000 for span in sorted((900, 21_600, 259_200, *RANGES.values())) if span)
"""Stretches that the strip closes in on, when all that was found is younger."""


class _Drawn(msgspec.Struct, frozen=True):
    """What stands above the list."""

    strip: Strip
    counts: StatusCounts
    tail: str


def traces(visit: Visit) -> Response:
    """The page ``/traces``."""
    engine, access, project = visit.site.engine, visit.access, visit.project.id
    now_us = visit.site.clock.now_us()
    unasked = visit.site.state.unasked()
    if unasked is not None and not unasked.demo and visit.owns(unasked):
        return visit.go("/welcome")
    look = looking(visit.request.query_params, now_us)
    after = visit.asked("after")
    where = engine.narrowed(access, project, look.where)
    # Before the rows: what comes in between is said to be new, never missed.
    drawn = _drawn(visit, look, where, now_us)
    tail = "" if after else drawn.tail or engine.tail(access, project, where=look.where).next
    page = engine.traces(access, project, where, PageRequest(limit=ROWS, after=after))
    empty = not page.rows and not look.narrowed
    return visit.render(
        "traces.html",
        look=look,
        page=page,
        tail=tail,
        after=after,
        base="/traces",
        strip=None if empty and not look.zoomed else drawn.strip,
        counts=drawn.counts,
        environments=environments(visit, look),
        facets=engine.facets(access, project, FACETS, where, FACET_VALUES) if look.facets else (),
        condition=condition_of,
        key="",
        keyless=empty and visit.may_write_keyless,
        older=empty and bool(engine.traces(access, project, EVERYTHING, PageRequest(limit=1)).rows),
        range_words=RANGE_WORDS[look.range],
        saved=saved(visit),
        every_column=COLUMNS,
    )


def new_traces(visit: Visit) -> Response:
    """How many traces changed since the page was made, as JSON: ``{"new": 3, "more": false}``."""
    look = looking(visit.request.query_params, visit.site.clock.now_us())
    found = visit.site.engine.tail(visit.access, visit.project.id, visit.asked("tail"), look.where, NEW_ROWS)
    return JSONResponse({"new": len(found.rows), "more": len(found.rows) >= NEW_ROWS}, headers=HEADERS)


def _drawn(visit: Visit, look: Looking, where: Filter, now_us: int) -> _Drawn:
    """The histogram of what is looked at; of a range that is mostly empty, only the stretch that is not."""
    engine, access, project = visit.site.engine, visit.access, visit.project.id
    since_us = look.since_us or now_us - _ALL_BARS_US
    until_us = look.until_us or now_us
    first_us = None if look.zoomed else engine.first_us(access, project, where)
    if first_us is not None:
        since_us = next((until_us - span for span in _CLOSER_US if since_us < until_us - span <= first_us), since_us)
    interval_s = step_s((until_us - since_us) / 1_000_000)
    found = engine.overview(access, project, where, interval_s=interval_s)
    return _Drawn(strip(found.buckets, since_us, until_us, interval_s), found.counts, found.tail)


def environments(visit: Visit, look: Looking) -> tuple[str, ...]:
    """The environments that the top line offers; none when there is no choice."""
    found = visit.site.engine.facets(visit.access, visit.project.id, ("environment",))
    names = {facet.value for one in found for facet in one.values if facet.value} | ({look.env} - {""})
    return tuple(sorted(names)) if len(names) > 1 or look.env else ()
