"""The SQL console, put together: its connections, and the duty to record every statement."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from onrecord.config import Settings
from onrecord.control.keyring import Keyring
from onrecord.ingest.pipeline import Pipeline
from onrecord.limits import SQL_CHARACTERS
from onrecord.model.access import Access
from onrecord.query.sql.console import Console
from onrecord.query.sql.port import Asked, RecordStatement, Session
from onrecord.server.projection import Projection
from onrecord.server.recording import Recording

_RECORDED_SECONDS: Final = 30


def console(settings: Settings, recording: Recording, projection: Projection, keyring: Keyring) -> Console:
    """The console of an installation; it refuses everything until an operator switches it on."""

    def open_session(bound: Mapping[str, Any]) -> AbstractContextManager[Session]:
        from onrecord.store.session import session  # noqa: PLC0415 - the engine is imported beside the start

        return session(projection.store(), bound)

    return Console(
        enabled=settings.sql_console,
        open_session=open_session,
        database=lambda: projection.store().database,
        projects=lambda id_: next((project for project in keyring.every_project() if project.id == id_), None),
        record=recorder(recording.pipeline),
    )


def recorder(pipeline: Pipeline) -> RecordStatement:
    """What puts a statement on the record: its text sealed in the vault, how many rows it showed in the entry."""

    def record(access: Access, asked: Asked) -> None:
        value = {
            "actor": access.actor,
            "purpose": access.purpose,
            "asked": "sql",
            "places": [],
            "statement": asked.statement[:SQL_CHARACTERS],
            "characters": len(asked.statement),
            "form": asked.form,
            "outcome": asked.outcome,
            "reason": asked.reason,
            "rows": asked.rows,
            "took_us": asked.took_us,
            "attempts": asked.attempts,
        }
        done = pipeline.append(asked.project, "access", value, about=f"access {access.actor}", records=asked.rows)
        done.result(_RECORDED_SECONDS)

    return record
