"""What is recorded of a statement."""

from concurrent.futures import Future
from typing import Any, cast

import msgspec
import pytest

from onrecord.ingest.pipeline import Pipeline
from onrecord.limits import SQL_CHARACTERS
from onrecord.model.access import Access
from onrecord.model.project import Project
from onrecord.query.sql.port import Asked
from onrecord.receive.port import Ack
from onrecord.server.console import recorder

PROJECT = Project(id="aaaa000000000001", number=1, name="ours")
ASKED = Asked(project=PROJECT, statement="SELECT 1", outcome="answered", rows=1, took_us=5, form="csv", reason="")


class Kept:
    """A pipeline that remembers, or that can not."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.kept: list[tuple[Any, ...]] = []
        self._fault = fault

    def append(self, project: Project, kind: str, value: Any, *, about: str, **entry: Any) -> Future[Ack]:
        self.kept.append((project, kind, value, about, entry))
        done: Future[Ack] = Future()
        if self._fault:
            done.set_exception(self._fault)
        else:
            done.set_result(Ack(accepted=1))
        return done


def test_the_text_is_the_sealed_value_of_an_access_record_and_the_entry_says_how_many_rows() -> None:
    pipeline = Kept()
    recorder(cast("Pipeline", pipeline))(Access(actor="ann", projects=frozenset((PROJECT.id,))), ASKED)
    ((project, kind, value, about, entry),) = pipeline.kept
    assert (project, kind, about, entry) == (PROJECT, "access", "access ann", {"records": 1})
    assert value == {
        "actor": "ann", "purpose": "", "asked": "sql", "places": [], "statement": "SELECT 1", "form": "csv",
        "outcome": "answered", "reason": "", "rows": 1, "took_us": 5, "characters": 8, "attempts": 1,
    }  # fmt: skip


def test_a_commit_that_fails_is_heard() -> None:
    with pytest.raises(OSError, match="full"):
        recorder(cast("Pipeline", Kept(OSError("full"))))(Access(actor="ann", projects=frozenset((PROJECT.id,))), ASKED)


def test_of_a_text_that_is_too_long_the_beginning_is_kept_and_its_length() -> None:
    pipeline = Kept()
    long = msgspec.structs.replace(ASKED, statement="x" * (SQL_CHARACTERS + 5), outcome="refused")
    recorder(cast("Pipeline", pipeline))(Access(actor="ann", projects=frozenset((PROJECT.id,))), long)
    value = pipeline.kept[0][2]
    assert (len(value["statement"]), value["characters"]) == (SQL_CHARACTERS, SQL_CHARACTERS + 5)
