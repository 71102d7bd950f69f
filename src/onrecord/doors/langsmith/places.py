"""Where a run stands: the trace of a run of which a client knows the id only.

LangSmith's own server knows it from its database. Here the store knows, a moment after the run came; runs that came
one at a time, which are the ones that are patched and judged without their trace, are remembered too.
"""

import asyncio
from collections import OrderedDict
from typing import Final

import msgspec

from onrecord.errors import OnrecordError
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.query.engine import Engine
from onrecord.query.results import PageRequest
from onrecord.query.syntax import Compare

_REMEMBERED: Final = 10_000
"""Runs whose trace is remembered."""


class _Named(msgspec.Struct):
    """The ids of a run."""

    id: str = ""
    trace_id: str | None = None
    parent_run_id: str | None = None
    dotted_order: str | None = None


_decode = msgspec.json.Decoder(_Named).decode


class Places:
    """Finds traces by run. Used on the event loop only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._traces: OrderedDict[tuple[int, str], str] = OrderedDict()

    def remember(self, project: Project, body: bytes) -> tuple[str, str]:
        """Note the trace of a run that came alone: its id and its trace, or nothing when the body is no run."""
        try:
            run = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return "", ""
        if not run.id:
            return "", ""
        parent = self._traces.get((project.number, run.parent_run_id or ""))
        root = (run.dotted_order or "").partition(".")[0].partition("Z")[2]
        trace: str = run.trace_id or root or parent or run.parent_run_id or run.id
        self._traces[project.number, run.id] = trace
        if len(self._traces) > _REMEMBERED:
            self._traces.popitem(last=False)
        return run.id, trace

    async def trace_of(self, project: Project, run: str) -> str:
        """The trace of a run; empty when nobody here knows it yet."""
        known = self._traces.get((project.number, run), "")
        return known or await asyncio.to_thread(self._asked, project, run)

    def _asked(self, project: Project, run: str) -> str:
        access = Access(actor="langsmith", projects=frozenset((project.id,)), level=Level.METADATA)
        try:
            rows = self._engine.spans(access, project.id, Compare("span", "=", run), PageRequest(limit=1)).rows
        except OnrecordError:
            return ""  # the store does not answer: the run is told apart without it
        return rows[0].trace_id if rows else ""
