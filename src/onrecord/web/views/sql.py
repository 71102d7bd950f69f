"""The SQL console: a statement, what came of it as table, chart or file, and what can be asked.

A statement is posted, never part of an address. One that a person keeps is sealed in the library, like a search.
"""

import re
from typing import Any, Final

import msgspec
from starlette.responses import Response

from onrecord.control.library import Document
from onrecord.errors import Rejected
from onrecord.limits import SQL_CELL_CHARACTERS, SQL_CHARACTERS, SQL_ROWS, SQL_SAVED, SQL_SECONDS
from onrecord.query.sql.answer import ANSWERED, SqlAnswer, as_text
from onrecord.query.sql.examples import EXAMPLES
from onrecord.query.sql.functions import GROUPS
from onrecord.receive.giving import Given
from onrecord.web.render import HEADERS
from onrecord.web.sqlchart import chart_of, is_number, is_time, moment
from onrecord.web.visit import Visit

KIND: Final = "sql"
_NAME_CHARACTERS: Final = 80
_AROUND: Final = 60
"""Characters on either side of a fault that a page shows."""
_DIGITS: Final = 12
_WHOLE_FROM: Final = 1_000
_FILES: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


class SqlFault(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a statement the reason lies."""

    line: int
    begin: int
    end: int
    before: str
    at: str
    after: str


def sql(visit: Visit) -> Response:
    """``GET /sql``: an empty editor, or one with an example or a kept statement in it; nothing runs."""
    if not visit.site.console.enabled:
        return visit.render("sql_off.html")
    chosen = visit.asked("example")
    if chosen.isdecimal() and int(chosen) < len(EXAMPLES):
        return _page(visit, EXAMPLES[int(chosen)].statement)
    name = visit.asked("saved")
    kept = visit.site.library.get(visit.project, KIND, _id(visit, name)) if name else None
    return _page(visit, str(kept.value["statement"]) if kept else "")


def run(visit: Visit) -> Response:
    """``POST /sql``: run the statement and show what came of it, or give it as a file; or keep it, or forget one."""
    statement, form = visit.form.get("statement", ""), visit.form.get("as", "table")
    if form == "save":
        return _save(visit, statement)
    if form == "forget":
        visit.site.library.remove(visit.project, KIND, _id(visit, visit.form.get("name", "")))
        return visit.go("/sql")
    statement = statement.replace("\r\n", "\n")
    answer = visit.site.console.ask(visit.access, visit.project.id, statement, form)
    if form in _FILES and answer.outcome == ANSWERED:
        attached = {"content-disposition": f'attachment; filename="result.{form}"'}
        return Given(answer.file, {**HEADERS, **attached}, _FILES[form], answer.held)
    return _page(visit, statement, answer)


def _page(visit: Visit, statement: str, answer: SqlAnswer | None = None) -> Response:
    kept = visit.site.library.every(visit.project, KIND, parent=visit.caller.actor, limit=SQL_SAVED)
    return visit.render(
        "sql.html",
        statement=statement,
        answer=answer,
        chart=chart_of(answer) if answer else None,
        fault=_fault(statement, answer),
        named=frozenset(re.findall(r"\w+", statement)),
        timed=[is_time(column) for column in answer.columns] if answer else [],
        moment=moment,
        views=visit.site.console.views(visit.access, visit.project.id),
        examples=EXAMPLES,
        functions=GROUPS,
        saved=sorted(one.name for one in kept),
        cell=_cell,
        figure=_figure,
        numeric=[is_number(column) for column in answer.columns] if answer else [],
        most_characters=SQL_CHARACTERS,
        most_rows=SQL_ROWS,
        seconds=SQL_SECONDS,
    )


def _fault(statement: str, answer: SqlAnswer | None) -> SqlFault | None:
    """The line of a statement in which the reason lies, cut to what a page shows around it."""
    if answer is None or answer.place is None:
        return None
    text = statement.replace("\r\n", "\n")
    begin, end = answer.place
    first = text.rfind("\n", 0, begin) + 1
    last = text.find("\n", begin)
    last = len(text) if last < 0 else last
    left = max(first, begin - _AROUND)
    return SqlFault(
        line=text.count("\n", 0, begin) + 1,
        begin=_units(text[:begin]),
        end=_units(text[:end]),
        before=("..." if left > first else "") + text[left:begin].lstrip(),
        at=text[begin : min(end, last)],
        after=text[min(end, last) : min(last, end + _AROUND)],
    )


def _units(text: str) -> int:
    """How long a browser thinks a text is (UTF-16)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _save(visit: Visit, statement: str) -> Response:
    visit.site.console.views(visit.access, visit.project.id)  # whoever may not ask keeps nothing
    name = " ".join(visit.form.get("name", "").split())[:_NAME_CHARACTERS]
    if not name or not statement.strip():
        raise Rejected("A kept statement needs a name, and a statement.", hint="Go back and give it one.")
    library, actor = visit.site.library, visit.caller.actor
    known = library.get(visit.project, KIND, _id(visit, name))
    if known is None and library.count(visit.project, KIND, parent=actor) >= SQL_SAVED:
        raise Rejected(f"You keep {SQL_SAVED} statements.", hint="Forget one first.")
    value = {"statement": statement.replace("\r\n", "\n")[:SQL_CHARACTERS]}
    library.put(visit.project, Document(kind=KIND, id=_id(visit, name), name=name, parent=actor, value=value))
    return visit.go("/sql", saved=name)


def _id(visit: Visit, name: str) -> str:
    """Nobody reaches another person's statements: the id begins with who asks."""
    return f"{visit.caller.actor}:{name}"


def _figure(value: float) -> str:
    """A figure of a chart: four digits say enough, the table beside it has all."""
    return f"{value:.0f}" if abs(value) >= _WHOLE_FROM or value == int(value) else f"{value:.4g}"


def _cell(value: Any) -> str:
    """Of a figure twelve digits: what the adding of fractions leaves behind them says nothing. Files hold all."""
    text = f"{value:.{_DIGITS}g}" if isinstance(value, float) and abs(value) < 10**_DIGITS else as_text(value)
    return text if len(text) <= SQL_CELL_CHARACTERS else f"{text[:SQL_CELL_CHARACTERS]}..."
