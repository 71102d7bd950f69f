"""The console: who may ask, one statement after another, each on the record before its answer is shown."""

import threading
import time
from typing import Any, Final

from onrecord.errors import Denied, Missing, OnrecordError, Pushback, Rejected, Unavailable
from onrecord.limits import SQL_FILE_ROWS, SQL_RESULT_BYTES, SQL_ROWS, SQL_STATEMENTS
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.query.port import FindProject
from onrecord.query.sql.answer import (
    ANSWERED,
    FAILED,
    FORMS,
    REFUSED,
    SqlAnswer,
    SqlColumn,
    SqlTable,
    csv_of,
    plain_rows,
)
from onrecord.query.sql.port import Asked, CurrentDatabase, OpenSession, RecordStatement, Session
from onrecord.query.sql.reading import NotAllowed
from onrecord.query.sql.running import prepared, settings_of
from onrecord.query.sql.views import VIEWS
from onrecord.query.sql.words import TOO_LARGE, words_of
from onrecord.store.faults import EngineFault

_PARQUET: Final = "Parquet"


class Console:
    """Statements of analysts. One per process; methods may be called from any thread."""

    def __init__(
        self,
        *,
        enabled: bool,
        open_session: OpenSession,
        database: CurrentDatabase,
        projects: FindProject,
        record: RecordStatement,
        at_once: int = SQL_STATEMENTS,
    ) -> None:
        self.enabled = enabled
        """Whether an operator has switched it on."""
        self._open = open_session
        self._database = database
        self._projects = projects
        self._record = record
        self._free = threading.BoundedSemaphore(at_once)

    def views(self, access: Access, project: str) -> tuple[SqlTable, ...]:
        """What can be selected from, with the columns that this reader has.

        Raises:
            Denied: the console is off. Missing: the project is not there for this reader.
        """
        self._enter(access, project)
        level = min(access.level, Level.PSEUDONYMISED)
        return tuple(
            SqlTable(
                name=view.name,
                note=view.note,
                columns=tuple(SqlColumn(one.name, one.type, one.note) for one in view.shown(level)),
            )
            for view in VIEWS
        )

    def ask(self, access: Access, project: str, statement: str, form: str = "table") -> SqlAnswer:
        """Run a statement over the views of a project, and put it on the record.

        A statement that is refused, or fails, is an answer that says why. Content is pseudonymised at most, whatever
        the reader's level.

        Raises:
            Denied: the console is off. Missing: the project is not there for this reader. Pushback: others are asking.
            Rejected: there is no such form. Unavailable: it could not be recorded, so nothing is shown.
        """
        found = self._enter(access, project)
        if form not in FORMS:
            raise Rejected(f"A result is one of {', '.join(FORMS)}.")
        if not self._free.acquire(blocking=False):
            raise Pushback(
                f"{SQL_STATEMENTS} statements are running.", hint="Wait until one has ended.", retry_after_s=5
            )
        begun_s = time.monotonic()
        try:
            answer = self._answer(found, min(access.level, Level.PSEUDONYMISED), statement, form)
        finally:
            self._free.release()
        took_us = round((time.monotonic() - begun_s) * 1e6)
        self._put_on_record(
            access,
            Asked(
                project=found, statement=statement, outcome=answer.outcome, rows=answer.count, took_us=took_us,
                form=form, reason=answer.reason,
            ),
        )  # fmt: skip
        return _timed(answer, took_us)

    def _answer(self, project: Project, level: Level, statement: str, form: str) -> SqlAnswer:
        try:
            database = self._database()
            with self._open(settings_of(database, project)) as session:
                if session.database != database:
                    raise Unavailable("The store was made again just now.", hint="Ask again.")
                text = prepared(session, statement, project, level)
            with self._open(settings_of(database, project, form)) as session:
                return _run(session, text, form)
        except NotAllowed as refused:
            return SqlAnswer(outcome=REFUSED, reason=refused.words)
        except EngineFault as fault:
            return SqlAnswer(outcome=FAILED, reason=words_of(fault.code, fault.words))
        except RecursionError:
            return SqlAnswer(outcome=REFUSED, reason="It is nested too deeply.")

    def _enter(self, access: Access, project: str) -> Project:
        found = self._projects(project) if project in access.projects else None
        if found is None:
            raise Missing("There is no such project.", hint="The list of projects shows those that you may see.")
        if not self.enabled:
            raise Denied("The SQL console is off.", hint="An operator starts the server with --sql-console.")
        return found

    def _put_on_record(self, access: Access, asked: Asked) -> None:
        try:
            self._record(access, asked)
        except OnrecordError:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever went wrong, it is not on the record
            raise Unavailable(
                f"This could not be recorded ({type(fault).__name__}), so nothing is shown.", hint="Try again."
            ) from None


def _run(session: Session, text: str, form: str) -> SqlAnswer:
    if form == "parquet":
        return _parquet(session, text)
    table = session.table(text, most_bytes=SQL_RESULT_BYTES)
    columns = tuple(SqlColumn(name, kind) for name, kind in zip(table.names, table.types, strict=True))
    if form == "csv":
        rows = plain_rows(table.rows)
        if len(rows) > SQL_FILE_ROWS:
            return SqlAnswer(outcome=FAILED, reason=TOO_LARGE)
        return SqlAnswer(outcome=ANSWERED, columns=columns, count=len(rows), file=csv_of(columns, rows))
    rows = plain_rows(table.rows[:SQL_ROWS])
    more = len(table.rows) > SQL_ROWS
    return SqlAnswer(outcome=ANSWERED, columns=columns, rows=rows, count=len(rows), more=more)


def _parquet(session: Session, text: str) -> SqlAnswer:
    """The engine writes the file in one piece, so its size is asked for first."""
    rows, size = session.table(f"SELECT count(), sum(byteSize(*)) FROM ({text})").rows[0]
    if rows > SQL_FILE_ROWS or size > SQL_RESULT_BYTES:
        return SqlAnswer(outcome=FAILED, reason=TOO_LARGE)
    return SqlAnswer(outcome=ANSWERED, count=rows, file=session.encoded(text, _PARQUET))


def _timed(answer: SqlAnswer, took_us: int) -> SqlAnswer:
    fields: dict[str, Any] = {name: getattr(answer, name) for name in SqlAnswer.__struct_fields__}
    return SqlAnswer(**{**fields, "took_ms": took_us / 1_000})
