"""The self-test says what ``onrecord verify`` says, beside the server, once at a time, and is itself on the record."""

from pathlib import Path
from threading import Event

import pytest

from onrecord.control.caller import Caller
from onrecord.control.library import Library
from onrecord.control.roles import Role
from onrecord.control.schema import open_control
from onrecord.errors import Denied, Pushback
from onrecord.governance.audit import INTACT
from onrecord.governance.selftest import Place, SelfTest
from onrecord.governance.verdict import verify_data
from onrecord.ledger.entry import decode_entry
from onrecord.model.project import Project
from onrecord.server.reading import ledgers_of
from onrecord.server.recording import Recording
from tests.recorded import PROJECT, november, recording, send, span

OTHER = Project(id="bbbb000000000002", number=9, name="other")


def caller(role: Role) -> Caller:
    return Caller(actor="u", name="ann", roles={one.id: role for one in (PROJECT, OTHER)}, projects=(PROJECT, OTHER))


def made_by(made: Recording, root: Path, limit_s: float = 60) -> SelfTest:
    library = Library(open_control(root / "control.db"), lambda *_: bytes(32), november())
    place = Place(made.data, root / "keys")
    return SelfTest(
        place, home=lambda: PROJECT, library=library, pipeline=made.pipeline, clock=november(), limit_s=limit_s
    )


def test_it_finds_what_verify_finds_and_is_a_record(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1), span(2))
        made.settle()
        test = made_by(made, tmp_path)
        assert test.last(caller(Role.READER), PROJECT.id).last is None
        test.start(caller(Role.OWNER), PROJECT.id)
        test.wait(60)
        told = test.last(caller(Role.READER), PROJECT.id)
        expected = verify_data(made.data, tmp_path / "keys")
        assert told.running_since_us is None
        assert told.last is not None
        assert (told.last.exit_code, told.last.verdict) == (0, expected.verdict)
        assert [one.states for one in told.last.ledgers] == [{INTACT: 2}]
        other = test.last(caller(Role.READER), OTHER.id).last
        assert other is not None
        assert other.ledgers == (), "ledgers of another project are not shown"
        made.settle()
        ((_, reader),) = ledgers_of(made.data / "ledger", PROJECT)
        kinds = [decode_entry(data).kind for _, data in reader.entries(0, reader.checkpoint().size)]
        assert kinds == ["shard", "span", "span", "selftest"]


def test_a_missing_month_is_found_and_said(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1))
        made.settle()
    for file in (tmp_path / "data" / "vault").glob("*.db*"):
        file.unlink()
    with recording(tmp_path, november()) as made:
        test = made_by(made, tmp_path)
        test.start(caller(Role.OWNER), PROJECT.id)
        test.wait(60)
        found = test.last(caller(Role.OWNER), PROJECT.id).last
        assert found is not None
        assert (found.exit_code, found.findings_total) == (2, 1)
        assert found.findings[0][1] == "MISSING #1: the content is not in the vault, and no entry says why"


def test_only_owners_start_one_and_only_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()
    with recording(tmp_path, november()) as made:
        test = made_by(made, tmp_path)
        with pytest.raises(Denied):
            test.start(caller(Role.EXACT), PROJECT.id)
        monkeypatch.setattr("onrecord.governance.selftest._in_a_process", lambda *_: go_on.wait(30))
        monkeypatch.setattr(test, "_keep", lambda _: None)
        monkeypatch.setattr("msgspec.structs.replace", lambda one, **_: one)
        assert test.start(caller(Role.OWNER), PROJECT.id).running_since_us is not None
        with pytest.raises(Pushback):
            test.start(caller(Role.OWNER), PROJECT.id)
        go_on.set()
        test.wait(30)
        assert test.last(caller(Role.OWNER), PROJECT.id).running_since_us is None


def test_one_that_takes_too_long_is_stopped_and_says_so(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        test = made_by(made, tmp_path, limit_s=0)
        test.start(caller(Role.OWNER), PROJECT.id)
        test.wait(30)
        found = test.last(caller(Role.OWNER), PROJECT.id).last
        assert found is not None
        assert found.exit_code is None
        assert found.verdict.startswith("not ended within 0 seconds")
