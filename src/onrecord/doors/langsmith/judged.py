"""What was judged how: each feedback as it stands, so that a change of one of its fields leaves the others."""

from contextlib import suppress
from typing import Any, Final

from onrecord.control.library import Document, Origin
from onrecord.doors.port import Desk
from onrecord.errors import Rejected
from onrecord.model.project import Project

KIND: Final = "langsmith.feedback"


def remember(desk: Desk, project: Project, given: dict[str, Any]) -> None:
    """Note a feedback among the documents of the project, as long as its run is kept. Blocks.

    One that is too large for a document is kept as a score all the same; it can not be changed later.
    """
    run, trace = (str(given.get(name) or "") for name in ("run_id", "trace_id"))
    document = Document(kind=KIND, id=str(given.get("id")), parent=run, value=given)
    with suppress(Rejected):
        desk.library.put(project, document, Origin(trace_id=trace or run))
