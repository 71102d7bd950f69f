"""Hostile pieces in every place of harmless statements, and harmless statements cut up: nothing comes out either."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.store.client import Store
from tests.attack.sqlworld import SECRET, Den, den

pytestmark = pytest.mark.chdb

HOSTILE = json.loads((Path(__file__).parent / "hostile.json").read_text())
STATEMENTS = [one for many in HOSTILE.values() for one in many]
EXPRESSIONS = (
    "file('{file}')", "(SELECT any(application) FROM {database}.spans)", "hostName()", "name", "1", "x -> file(x)",
    "[file('{file}')]", "spans.input", "{database}.spans.input", "(SELECT * FROM system.one)", "CAST(name, 'String')",
    "`file`('{file}')", "any(input)", "getSetting('readonly')", "project", "t.project", "_part", "_table", "c0", "idx",
    "input_text", "sum(1) OVER (ORDER BY file('{file}'))", "COLUMNS('.*')", "*", "* EXCEPT name", "arrayJoin(tags)",
)  # fmt: skip
TABLES = (
    "spans", "scores", "traces", "users", "{database}.spans", "`{database}.spans`", "system.tables", "file('{file}')",
    "(SELECT * FROM {database}.spans)", "(SELECT * FROM spans)", "url('http://127.0.0.1:1/')", "spans AS t",
    "trace_names", "spans, {database}.spans AS t", "spans ARRAY JOIN [1] AS one",
    "spans JOIN {database}.scores AS t USING (trace_id)",
    "merge('{database}', '.*')", "(WITH spans AS (SELECT * FROM {database}.spans) SELECT * FROM spans)", "numbers(2)",
)  # fmt: skip
SHAPES = (
    "SELECT {0} FROM {1}", "SELECT {0}, {2} FROM {1} WHERE {2} = {0}", "WITH {0} AS w SELECT w FROM {1}",
    "WITH w AS (SELECT {0} FROM {1}) SELECT * FROM w", "SELECT 1 UNION ALL SELECT {0} FROM {1}",
    "SELECT {0} IN (SELECT {2} FROM {1})", "SELECT (SELECT {0} FROM {1} LIMIT 1)", "SELECT 1 FROM {1} ORDER BY {0}",
    "SELECT count() FROM {1} GROUP BY {0} HAVING {2} != ''", "SELECT if(1, {0}, {2}) FROM {1} LIMIT 1 BY {0}",
    "SELECT arrayMap(y -> {0}, [1]) FROM {1}", "SELECT {0} FROM {1} SETTINGS max_threads = 2",
    "SELECT {0} FROM {1};{2}", "SELECT {0} /* {2} */ FROM {1} -- {2}", "INSERT INTO {1} SELECT {0}",
    "SELECT EXISTS(SELECT {0} FROM {1})",
    "SELECT {0} FROM {1} INTO OUTFILE '{file}.out'", "SELECT '{0}' FROM {1} WHERE '{2}' != ''",
    "EXPLAIN SELECT {0} FROM {1}",
)  # fmt: skip
pieces = st.sampled_from(EXPRESSIONS)


@pytest.fixture(scope="module")
def lair(engine: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Den]:
    with den(engine, tmp_path_factory.mktemp("sql")) as made:
        yield made


def tried(lair: Den, statement: str) -> None:
    database = lair.world.store.database
    statement = statement.replace("{file}", str(lair.file)).replace("{database}", database)
    answer = lair.ask(statement)  # looks for what must not come out
    shown = str(answer.rows)
    assert database not in shown or database in statement
    assert SECRET not in answer.reason
    assert not lair.file.with_name(f"{lair.file.name}.out").exists()


@settings(max_examples=400)
@given(st.sampled_from(SHAPES), pieces, st.sampled_from(TABLES), pieces)
def test_no_combination_lets_anything_out(lair: Den, shape: str, one: str, table: str, other: str) -> None:
    tried(lair, shape.replace("{0}", one).replace("{1}", table).replace("{2}", other))


@settings(max_examples=400)
@given(st.sampled_from(STATEMENTS), st.sampled_from(STATEMENTS), st.data())
def test_no_splice_of_two_statements_lets_anything_out(lair: Den, one: str, other: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(one)))
    end = data.draw(st.integers(0, len(other)))
    between = data.draw(
        st.sampled_from(("", " ", "'", "`", '"', "(", ")", "/*", "*/", "--", "\n", ";", ",", " UNION ALL "))
    )
    tried(lair, one[:begin] + between + other[end:])


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_no_text_between_quotes_becomes_anything_but_a_text(lair: Den, text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    answer = lair.ask(f"SELECT '{quoted}' AS said")
    if answer.outcome == "answered":
        assert answer.rows == ((text,),)
    else:
        assert "control characters" in answer.reason or "\0" in text or not text.isprintable(), answer.reason
