"""Dead letters, for whoever looks after a project: what could not be kept as a record, why, and another attempt.

The list holds no content. Opening a letter shows bytes that nobody has screened: it needs the exact level and a
purpose, and is on the record before anything is shown. Trying again is an owner's, and is on the record, too.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from onrecord.control.caller import Caller
from onrecord.errors import Denied, Missing, OnrecordError, Rejected, Unavailable
from onrecord.ingest.item import SENT, Letter
from onrecord.ingest.letters import Kept
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.query.cursor import limit_of
from onrecord.query.port import FindProject, Read, RecordAccess
from onrecord.query.results import Page, PageRequest
from onrecord.receive.port import Ack

TEXT_CHARACTERS: Final = 200_000
"""Characters of a letter that are shown; all of its bytes are in ``data``."""


class LetterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One dead letter, without its content."""

    id: str
    received_us: int
    signal: str
    """What was sent: ``traces``, ``logs``, ``langsmith.batch``."""
    door: str
    """The door through which it came: ``otlp``, ``langfuse``, ``langsmith``, ``phoenix``, ``gateway``, ``import``."""
    reason: str
    size: int
    """Bytes on disk, sealed and compressed."""


class OpenLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter with its content, as far as it could be read."""

    row: LetterRow
    stage: str
    """``sent``: the bytes as they came; ``read``: what was read of them."""
    text: str
    """The content as text, at most ``TEXT_CHARACTERS``; empty when it is none."""
    data: bytes
    retryable: bool


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """What became of another attempt."""

    kept: bool
    """It is a record now, and the letter is gone."""
    reason: str = ""
    """Why it still can not be kept."""


class Box(Protocol):
    """Where dead letters lie. Implemented by ``ingest.letters.LetterBox``."""

    def newest(self, project: int, after: str, limit: int) -> list[Kept]:
        """Letters of a project, newest first."""
        ...

    def open(self, project: int, id_: str) -> tuple[Kept, Letter]:
        """One with its content; raises ``Missing``."""
        ...

    def retry(self, project: Project, id_: str) -> Ack:
        """Try it again; raises ``Rejected`` with the reason when it still can not be kept."""
        ...


class Letters:
    """The dead letters of every project. Methods may be called from any thread."""

    def __init__(
        self,
        box: Box,
        projects: FindProject,
        record_access: RecordAccess,
        record_retry: Callable[[Access, Project, str], None],
    ) -> None:
        self._box = box
        self._projects = projects
        self._record_access = record_access
        self._record_retry = record_retry

    def list(self, access: Access, project: str, page: PageRequest) -> Page[LetterRow]:
        """Letters of the project, newest first.

        Raises:
            Missing: the project is not there for this reader. Rejected: the cursor is malformed.
        """
        found, limit = self._project(access, project), limit_of(page)
        kept = self._box.newest(found.number, page.after, limit + 1)
        return Page(rows=tuple(map(_row, kept[:limit])), next=kept[limit - 1].id if len(kept) > limit else "")

    def open(self, access: Access, project: str, id_: str) -> OpenLetter:
        """A letter with its content, recorded before it is given.

        Raises:
            Denied: without the exact level. Rejected: without a purpose. Missing: it is not there any more.
            Unavailable: the read could not be recorded, so nothing is shown.
        """
        found = self._project(access, project)
        if access.level < Level.EXACT:
            raise Denied("A dead letter holds exact content.", hint="Ask an owner of the project.")
        if not access.purpose.strip():
            raise Rejected("Exact content needs a purpose.", hint="Say why in 'purpose'; it is recorded with the read.")
        kept, letter = self._box.open(found.number, id_)
        self._record(lambda: self._record_access(access, Read(project=found, kind="dead letter", places=())))
        text = _text(letter)
        return OpenLetter(
            row=_row(kept),
            stage=SENT if letter.stage in ("", SENT) else "read",
            text=text[:TEXT_CHARACTERS],
            data=letter.raw,
            retryable=bool(letter.stage),
        )

    def retry(self, caller: Caller, project: str, id_: str) -> Retried:
        """Try a letter again, with the code of today.

        Raises:
            Denied: for anybody but an owner. Missing: it is not there any more.
        """
        owned = caller.require_owner(project)
        self._record(lambda: self._record_retry(caller.access(project), owned, id_))
        try:
            self._box.retry(owned, id_)
        except Rejected as still:
            return Retried(kept=False, reason=f"{still.message} {still.hint}".strip())
        return Retried(kept=True)

    def _project(self, access: Access, project: str) -> Project:
        found = self._projects(project) if project in access.projects else None
        if found is None:
            raise Missing("There is no such project.", hint="The list of projects shows those that you may see.")
        return found

    def _record(self, record: Callable[[], Any]) -> None:
        try:
            record()
        except OnrecordError:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever went wrong, it is not on the record
            raise Unavailable(
                f"This could not be recorded ({type(fault).__name__}), so nothing is done.", hint="Try again."
            ) from None


def _row(kept: Kept) -> LetterRow:
    row = kept.row
    first = row.signal.partition(".")[0]
    return LetterRow(
        id=kept.id,
        received_us=row.received_us,
        signal=row.signal,
        door="otlp" if first in ("traces", "logs") else first,
        reason=row.reason,
        size=row.size,
    )


def _text(letter: Letter) -> str:
    """The content in words: JSON of what was read, else the bytes when they are text."""
    try:
        if letter.stage in ("", SENT):
            return letter.raw.decode()
        return msgspec.json.format(msgspec.json.encode(msgspec.msgpack.decode(letter.raw))).decode()
    except (ValueError, TypeError):  # UnicodeDecodeError and msgspec's are ValueErrors
        return ""
