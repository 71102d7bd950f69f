"""What can not be kept as a record costs itself only, goes sealed to the dead letters, and never passes unscreened."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onrecord.errors import Rejected, Unavailable
from onrecord.limits import DEAD_LETTER_DAYS, DEAD_LETTERS, MESSAGES_PER_SPAN
from onrecord.model.score import Score
from onrecord.privacy.detect.scan import Detector
from onrecord.receive.port import Ack
from tests.recorded import PROJECT, every_byte, november, place, recording, send, span

POISON = "unscreenable text of a person"
UNSCREENED = "could not be screened for personal data (ZeroDivisionError)"


def failing(monkeypatch: pytest.MonkeyPatch, fails: Callable[[str], bool]) -> None:
    """Let the real detector fail where ``fails`` says so."""
    find = Detector.hits

    def hits(self: Detector, text: str) -> Any:
        if fails(text):
            raise ZeroDivisionError(text)
        return find(self, text)

    monkeypatch.setattr(Detector, "hits", hits)


def letters(directory: Path) -> list[tuple[str, bytes]]:
    """Reason and sealed bytes of every dead letter."""
    (month,) = (directory / "data" / "vault").glob("*.db")
    with closing(sqlite3.connect(f"file:{month}?mode=ro", uri=True)) as vault:
        return vault.execute("SELECT reason, body FROM dead ORDER BY id").fetchall()


def test_a_span_that_fails_the_screen_costs_itself_only_and_is_kept_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, lambda text: POISON in text)
    with recording(tmp_path, november()) as made:
        for _ in range(2):
            ack = send(made, span(1), span(2, answer=POISON), span(3))
            assert (ack.accepted, ack.rejected, ack.reasons) == (2, 1, (UNSCREENED,)), "also when it is sent again"
        made.settle()
        assert [made.content.read(2, place(index)).span_id[-1] for index in (1, 2)] == ["1", "3"]
        assert made.staging.dead_total == 2
        assert [reason for reason, _ in letters(tmp_path)] == [UNSCREENED] * 2
    assert POISON.encode() not in every_byte(tmp_path)


def test_a_text_that_fails_the_screen_once_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [POISON]
    failing(monkeypatch, lambda text: POISON in text and bool(left) and bool(left.pop()))
    with recording(tmp_path, november()) as made:
        assert send(made, span(1, answer=POISON)) == Ack(accepted=1)


def test_a_screen_that_does_not_work_at_all_lets_nothing_through_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1))
        with monkeypatch.context() as broken:
            failing(broken, lambda _: True)
            with pytest.raises(Unavailable):
                send(made, span(2, answer="another"), span(3))
        assert (made.staging.dead_total, made.commits.records_total) == (0, 1)
        assert send(made, span(2, answer="another"), span(3)).accepted == 2, "sent again it is kept"


def test_a_span_with_too_many_messages_is_a_dead_letter_and_the_others_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MESSAGES_PER_SPAN >= 10_000
    monkeypatch.setattr("onrecord.ingest.prepare.MESSAGES_PER_SPAN", 3)
    three, two = ([("user", f"question {n}") for n in range(count)] for count in (3, 2))
    with recording(tmp_path, november()) as made:
        ack = send(made, span(1, messages=tuple(two)), span(2, messages=tuple(three)), span(3))
        assert (ack.accepted, ack.rejected, ack.reasons) == (2, 1, ("the span has more than 3 messages",))
        assert len(letters(tmp_path)) == 1


def test_the_oldest_dead_letters_go_and_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert DEAD_LETTERS >= 1_000
    monkeypatch.setattr("onrecord.ingest.staging.DEAD_LETTERS", 2)
    monkeypatch.setattr("onrecord.ingest.prepare.MESSAGES_PER_SPAN", 0)
    with recording(tmp_path, november()) as made:
        for number in range(1, 6):
            send(made, span(number))
        assert (made.staging.dead_total, made.staging.dropped_total, len(letters(tmp_path))) == (5, 3, 2)


def test_a_dead_letter_is_kept_for_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onrecord.ingest.prepare.MESSAGES_PER_SPAN", 0)
    clock = november()
    with recording(tmp_path, clock) as made:
        send(made, span(1))
        clock.advance((DEAD_LETTER_DAYS * 24 - 1) * 3_600_000_000)
        send(made, span(2))
        assert len(letters(tmp_path)) == 2
        clock.advance(2 * 3_600_000_000)
        send(made, span(3))
        assert len(letters(tmp_path)) == 2


def test_a_score_that_could_not_be_erased_with_its_person_is_refused(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made, pytest.raises(Rejected, match="names its trace too"):
        made.pipeline.score(PROJECT, Score(name="tone", span_id="1" * 16, value=1), content=b"x", door=b"api.scores")
