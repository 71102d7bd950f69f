"""The SQL console: a statement, what came of it as table, chart or file, and what can be asked.

A statement is posted, never part of an address. One that a person keeps is sealed in the library, like a search.
"""

from typing import Any, Final

from starlette.responses import Response

from onrecord.control.library import Document
from onrecord.errors import Rejected
from onrecord.limits import SQL_CELL_CHARACTERS, SQL_CHARACTERS, SQL_ROWS, SQL_SAVED, SQL_SECONDS
from onrecord.query.sql.answer import ANSWERED, SqlAnswer, as_text
from onrecord.query.sql.examples import EXAMPLES
from onrecord.query.sql.functions import GROUPS
from onrecord.web.render import HEADERS
from onrecord.web.sqlchart import chart_of
from onrecord.web.visit import Visit

KIND: Final = "sql"
_NAME_CHARACTERS: Final = 80
_FILES: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


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
    answer = visit.site.console.ask(visit.access, visit.project.id, statement.replace("\r\n", "\n"), form)
    if form in _FILES and answer.outcome == ANSWERED:
        attached = {"content-disposition": f'attachment; filename="result.{form}"'}
        return Response(answer.file, media_type=_FILES[form], headers={**HEADERS, **attached})
    return _page(visit, statement, answer)


def _page(visit: Visit, statement: str, answer: SqlAnswer | None = None) -> Response:
    kept = visit.site.library.every(visit.project, KIND, parent=visit.caller.actor, limit=SQL_SAVED)
    return visit.render(
        "sql.html",
        statement=statement,
        answer=answer,
        chart=chart_of(answer) if answer else None,
        views=visit.site.console.views(visit.access, visit.project.id),
        examples=EXAMPLES,
        functions=GROUPS,
        saved=sorted(one.name for one in kept),
        cell=_cell,
        numeric=lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
        most_characters=SQL_CHARACTERS,
        most_rows=SQL_ROWS,
        seconds=SQL_SECONDS,
    )


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


def _cell(value: Any) -> str:
    text = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else as_text(value)
    return text if len(text) <= SQL_CELL_CHARACTERS else f"{text[:SQL_CELL_CHARACTERS]}..."
