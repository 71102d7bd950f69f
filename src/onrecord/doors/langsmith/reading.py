"""Runs go out: one by its id, many by a query, in the first version of LangSmith's API and in the second.

A key needs the read scope. It reads what its role opens: pseudonymised text, or exact text for a key with the admin
scope, of which each read is recorded before it is answered.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.control.caller import Caller
from onrecord.doors.langsmith.answers import answer, guarded
from onrecord.doors.langsmith.language import RUN_TYPES, filter_of
from onrecord.doors.langsmith.projects import Projects
from onrecord.doors.langsmith.shapes import WITHDRAWN, feedback_of, ids_of, run_of, segment, uuid_of
from onrecord.doors.langsmith.taking import object_in
from onrecord.doors.port import Desk
from onrecord.errors import Denied, Missing, Rejected
from onrecord.model.access import Access
from onrecord.model.project import Project
from onrecord.query.fields import FIELDS
from onrecord.query.filters import everything_of
from onrecord.query.language import condition
from onrecord.query.results import Page, PageRequest, SpanRow
from onrecord.query.syntax import Compare, Filter, In, Not
from onrecord.receive.auth import presented_key

PURPOSE: Final = "read through the LangSmith API"
_ROWS: Final = 100
"""Runs of one page: each is a read of its own."""
_CONTENT: Final = frozenset({"inputs", "outputs", "extra", "error", "events", "reference_example_id", "feedback_stats"})
"""Fields for which the content of a span is read."""


class Reader:
    """What one request may read."""

    def __init__(self, desk: Desk, caller: Caller, projects: Projects) -> None:
        self._desk = desk
        self.project: Project = caller.projects[0]
        level = caller.roles[self.project.id].level
        self.access: Access = caller.access(self.project.id, level=level, purpose=PURPOSE)
        self._projects = projects
        self._orders: dict[str, dict[str, str]] = {}

    def runs(self, where: Filter, page: PageRequest, fields: frozenset[str]) -> tuple[list[dict[str, Any]], str]:
        """Runs that fit, and the cursor of those that follow."""
        found: Page[SpanRow] = self._desk.engine.spans(self.access, self.project.id, where, page)
        needed = not fields or bool(fields & _CONTENT)
        runs = [self._run(row, whole=needed) for row in found.rows]
        if not fields or "dotted_order" in fields:
            for row, run in zip(found.rows, runs, strict=True):
                run.setdefault("dotted_order", self._order(row))
        return runs, found.next

    def run(self, identity: str) -> dict[str, Any]:
        """The run of this id; raises ``Missing``."""
        rows = self._desk.engine.spans(
            self.access, self.project.id, In("span", ids_of(identity)), PageRequest(limit=1)
        ).rows
        if not rows:
            raise Missing("There is no such run.")
        return self._run(rows[0], whole=True) | {"dotted_order": self._order(rows[0])}

    def children(self, run: dict[str, Any]) -> list[str]:
        """Ids of the runs directly below one."""
        below = self._desk.engine.spans(
            self.access, self.project.id, In("parent", ids_of(run["id"])), PageRequest(limit=_ROWS)
        )
        return [uuid_of(row.span_id) for row in below.rows]

    def feedback(self, identity: str) -> list[dict[str, Any]]:
        """What was judged of a run."""
        rows = self._desk.engine.spans(
            self.access, self.project.id, In("span", ids_of(identity)), PageRequest(limit=1)
        ).rows
        if not rows:
            return []
        tree = self._desk.engine.trace(self.access, self.project.id, rows[0].trace_id)
        own = [score for score in tree.scores if score.span_id == rows[0].span_id]
        return [feedback_of(score) for score in own if score.label != WITHDRAWN or score.value is not None]

    def _order(self, row: SpanRow) -> str:
        """``dotted_order`` of a span: its place below the root, as a text that sorts like the tree."""
        if row.trace_id not in self._orders:
            orders: dict[str, str] = {}
            for node in self._desk.engine.trace(self.access, self.project.id, row.trace_id).nodes:
                above = orders.get(node.span.parent_id)
                orders[node.span.span_id] = f"{above}.{segment(node.span)}" if above else segment(node.span)
            self._orders[row.trace_id] = orders
        return self._orders[row.trace_id].get(row.span_id, segment(row))

    def _run(self, row: SpanRow, *, whole: bool) -> dict[str, Any]:
        project = self._projects.id_by_name(self.project, row.application)
        if not whole:
            return run_of(row, project)
        detail = self._desk.engine.span(self.access, self.project.id, row.trace_id, row.span_id, self.access.level)
        return run_of(row, project, detail)


class RunsOut:
    """The endpoints that give runs and feedback."""

    def __init__(self, desk: Desk, projects: Projects) -> None:
        self._desk = desk
        self._projects = projects

    def routes(self) -> list[Route]:
        """Their addresses."""
        tally = self._desk.bodies.tally
        return [
            Route("/runs/query", guarded(self._query, tally), methods=["POST"]),
            Route("/v2/runs/query", guarded(self._query_again, tally), methods=["POST"]),
            Route("/runs/{run}", guarded(self._read, tally), methods=["GET"]),
            Route("/v2/runs/{run}", guarded(self._read, tally), methods=["GET"]),
            Route("/feedback", guarded(self._feedback, tally), methods=["GET"]),
        ]

    async def _query(self, request: Request) -> Response:
        """The first version: at most ``limit`` runs, cursors as a map."""
        reader, asked = self._reader(request), await object_in(self._desk, request)
        where = await asyncio.to_thread(self._where, reader, asked)
        page = PageRequest(limit=_size(asked.get("limit")), after=str(asked.get("cursor") or ""))
        fields = frozenset(_texts(asked.get("select")))
        runs, following = await asyncio.to_thread(reader.runs, where, page, fields)
        return answer({"runs": runs, "cursors": {"next": following or None}})

    async def _query_again(self, request: Request) -> Response:
        """The second version: other words for the same, and only the fields that were asked for."""
        reader, asked = self._reader(request), await object_in(self._desk, request)
        where = await asyncio.to_thread(self._where, reader, _as_first(asked))
        page = PageRequest(limit=_size(asked.get("page_size")), after=str(asked.get("cursor") or ""))
        chosen = [field.lower() for field in _texts(asked.get("selects"))] or ["id"]
        runs, following = await asyncio.to_thread(reader.runs, where, page, frozenset(chosen))
        return answer({"items": [_chosen(run, chosen) for run in runs], "next_cursor": following or None})

    async def _read(self, request: Request) -> Response:
        reader = self._reader(request)
        run = await asyncio.to_thread(reader.run, request.path_params["run"])
        run["child_run_ids"] = await asyncio.to_thread(reader.children, run)
        return answer(run)

    async def _feedback(self, request: Request) -> Response:
        reader, asked = self._reader(request), request.query_params
        found = []
        for run in asked.getlist("run"):
            found += await asyncio.to_thread(reader.feedback, run)
        keys = asked.getlist("key")
        start = int(asked.get("offset") or 0) if (asked.get("offset") or "0").isdecimal() else 0
        return answer([one for one in found if not keys or one["key"] in keys][start:])

    def _reader(self, request: Request) -> Reader:
        key = presented_key(request.headers)
        if not key:
            raise Denied(
                "Reading needs an API key.", hint="Make one with `onrecord keys create --scope read`.", status=401
            )
        return Reader(self._desk, self._desk.keyring.reader(key), self._projects)

    def _where(self, reader: Reader, asked: dict[str, Any]) -> Filter:
        """The filter of a query; what it asks and we can not answer is refused."""
        for name in ("query", "trace_filter", "tree_filter", "ai_search", "sem_filter", "reference_dataset_id"):
            if asked.get(name):
                raise Rejected(f"onrecord does not understand '{name}'.", hint="Use 'filter'.", status=501)
        parts: list[Filter] = [read(asked[name]) for name, read in _ASKED.items() if asked.get(name) is not None]
        sessions = _texts(asked.get("session"))
        if sessions:
            parts.append(In("application", tuple(self._projects.names(reader.project, sessions))))
        return everything_of(parts)


def _flag(field: str) -> Callable[[Any], Filter]:
    return lambda value: Compare(field, "=", int(bool(value)))


def _ids(field: str) -> Callable[[Any], Filter]:
    return lambda value: In(field, tuple(one for text in _texts(value) for one in ids_of(text)))


def _since(operator: str) -> Callable[[Any], Filter]:
    def read(value: Any) -> Filter:
        try:
            return condition(FIELDS["start"], operator, [(str(value), True)])
        except ValueError as error:
            raise Rejected(f"The start time is not understood: {error}.") from None

    return read


def _failed(value: Any) -> Filter:
    failed = Compare("status", "=", "error")
    return failed if value else Not(failed)


_ASKED: Final[dict[str, Callable[[Any], Filter]]] = {
    "id": _ids("span"),
    "trace": _ids("trace"),
    "parent_run": _ids("parent"),
    "run_type": lambda value: In("kind", RUN_TYPES.get(str(value), ())),
    "is_root": _flag("root"),
    "error": _failed,
    "start_time": _since(">="),
    "end_time": _since("<="),
    "filter": lambda value: filter_of(str(value)),
    "reference_example": lambda value: In("attributes.reference_example_id", tuple(_texts(value))),
}
"""Parameters of a query of the first version."""
_RENAMED: Final = {
    "ids": "id", "trace_id": "trace", "has_error": "error", "min_start_time": "start_time",
    "max_start_time": "end_time", "project_ids": "session", "reference_examples": "reference_example",
}  # fmt: skip


def _as_first(asked: dict[str, Any]) -> dict[str, Any]:
    return {_RENAMED.get(name, name): value for name, value in asked.items()}


def _chosen(run: dict[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    parents = [run["parent_run_id"]] if run["parent_run_id"] else []
    known = {**run, "project_id": run["session_id"], "parent_run_ids": parents}
    return {field: known[field] for field in ("id", *fields) if field in known}


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _size(value: Any) -> int:
    return max(1, min(value, _ROWS)) if isinstance(value, int) else _ROWS
