"""The console: who may ask, one statement after another, each on the record before its answer is shown."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from onrecord.buckets import Buckets, Rate
from onrecord.errors import Denied, Missing, OnrecordError, Pushback, Rejected, TooMany, Unavailable
from onrecord.limits import (
    SQL_ANSWER_BYTES,
    SQL_ATTEMPTS,
    SQL_BURST,
    SQL_FILE_ROWS,
    SQL_FILES,
    SQL_PER_S,
    SQL_RESULT_BYTES,
    SQL_ROW_BYTES,
    SQL_ROWS,
    SQL_STATEMENTS,
)
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.query.port import FindProject
from onrecord.query.sql.answer import (
    ANSWERED,
    FAILED,
    FILES,
    FORMS,
    REFUSED,
    TURNED_AWAY,
    Held,
    SqlAnswer,
    SqlColumn,
    SqlTable,
    csv_of,
)
from onrecord.query.sql.attempts import Attempts
from onrecord.query.sql.places import place_of
from onrecord.query.sql.port import Asked, CurrentDatabase, OpenSession, RecordStatement, Session
from onrecord.query.sql.reading import NotAllowed
from onrecord.query.sql.running import columns_of, prepared, settings_of
from onrecord.query.sql.views import VIEWS
from onrecord.query.sql.words import TOO_LARGE, words_of
from onrecord.store.faults import EngineFault

_PARQUET: Final = "Parquet"
_WAIT_S: Final = 5


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
        files: int = SQL_FILES,
        rate: Rate = Rate(SQL_BURST, SQL_PER_S),  # noqa: B008 - frozen
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.enabled = enabled
        """Whether an operator has switched it on."""
        self._open = open_session
        self._database = database
        self._projects = projects
        self._record = record
        self._free = threading.BoundedSemaphore(at_once)
        self._files = threading.BoundedSemaphore(files)
        self._rates = Buckets(rate, SQL_ATTEMPTS)
        self._rates_lock = threading.Lock()
        self._seconds = seconds
        self._attempts = Attempts(record, seconds=seconds)

    def views(self, access: Access, project: str) -> tuple[SqlTable, ...]:
        """What can be selected from, with the columns that this reader has.

        Raises:
            Denied: the console is off. Missing: the project is not there for this reader.
        """
        self._found(access, project)
        if not self.enabled:
            raise _off()
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
        the reader's level. One that is turned away is on the record too (see ``attempts``).

        Raises:
            Denied: the console is off. Missing: the project is not there for this reader. Pushback: others are asking.
            TooMany: this reader asks too fast. Rejected: there is no such form.
            Unavailable: it could not be recorded, so nothing is shown.
        """
        found = self._found(access, project)
        if form not in FORMS:
            raise Rejected(f"A result is one of {', '.join(FORMS)}.")
        asked = Asked(project=found, statement=statement, outcome=TURNED_AWAY, rows=0, took_us=0, form=form)
        refusal = self._refusal(access, form)
        if refusal is not None:
            self._turned_away(access, asked, refusal)
        held = Held(self._files.release) if form in FILES else None
        begun_s = self._seconds()
        answer = SqlAnswer(outcome=FAILED, reason="The server could not finish it.")
        try:
            answer = self._answer(found, min(access.level, Level.PSEUDONYMISED), statement, form)
        finally:
            self._free.release()
            took_us = round((self._seconds() - begun_s) * 1e6)
            self._put_on_record(
                access,
                msgspec.structs.replace(
                    asked, outcome=answer.outcome, rows=answer.count, took_us=took_us, reason=answer.reason
                ),
            )
        return msgspec.structs.replace(answer, took_ms=took_us / 1_000, held=held if answer.file else None)

    def close(self) -> None:
        """Put on the record what is still only counted; before the recording part is stopped."""
        self._attempts.close()

    def _found(self, access: Access, project: str) -> Project:
        found = self._projects(project) if project in access.projects else None
        if found is None:
            raise Missing("There is no such project.", hint="The list of projects shows those that you may see.")
        return found

    def _refusal(self, access: Access, form: str) -> OnrecordError | None:
        """Why this one does not get a place; None, and the place is taken."""
        if not self.enabled:
            return _off()
        with self._rates_lock:
            wait_s = self._rates.wait_s(access.actor, self._seconds())
        if wait_s:
            return TooMany(
                "You ask faster than the console answers.", hint="Wait a little.", retry_after_s=math.ceil(wait_s)
            )
        if form in FILES and not self._files.acquire(blocking=False):
            return Pushback(
                f"{SQL_FILES} files are on their way.", hint="Wait until one is there.", retry_after_s=_WAIT_S
            )
        if self._free.acquire(blocking=False):
            return None
        if form in FILES:
            self._files.release()
        return Pushback(
            f"{SQL_STATEMENTS} statements are running.", hint="Wait until one has ended.", retry_after_s=_WAIT_S
        )

    def _turned_away(self, access: Access, asked: Asked, refusal: OnrecordError) -> None:
        asked = msgspec.structs.replace(asked, reason=refusal.message)
        self._recorded(self._attempts.turned_away, access, asked)
        raise refusal

    def _answer(self, project: Project, level: Level, statement: str, form: str) -> SqlAnswer:
        try:
            database = self._database()
            with self._open(settings_of(database, project)) as session:
                if session.database != database:
                    raise Unavailable("The store was made again just now.", hint="Ask again.")
                text = prepared(session, statement, project, level)
                columns = columns_of(session, text)
            with self._open(settings_of(database, project, form)) as session:
                return _run(session, text, form, columns)
        except NotAllowed as refused:
            return SqlAnswer(outcome=REFUSED, reason=refused.words, place=place_of(statement, refused.words))
        except EngineFault as fault:
            reason = words_of(fault.code, fault.words, form)
            return SqlAnswer(outcome=FAILED, reason=reason, place=place_of(statement, fault.words))
        except RecursionError:
            return SqlAnswer(outcome=REFUSED, reason="It is nested too deeply.")

    def _put_on_record(self, access: Access, asked: Asked) -> None:
        self._recorded(self._record, access, asked)

    def _recorded(self, record: RecordStatement, access: Access, asked: Asked) -> None:
        try:
            record(access, asked)
        except OnrecordError:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever went wrong, it is not on the record
            raise Unavailable(
                f"This could not be recorded ({type(fault).__name__}), so nothing is shown.", hint="Try again."
            ) from None


def _off() -> Denied:
    return Denied("The SQL console is off.", hint="An operator starts the server with --sql-console.")


def _run(session: Session, text: str, form: str, columns: tuple[SqlColumn, ...]) -> SqlAnswer:
    if form == "parquet":
        return _parquet(session, text)
    if form == "csv":
        rows = _rows(session.lines(text, SQL_RESULT_BYTES))
        file, count = csv_of(columns, islice(rows, SQL_FILE_ROWS + 1))
        if count > SQL_FILE_ROWS:
            return SqlAnswer(outcome=FAILED, reason=TOO_LARGE)
        return SqlAnswer(outcome=ANSWERED, columns=columns, count=count, file=file)
    shown = tuple(map(tuple, _rows(session.lines(text, SQL_ANSWER_BYTES))))
    kept = shown[:SQL_ROWS]
    return SqlAnswer(outcome=ANSWERED, columns=columns, rows=kept, count=len(kept), more=len(shown) > SQL_ROWS)


def _rows(lines: Iterator[bytes]) -> Iterator[list[Any]]:
    for line in lines:
        if len(line) > SQL_ROW_BYTES:
            raise EngineFault(_TOO_LARGE_CODE, "a row is too large")
        try:
            yield msgspec.json.decode(line, type=list)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise EngineFault(0, "the engine did not end its answer") from None


_TOO_LARGE_CODE: Final = 396


def _parquet(session: Session, text: str) -> SqlAnswer:
    """The engine writes the file in one piece, so its size is asked for first."""
    rows, size = session.rows(f"SELECT count(), sum(byteSize(*)) FROM ({text})")[0]
    if rows > SQL_FILE_ROWS or size > SQL_RESULT_BYTES:
        return SqlAnswer(outcome=FAILED, reason=TOO_LARGE)
    return SqlAnswer(outcome=ANSWERED, count=rows, file=session.encoded(text, _PARQUET))
