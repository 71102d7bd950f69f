"""Names of a statement that the engine would take for something of ours: functions in the views, tables beside them.

The engine looks for a function among the lambdas that a statement names, also inside the views, and computes scalar
subqueries while it resolves names: what they hold can be in its errors.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from onrecord.model.access import Level
from onrecord.query.sql import views
from onrecord.query.sql.reading import TREE_FORM, NotAllowed
from onrecord.query.sql.resolved import check_resolved
from onrecord.query.sql.running import settings_of
from onrecord.store.client import Store
from onrecord.store.faults import EngineFault
from onrecord.store.session import session
from tests.attack.sqlworld import SECRET, Den, den
from tests.contract.query_world import OURS

pytestmark = pytest.mark.chdb
CASES: dict[str, list[str]] = json.loads((Path(__file__).parent / "names.json").read_text())


@pytest.fixture(scope="module")
def lair(engine: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Den]:
    with den(engine, tmp_path_factory.mktemp("sql")) as made:
        yield made


@pytest.mark.parametrize("statement", CASES["a lambda in place of a function of the views"])
@pytest.mark.parametrize("level", [Level.METADATA, Level.PSEUDONYMISED])
def test_no_lambda_stands_in_place_of_a_function_of_the_views(lair: Den, statement: str, level: Level) -> None:
    answer = lair.ask(statement.replace("{database}", lair.world.store.database), level=level)
    assert answer.outcome in ("refused", "failed"), answer.rows
    assert "our question" not in answer.reason


@pytest.mark.parametrize("statement", CASES["a table beside the views, where scalars are computed early"])
def test_no_table_beside_the_views_is_read_not_even_to_be_told_of_in_an_error(lair: Den, statement: str) -> None:
    answer = lair.ask(statement)
    assert answer.outcome in ("refused", "failed"), answer.rows
    assert SECRET not in answer.reason


@pytest.mark.parametrize("statement", CASES["names that are taken for what they are"])
def test_a_name_of_a_statement_changes_nothing_in_the_views(lair: Den, statement: str) -> None:
    answer = lair.ask(statement, level=Level.METADATA)
    shown = str(answer.rows) + answer.reason
    assert "our question" not in shown
    if answer.outcome == "answered":
        assert answer.count <= 3  # as many as there are of ours


@pytest.mark.parametrize("statement", CASES["columns that a reader of metadata does not have"])
def test_no_way_of_writing_it_reaches_a_column_of_text(lair: Den, statement: str) -> None:
    answer = lair.ask(statement, level=Level.METADATA)
    assert (answer.outcome, answer.rows) in (("failed", ()), ("refused", ()))
    assert "our question" not in answer.reason


@pytest.mark.parametrize("statement", CASES["conditions that would fail on a row of another project"])
def test_no_condition_is_tried_on_a_row_of_another_project(lair: Den, statement: str) -> None:
    """An error would tell that such a row exists, and what stands in it."""
    assert lair.rows(statement) == ((3,),)


def resolved(lair: Den, statement: str, level: Level) -> Sequence[str]:
    """What the engine resolves it to, without any check before."""
    store = lair.world.store
    with session(store, settings_of(store.database, OURS)) as opened:
        whole = f"{views.scoped(store.database, OURS, level)} {statement}"
        return opened.encoded(f"EXPLAIN QUERY TREE {whole}", TREE_FORM).decode().rstrip("\n").split("\n")


@pytest.mark.parametrize(
    "statement",
    [
        ", (x -> input_text) AS toBool SELECT call FROM spans",
        ", ((x, y) -> comment) AS fromUnixTimestamp64Micro SELECT time FROM scores",
        ", (x -> output_text) AS toBool SELECT count() FROM spans WHERE call = ''",
        "SELECT 1 FROM {database}.spans",
        "SELECT input_text FROM {database}.spans",
        "SELECT project FROM {database}.trace_names",
        "SELECT 1 FROM system.tables",
        "SELECT 1 FROM numbers(3)",
        "SELECT 1 IN system.numbers",
    ],
)
def test_the_resolved_reading_alone_sees_columns_and_tables_that_a_reader_of_metadata_does_not_have(
    lair: Den, statement: str
) -> None:
    database = lair.world.store.database
    lines = resolved(lair, statement.replace("{database}", database), Level.METADATA)
    if statement.endswith(".spans") and "input_text" not in statement:
        check_resolved(lines, database, Level.METADATA)  # the table itself; the reading of the text refuses its name
    else:
        with pytest.raises(NotAllowed):
            check_resolved(lines, database, Level.METADATA)


def test_a_kind_of_node_that_nobody_thought_of_is_refused(lair: Den) -> None:
    lines = list(resolved(lair, "SELECT 1 FROM spans", Level.METADATA))
    check_resolved(lines, lair.world.store.database, Level.METADATA)
    for strange in ("    TABLE_FUNCTION id: 9, table_function_name: file", "    TABLE id: 9, table_name: system.tables",
                    "    FOREIGN id: 9", "    TABLE id: 9, table_name: system.one, as: x"):  # fmt: skip
        with pytest.raises(NotAllowed):
            check_resolved([*lines, strange], lair.world.store.database, Level.METADATA)


def test_the_connection_stands_where_a_bare_name_is_no_table(lair: Den) -> None:
    store = lair.world.store
    with session(store, settings_of(store.database, OURS)) as opened:
        assert opened.rows("SELECT count() FROM system.tables WHERE database = currentDatabase()")[0][0] == 0
        for name in ("hoard", "spans", "onrecord_databases", "trace_names"):
            with pytest.raises(EngineFault):
                opened.rows(f"SELECT * FROM {name}")
