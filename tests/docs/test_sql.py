"""docs/sql.md says what the console is: views, columns, types, functions, bounds, examples, all held against it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord import limits
from onrecord.query.sql.examples import EXAMPLES
from onrecord.query.sql.functions import GROUPS, SCANNING, is_allowed
from onrecord.query.sql.views import VIEWS
from onrecord.store.client import Store
from tests.attack.sqlworld import Den, den

pytestmark = pytest.mark.chdb
PAGE = (Path(__file__).parents[2] / "docs/sql.md").read_text()


@pytest.fixture(scope="module")
def lair(engine: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Den]:
    with den(engine, tmp_path_factory.mktemp("sql")) as made:
        yield made


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_view_has_the_columns_and_types_that_the_page_says(lair: Den, view: object) -> None:
    found = next(one for one in VIEWS if one is view)
    answer = lair.ask(f"SELECT * FROM {found.name}")
    assert answer.outcome == "answered", answer.reason
    assert [(one.name, one.type) for one in answer.columns] == [(one.name, one.type) for one in found.columns]
    section = PAGE.split(f"### `{found.name}`")[1].split("###")[0].split("## ")[0]
    assert re.findall(r"\| `(\w+)` \| `([^`]+)` \|", section) == [(one.name, one.type) for one in found.columns]


def test_every_statement_of_the_page_runs(lair: Den) -> None:
    statements = re.findall(r"```sql\n(.*?)\n```", PAGE, re.DOTALL)
    assert statements == [one.statement for one in EXAMPLES]
    for statement in statements:
        answer = lair.ask(statement)
        assert answer.outcome == "answered", (statement, answer.reason)


def test_every_function_of_the_lists_is_one_of_the_engine_and_on_the_page(lair: Den) -> None:
    known = {str(row[0]).lower() for row in lair.world.store.query("SELECT name FROM system.functions").result_rows}
    parsed = {
        "between",
        "case",
        "cast",
        "caseWithoutExpression",
        "date",
        "countDistinct",
        "exists",
        "grouping",
        "lambda",
        "extract",
    }
    for group, names in GROUPS.items():
        assert f"- {group}: {', '.join(f'`{name}`' for name in names)}" in PAGE
        unknown = {name for name in names if name.lower() not in known and name not in parsed}
        assert not unknown, group
    assert all(map(is_allowed, SCANNING))


def test_the_bounds_are_those_of_the_page() -> None:
    for words in (
        f"| {limits.SQL_STATEMENTS}; a third",
        f"| {limits.SQL_SECONDS} s,",
        f"| {limits.SQL_BYTES >> 20} MB,",
        f"| {limits.SQL_ROWS:,}, and {limits.SQL_ANSWER_BYTES >> 20} MB; *more*",
        f"| {limits.SQL_FILES}, each at most {limits.GIVING_SECONDS} s;",
        f"| one row | {limits.SQL_ROW_BYTES >> 20} MB",
        f"| {limits.SQL_BURST} at once, then {limits.SQL_PER_S:.0f} a second;",
        f"within {'a minute' if limits.SQL_ATTEMPT_SECONDS == 60 else ''} is counted",
        f"| {limits.SQL_FILE_ROWS:,}, and {limits.SQL_RESULT_BYTES >> 20} MB;",
        f"| {limits.SQL_CHARACTERS:,} characters |",
    ):
        assert words in PAGE
