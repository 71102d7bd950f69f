"""Saved searches: one that names a user goes with that user."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from onrecord.control.library import Library
from onrecord.control.schema import open_control
from onrecord.errors import Rejected
from onrecord.keys.locator import Locators
from onrecord.model.project import Project
from onrecord.model.time import FixedClock
from onrecord.query.language import parse
from onrecord.query.syntax import values_of
from onrecord.web.views import searches
from onrecord.web.visit import Visit

PROJECT = Project(id="a" * 16, number=2, name="shop")
KEY = bytes(32)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(open_control(tmp_path / "data" / "control.db"), lambda _project, _name: KEY, FixedClock(1))


def visit(library: Library, **form: str) -> Visit:
    def go(path: str, **parameters: str) -> Mapping[str, str]:
        return {"path": path, **parameters}

    site = SimpleNamespace(library=library, clock=FixedClock(1))
    made = SimpleNamespace(form=form, site=site, project=PROJECT, caller=SimpleNamespace(actor="me"), go=go)
    return cast("Visit", cast("Any", made))


def erase(library: Library, user_id: str) -> int:
    library.retire(PROJECT, 7, Locators(KEY).user(user_id), [])
    return library.erase(7)


@pytest.mark.parametrize("line", ["user:ada@example.com", "parcel -user:ada@example.com status:error"])
def test_a_search_that_names_a_user_is_erased_with_them(library: Library, line: str) -> None:
    searches.save(visit(library, name="hers", q=line))
    searches.save(visit(library, name="anybody", q="parcel"))
    searches.save(visit(library, name="his", q="user:bob"))
    assert erase(library, "ada@example.com") == 1
    assert [one.name for one in searches.saved(visit(library))] == ["anybody", "his"]


def test_a_search_that_names_several_users_is_not_kept(library: Library) -> None:
    with pytest.raises(Rejected, match="one user at most"):
        searches.save(visit(library, name="both", q="user:ada OR user:bob"))
    assert searches.saved(visit(library)) == ()


@pytest.mark.parametrize(
    ("line", "users"),
    [
        ("parcel", ()),
        ("user:ada", ("ada",)),
        ("user:ada user:ada", ("ada",)),
        ("(user:ada OR session:x) -user:bob", ("ada", "bob")),
    ],
)
def test_what_a_filter_compares_a_field_with_is_found_wherever_it_stands(line: str, users: tuple[str, ...]) -> None:
    assert values_of(parse(line), "user") == users
