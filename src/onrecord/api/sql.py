"""``/sql``: a statement of an analyst, and what it can be asked of.

The statement is the body of the request, never a part of its address: addresses are logged on the way. A statement
that is refused, or that fails, is answered with 400 and says why; it is on the record like one that was answered.
"""

from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from onrecord.api import problem
from onrecord.api.operation import JSON, Operation, Question
from onrecord.api.port import Services
from onrecord.errors import Rejected
from onrecord.limits import SQL_CHARACTERS
from onrecord.query.results import Page
from onrecord.query.sql.answer import ANSWERED, REFUSED, SqlAnswer, SqlColumn, SqlTable
from onrecord.receive.giving import Given

BODY_BYTES: Final = 8 * SQL_CHARACTERS
"""A statement in any script, escaped as JSON escapes it."""
FORMS: Final = {"json": "table", "csv": "csv", "parquet": "parquet"}
"""What a result may be, by what the console calls it."""
MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


class NewStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement as it is sent."""

    statement: str
    project: str = ""
    """Id or name; needed when you may see several."""
    format: str = "json"
    """``json``, ``csv`` or ``parquet``."""


class SqlResult(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a statement."""

    columns: tuple[SqlColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    """Instants as RFC 3339 in UTC; null is unknown."""
    more: bool
    """There are more rows than these."""
    took_ms: float


_decode = msgspec.json.Decoder(NewStatement).decode


async def post_sql(request: Request, services: Services) -> Response:
    """Run a statement.

    Raises:
        Denied: nobody is known, or the console is off. Missing: the project is not there for this caller.
        Rejected: the body is no statement. Pushback: others are asking. Unavailable: it could not be recorded.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Rejected("A statement is sent as application/json.", status=415)
    caller = await run_in_threadpool(services.gate.identify, request)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES:
            raise Rejected(f"A statement has at most {SQL_CHARACTERS:,} characters.", status=413)
    try:
        sent = _decode(bytes(body))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Rejected("The body is no statement.", hint="Its fields are listed in /api/v1/openapi.json.") from None
    if sent.format not in FORMS:
        raise Rejected(f"The field 'format' is one of {', '.join(FORMS)}.")

    def ask() -> SqlAnswer:
        project = caller.chosen(sent.project)
        return services.console.ask(caller.access(project.id), project.id, sent.statement, FORMS[sent.format])

    return _response(await run_in_threadpool(ask), sent.format)


def _response(answer: SqlAnswer, form: str) -> Response:
    headers = {"cache-control": "no-store"}
    if answer.outcome != ANSWERED:
        title = "The statement is refused" if answer.outcome == REFUSED else "The statement failed"
        said = problem.Problem(title, 400, answer.reason, "docs/sql.md says what is possible.")
        return Response(msgspec.json.encode(said), 400, headers, problem.MEDIA_TYPE)
    if form in MEDIA_TYPES:
        attached = {"content-disposition": f'attachment; filename="result.{form}"'}
        return Given(answer.file, {**headers, **attached}, MEDIA_TYPES[form], answer.held)
    result = SqlResult(columns=answer.columns, rows=answer.rows, more=answer.more, took_ms=answer.took_ms)
    return Response(msgspec.json.encode(result), 200, headers, JSON)


def _views(asked: Question) -> Page[SqlTable]:
    return Page(rows=asked.services.console.views(asked.access, asked.project.id))


SQL: Final = (
    Operation(
        name="listSqlViews", path="/sql/views", summary="What a statement can select from: views and their columns",
        handler=_views, result=Page[SqlTable],
    ),
)  # fmt: skip
