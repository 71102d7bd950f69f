"""Erasure: everything of a person goes, nothing of anybody else, and a crash in between is finished."""

from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord.errors import Corrupt, Missing
from onrecord.governance.verdict import verify_data
from onrecord.server.recording import Recording
from tests.attack.world import eraser
from tests.recorded import PROJECT, every_byte, november, place, recording, send, span


class Crash(BaseException):
    """Stands for the end of the process."""


def crash_at(point: str) -> Callable[[str], None]:
    def pass_point(name: str) -> None:
        if name == point:
            raise Crash

    return pass_point


def talk(made: Recording) -> None:
    """Ann and Bob; Ann is named late, by the root that comes last, with children in a session and outside of one."""
    send(made, span(1, trace=1, parent=9, answer="kumquat one"))
    send(made, span(2, trace=1, parent=9, session="ann-session", answer="kumquat two"))
    send(made, span(9, trace=1, user="ann@example.com", answer="kumquat nine"))
    send(made, span(11, trace=2, user="bob@example.com", answer="from bob"))
    made.settle()


def state(directory: Path) -> tuple[int, dict[str, int]]:
    report = verify_data(directory / "data", directory / "keys")
    return report.exit_code, report.states


def test_an_erased_person_is_in_no_file_and_verify_says_so(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        talk(made)
        runtime = made.runtimes.of(PROJECT)
        names = [runtime.pseudonyms.user("ann@example.com").encode(), runtime.locators.user("ann@example.com")]
        names += [runtime.pseudonyms.session("ann-session").encode(), runtime.locators.session("ann-session")]
        names += [runtime.locators.trace(f"{1:032x}"), b"ann@example.com", b"ann-session", b"kumquat"]
        names += [runtime.locators.month(runtime.locators.trace(f"{1:032x}"), "2026-11")]
        before = every_byte(tmp_path / "data")
        assert runtime.locators.user("ann@example.com") in before
        bodies = [made.vault.locate(2, place(index)).record for index in (1, 2, 3)]
        erased = eraser(made).erase_user(PROJECT, "ann@example.com", reason="asked")
        made.settle()
        after = every_byte(tmp_path / "data")
        assert erased.records == 3
        assert [name for name in names if name in after] == []
        assert [record.id for record in bodies if record.body in after or record.dedupe in after] == []
        with pytest.raises(Missing):
            made.content.read(2, place(1))
        assert made.content.read(2, place(4)).output[0].parts[0].text == "from bob"
    assert state(tmp_path)[0] == 0
    report = verify_data(tmp_path / "data", tmp_path / "keys")
    assert report.states["erased"] == 3
    assert [ledger.excused for ledger in report.ledgers if ledger.excused] == [{"erased by entry 5": 3}]


def test_erasing_nobody_erases_nothing(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        talk(made)
        assert eraser(made).erase_user(PROJECT, "nobody").records == 0
    assert state(tmp_path) == (0, {"intact": 4})


def test_what_arrives_during_an_erasure_is_kept(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        talk(made)

        def more(name: str) -> None:
            if name == "erasure.keys-destroyed":
                send(made, span(50, trace=1, user="ann@example.com", session="ann-session", answer="later"))

        assert eraser(made, more).erase_user(PROJECT, "ann@example.com").records == 3
        kept = [index for index in range(1, 9) if _answer(made, index) == "later"]
        assert len(kept) == 1
        assert eraser(made).erase_user(PROJECT, "ann@example.com").records == 1
    assert state(tmp_path)[0] == 0


def _answer(made: Recording, index: int) -> str:
    try:
        return str(getattr(made.content.read(2, place(index)).output[0].parts[0], "text", ""))
    except (Missing, Corrupt, IndexError):  # gone, or a record of another kind
        return ""


POINTS = ("erasure.announced", "erasure.keys-destroyed", "erasure.rows-gone", "erasure.content-gone")


@pytest.mark.parametrize("point", POINTS)
def test_an_erasure_cut_off_by_a_crash_is_finished_at_the_next_start(tmp_path: Path, point: str) -> None:
    with recording(tmp_path, november()) as made:
        talk(made)
        with pytest.raises(Crash):
            eraser(made, crash_at(point)).erase_user(PROJECT, "ann@example.com")
    assert state(tmp_path)[0] == 0
    with recording(tmp_path, november()) as made:
        assert eraser(made).resume(lambda _: PROJECT) == 1
        assert eraser(made).resume(lambda _: PROJECT) == 0
        made.settle()
        assert b"kumquat" not in every_byte(tmp_path / "data")
    code, states = state(tmp_path)
    assert (code, states["erased"]) == (0, 3)


def test_an_erasure_that_failed_is_finished_when_it_is_asked_for_again(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        talk(made)
        with pytest.raises(Crash):
            eraser(made, crash_at("erasure.rows-gone")).erase_user(PROJECT, "ann@example.com")
        assert eraser(made).erase_user(PROJECT, "ann@example.com").records == 3
        with pytest.raises(Missing):
            made.vault.locate(2, place(1))
