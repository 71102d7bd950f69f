"""Every byte of a data directory has a name: the amounts of a file add up to it, and what is not counted is unknown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from onrecord.control.caller import Caller
from onrecord.control.roles import Role
from onrecord.control.schema import open_control
from onrecord.errors import Denied, Unavailable
from onrecord.query.storage import Storage
from tests.recorded import PROJECT, november, recording, send, span

OWNER = Caller(actor="u", name="ann", roles={PROJECT.id: Role.OWNER}, projects=(PROJECT,))
READER = Caller(actor="u", name="ann", roles={PROJECT.id: Role.READER}, projects=(PROJECT,))


def closed(_: str, __: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    raise Unavailable("The store is not open yet.")


def storage(root: Path, seconds: float = 10) -> Storage:
    open_control(root / "data" / "control.db").dispose()
    return Storage(root / "data", root / "data" / "control.db", closed, seconds)


def test_the_amounts_of_every_file_add_up_to_it(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, *(span(number) for number in range(1, 30)))
        made.settle()
        report = storage(tmp_path).report(OWNER, PROJECT.id)
    names = ["Ledger", "Vault, 2026-11", "Keys", "Control", "Journal", "Store", "Other"]
    assert [shelf.name for shelf in report.shelves] == names
    for shelf in report.shelves[:-3]:
        parts = [amount.bytes for amount in shelf.amounts]
        assert sum(part for part in parts if part is not None) == shelf.bytes, shelf.name
        assert None not in parts
    vault = report.shelves[1]
    assert vault.amounts[0].words == "sealed content of 29 records"
    assert report.total == sum(shelf.bytes or 0 for shelf in report.shelves), "every byte has a place"
    assert report.store_fault == "The store is not open yet."
    assert report.shelves[-2].bytes is None, "there is no store here: unknown, not 0"


def test_when_the_time_is_over_the_rest_is_unknown(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1))
        made.settle()
        report = storage(tmp_path, seconds=-1).report(OWNER, PROJECT.id)
    assert report.total is None
    assert report.shelves[0].bytes is None


def test_only_owners_see_it(tmp_path: Path) -> None:
    with recording(tmp_path, november()), pytest.raises(Denied):
        storage(tmp_path).report(READER, PROJECT.id)
