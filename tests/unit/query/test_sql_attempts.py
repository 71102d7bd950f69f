"""Statements that are turned away: the first has an entry, the rest are counted, and a flood is a few entries."""

import msgspec
import pytest

from onrecord.model.access import Access
from onrecord.model.project import Project
from onrecord.query.sql.attempts import Attempts
from onrecord.query.sql.port import Asked

PROJECT = Project(id="aaaa000000000001", number=1, name="ours")
ANN = Access(actor="ann", projects=frozenset((PROJECT.id,)))
BOB = msgspec.structs.replace(ANN, actor="bob")
ASKED = Asked(
    project=PROJECT, statement="SELECT 1", outcome="turned away", rows=0, took_us=0, form="table", reason="off"
)


class Desk:
    """A clock that stands, and what was recorded."""

    def __init__(self, most: int = 10) -> None:
        self.now_s = 1_000.0
        self.kept: list[tuple[str, str, str, int]] = []
        self.fault: Exception | None = None
        self.attempts = Attempts(self.record, window_s=60, most=most, seconds=lambda: self.now_s)

    def record(self, access: Access, asked: Asked) -> None:
        if self.fault:
            raise self.fault
        self.kept.append((access.actor, asked.reason, asked.statement, asked.attempts))

    def ask(self, access: Access = ANN, **changed: str) -> None:
        self.attempts.turned_away(access, msgspec.structs.replace(ASKED, **changed))


def test_a_flood_is_one_entry_and_one_count_a_minute() -> None:
    desk = Desk()
    for number in range(5_000):
        desk.ask(statement=f"SELECT {number}")
    assert desk.kept == [("ann", "off", "SELECT 0", 1)]
    desk.now_s += 60
    desk.attempts.flush(everything=False)
    assert desk.kept[1:] == [("ann", "off", "SELECT 4999", 4_999)]
    desk.ask(statement="SELECT 'again'")
    assert desk.kept[2:] == [("ann", "off", "SELECT 'again'", 1)]
    desk.attempts.close()
    assert len(desk.kept) == 3


def test_each_person_and_each_reason_has_an_entry_of_its_own() -> None:
    desk = Desk()
    for access in (ANN, BOB):
        for reason in ("off", "busy"):
            for _ in range(3):
                desk.ask(access, reason=reason)
    assert [(actor, reason, many) for actor, reason, _, many in desk.kept] == [
        ("ann", "off", 1), ("ann", "busy", 1), ("bob", "off", 1), ("bob", "busy", 1),
    ]  # fmt: skip
    desk.attempts.close()
    assert [many for *_, many in desk.kept[4:]] == [2, 2, 2, 2]


def test_nothing_is_forgotten_when_many_people_ask_and_the_next_to_ask_is_enough() -> None:
    desk = Desk(most=2)
    for name in ("ann", "ann", "bob", "bob", "eve", "eve"):
        desk.ask(msgspec.structs.replace(ANN, actor=name))
    assert ("ann", "off", "SELECT 1", 1) in desk.kept[:-1]
    desk.now_s += 61
    desk.ask(msgspec.structs.replace(ANN, actor="dan"))
    desk.attempts.close()
    counted: dict[str, int] = {}
    for actor, _, _, many in desk.kept:
        counted[actor] = counted.get(actor, 0) + many
    assert counted == {"ann": 2, "bob": 2, "eve": 2, "dan": 1}


def test_what_can_not_be_recorded_is_heard_at_once_and_a_count_is_kept_until_it_can() -> None:
    desk = Desk()
    desk.ask()
    desk.ask()
    desk.fault = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        desk.ask(BOB)
    desk.attempts.flush()
    desk.fault = None
    desk.attempts.close()
    assert [(actor, many) for actor, *_, many in desk.kept] == [("ann", 1), ("ann", 1), ("bob", 1)]
