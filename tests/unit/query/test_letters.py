"""Dead letters over their engine: no content in the list, exact content for a purpose, retries of owners, recorded."""

from pathlib import Path

import msgspec
import pytest

from onrecord.control.caller import Caller
from onrecord.control.roles import Role
from onrecord.errors import Denied, Missing, Rejected, Unavailable
from onrecord.ingest.letters import LetterBox
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.query.letters import Letters, Retried
from onrecord.query.port import Read
from onrecord.query.results import PageRequest
from onrecord.server.recording import Recording
from tests.recorded import PROJECT, november, place, recording, send, span

SAID = "what a person said"


class Desk:
    """Letters over a recording, and what was recorded about them."""

    def __init__(self, made: Recording) -> None:
        self.reads: list[tuple[str, str, str]] = []
        self.retries: list[str] = []
        self.refuses = False
        box = LetterBox(made.data / "vault", made.keys, made.runtimes, made.commits, november())
        self.letters = Letters(box, {PROJECT.id: PROJECT}.get, self._read, self._retry)

    def _read(self, access: Access, read: Read) -> None:
        if self.refuses:
            raise OSError
        self.reads.append((access.actor, access.purpose, read.kind))

    def _retry(self, _: Access, __: Project, id_: str) -> None:
        if self.refuses:
            raise OSError
        self.retries.append(id_)


def access(level: Level = Level.PSEUDONYMISED, purpose: str = "", project: str = PROJECT.id) -> Access:
    return Access(actor="ann", projects=frozenset((project,)), level=level, purpose=purpose)


def caller(role: Role) -> Caller:
    return Caller(actor="ann", name="ann", roles={PROJECT.id: role}, projects=(PROJECT,))


def with_letters(made: Recording, count: int = 1) -> Desk:
    with pytest.MonkeyPatch.context() as small:
        small.setattr("onrecord.ingest.prepare.MESSAGES_PER_SPAN", 1)
        for number in range(1, count + 1):
            assert send(made, span(number, answer=SAID)).rejected == 1
    return Desk(made)


def test_the_list_says_when_why_and_how_large_and_nothing_of_the_content(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        desk = with_letters(made, 3)
        page = desk.letters.list(access(Level.METADATA), PROJECT.id, PageRequest(limit=2))
        assert [(one.signal, one.door) for one in page.rows] == [("traces", "otlp")] * 2
        assert {one.reason for one in page.rows} == {"the span has more than 1 messages"}
        assert SAID.encode() not in msgspec.json.encode(page)
        rest = desk.letters.list(access(), PROJECT.id, PageRequest(limit=2, after=page.next))
        assert (len(rest.rows), rest.next) == (1, "")
        with pytest.raises(Missing):
            desk.letters.list(access(project="another"), PROJECT.id, PageRequest())


def test_one_is_opened_for_a_purpose_and_recorded_first(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        desk = with_letters(made)
        exact = access(Level.EXACT, "to mend the exporter")
        opened = desk.letters.open(exact, PROJECT.id, "2026-11.1")
        assert SAID in opened.text
        assert (opened.stage, opened.retryable) == ("read", True)
        assert desk.reads == [("ann", "to mend the exporter", "dead letter")]
        with pytest.raises(Denied):
            desk.letters.open(access(), PROJECT.id, "2026-11.1")
        with pytest.raises(Rejected):
            desk.letters.open(access(Level.EXACT), PROJECT.id, "2026-11.1")
        desk.refuses = True
        with pytest.raises(Unavailable):
            desk.letters.open(exact, PROJECT.id, "2026-11.1")


def test_an_owner_tries_again_and_hears_what_became_of_it(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        desk = with_letters(made)
        with pytest.raises(Denied):
            desk.letters.retry(caller(Role.EXACT), PROJECT.id, "2026-11.1")
        with pytest.MonkeyPatch.context() as small:
            small.setattr("onrecord.ingest.prepare.MESSAGES_PER_SPAN", 1)
            still = desk.letters.retry(caller(Role.OWNER), PROJECT.id, "2026-11.1")
        assert still == Retried(kept=False, reason="the span has more than 1 messages")
        assert desk.letters.retry(caller(Role.OWNER), PROJECT.id, "2026-11.1") == Retried(kept=True)
        assert made.content.read(2, place(1)).output[0].parts[0].text == SAID
        assert desk.retries == ["2026-11.1"] * 2, "each attempt is on the record"
        desk.refuses = True
        with pytest.raises(Unavailable):
            desk.letters.retry(caller(Role.OWNER), PROJECT.id, "2026-11.1")
