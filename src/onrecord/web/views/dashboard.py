"""The dashboard: traffic, errors, latency, tokens and cost over time, each figure a link to the rows behind it."""

from typing import Any, Final

import msgspec
from starlette.responses import Response

from onrecord.query.charts import Charts, Line
from onrecord.query.results import PageRequest
from onrecord.web.looking import RANGE_WORDS, Looking, looking
from onrecord.web.plots import BY_WORDS, MEASURES, Plot, condition, data_of, every, joined, name_of, plots
from onrecord.web.views.traces import environments
from onrecord.web.visit import Visit

DEFAULT_BY: Final = "model"
_PROMPTS: Final = 50
"""Versions whose names are looked up; those with a line are nearly always among the ones seen last."""


def dashboard(visit: Visit) -> Response:
    """The page ``/dashboard``; with ``show`` one of its charts alone, with its numbers as a table."""
    by = visit.asked("by", DEFAULT_BY)
    show = visit.asked("show")
    look = looking(visit.request.query_params, visit.site.clock.now_us())
    kept = {name: value for name, value in (("by", by), ("show", show)) if value not in ("", DEFAULT_BY)}
    look = msgspec.structs.replace(look, kept=kept)
    since_us = look.since_us if look.zoomed else 0
    charts = visit.site.engine.charts(
        visit.access, visit.project.id, by, look.where, since_us=since_us, until_us=look.until_us
    )
    every_plot = plots(charts) if charts.lines else ()
    shown = tuple(plot for plot in every_plot if plot.key == show) or every_plot
    return visit.render(
        "dashboard.html",
        look=look,
        charts=charts,
        plots=shown,
        alone=shown[0] if len(shown) == 1 else None,
        by=by,
        bys=BY_WORDS,
        measures=MEASURES,
        named=lambda line: name_of(line, by),
        prompts=_prompts(visit, look) if by == "prompt" else {},
        data={**data_of(charts, shown), **_drawing(visit, look)},
        base="/dashboard",
        environments=environments(visit, look),
        range_words=RANGE_WORDS[look.range],
        long=every(charts.interval_s) if charts.interval_s else "",
        **_addresses(visit, look, charts),
    )


def _prompts(visit: Visit, look: Looking) -> dict[str, str]:
    """What the versions of prompts belong to."""
    page = visit.site.engine.prompts(visit.access, visit.project.id, look.where, PageRequest(limit=_PROMPTS))
    return {row.version: f"{row.name} {row.label}".strip() for row in page.rows}


def _addresses(visit: Visit, look: Looking, charts: Charts) -> dict[str, Any]:
    """What the template asks for the address of the rows behind a figure."""

    def of_line(line: Line, measure: str, figure: float | None = None) -> str:
        return visit.link("/traces", **look.rows_of(condition(charts, line, measure, figure)))

    def at(plot: Plot, line: int | None, stretch: int) -> str:
        one = plot.traces[line or 0]
        figure = one.points[stretch] if line is not None else None
        start = charts.starts[stretch]
        wanted = joined(one.rows, one.own if line is not None else "", figure)
        return visit.link("/traces", **look.rows_of(wanted, (start, start + charts.interval_s * 1_000_000)))

    def of_plot(plot: Plot, line: int) -> str:
        one = plot.traces[line]
        return visit.link("/traces", **look.rows_of(joined(one.rows, one.own, one.whole)))

    return {"of_line": of_line, "of_plot": of_plot, "at": at}


def _drawing(visit: Visit, look: Looking) -> dict[str, Any]:
    """What the browser needs to make the same addresses."""
    return {
        "q": look.narrowed_to("")["q"],
        "traces": visit.link("/traces", env=look.env),
        "here": visit.link("/dashboard", q=look.q, env=look.env, **look.kept),
        "since": look.since_us,
        "until": look.until_us,
    }
