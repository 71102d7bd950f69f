"""The hostile suite of the SQL console: nothing but the views of one project comes out, whatever is asked."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.errors import Denied, Missing, Pushback, Rejected, Unavailable
from onrecord.limits import SQL_CHARACTERS, SQL_ROWS, SQL_SECONDS
from onrecord.model.access import Access, Level
from onrecord.query.sql.port import Asked
from onrecord.query.sql.reading import TREE_FORM, NotAllowed, check_tree
from onrecord.query.sql.running import settings_of
from onrecord.store.client import Store
from onrecord.store.faults import EngineFault
from onrecord.store.session import session
from tests.attack.sqlworld import Den, den
from tests.contract.query_world import OURS, THEIRS, reader

pytestmark = pytest.mark.chdb


@pytest.fixture(scope="module")
def lair(engine: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Den]:
    with den(engine, tmp_path_factory.mktemp("sql")) as made:
        yield made


HOSTILE = json.loads((Path(__file__).parent / "hostile.json").read_text())
"""Statements by what they are after."""
CASES = [(why, one) for why, many in HOSTILE.items() for one in many]
ANSWERED_BY_ENGINE = ("SELECT 1 -- ;", "SELECT * FROM spans --\r, system.one")
"""Harmless after all: what follows is a comment."""


@pytest.mark.parametrize(("why", "statement"), CASES)
def test_nothing_outside_the_views_can_be_reached(lair: Den, why: str, statement: str) -> None:
    statement = statement.replace("{file}", str(lair.file)).replace("{database}", lair.world.store.database)
    before = sorted(lair.file.parent.iterdir())
    answer = lair.ask(statement)
    assert (answer.outcome == "answered") == (statement in ANSWERED_BY_ENGINE), (why, answer.rows)
    assert sorted(lair.file.parent.iterdir()) == before
    assert lair.recorded[-1][1].statement == statement


def numbers(name: str, many: int) -> str:
    """A subquery of so many rows."""
    return f"(SELECT arrayJoin(range({many})) AS {name})"


ALLOWED = [
    ("SELECT count() FROM spans", 3),
    ("SELECT count() FROM scores", 1),
    ("SELECT count() FROM traces", 1),
    ("SELECT count() FROM sessions", 1),
    ("SELECT count() FROM users", 1),
    ("SELECT count(*) FROM spans WHERE application = 'our shop'", 3),
    ("SELECT count() FROM spans WHERE application = 'their shop'", 0),
    ("SELECT uniqExact(trace_id) FROM (SELECT * FROM spans UNION ALL SELECT * FROM spans)", 1),
    ("SELECT count() FROM spans AS a CROSS JOIN spans AS b", 9),
    ("SELECT count() FROM spans AS a ARRAY JOIN [1, 2] AS x", 6),
    ("SELECT count() FROM spans JOIN scores USING (trace_id)", 3),
    ("SELECT count() FROM spans WHERE trace_id IN (SELECT trace_id FROM scores)", 3),
    ("SELECT (SELECT count() FROM spans)", 3),
    ("WITH spans AS (SELECT 1 AS x) SELECT count() FROM (SELECT 1)", None),
    ("SELECT count() FROM (WITH spans AS (SELECT 1 AS x) SELECT x FROM spans)", 1),
    ("WITH other AS (SELECT * FROM spans), scores2 AS (SELECT * FROM other) SELECT count() FROM scores2", 3),
    ("SELECT max(n) FROM (SELECT row_number() OVER (PARTITION BY trace_id ORDER BY start) AS n FROM spans)", 3),
    ("SELECT sum(x) FROM (SELECT arrayJoin(arrayMap(x -> x + 1, range(3))) AS x)", 6),
    ("(SELECT count() FROM spans) UNION ALL (SELECT count() FROM spans)", 3),
    ("SELECT count() AS `a name with spaces` FROM spans /* a comment */ -- another", 3),
    ("SELECT countIf(output LIKE '=%') FROM spans WHERE project = 'x' OR 1 = 1", None),
    ("SELECT count() FROM spans WHERE 1 = 1 OR trace_id != ''", 3),
    ("SELECT count() FROM spans;", 3),
    ("select COUNT( * ) from spans", 3),
    ("SELECT uniq(shard, index) FROM spans", 3),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "expected"), ALLOWED)
def test_what_is_answered_counts_this_project_only(lair: Den, statement: str, expected: int | None) -> None:
    answer = lair.ask(statement)
    if expected is None:
        assert answer.outcome == "failed"
    else:
        assert (answer.outcome, answer.rows[0][0]) == ("answered", expected), answer.reason


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT length(range(1000000000))",
        f"SELECT count() FROM {numbers('a', 1_000_000)} AS x CROSS JOIN {numbers('b', 1_000_000)} AS y",
        f"SELECT groupArray(a) FROM {numbers('a', 1_000_000)} AS x CROSS JOIN {numbers('b', 1_000)} AS y",
        f"SELECT groupUniqArray((a, b)) FROM {numbers('a', 100_000)} AS x CROSS JOIN {numbers('b', 90_000)} AS y",
        "WITH range(1000000) AS r SELECT arrayMap(x -> arrayMap(y -> x + y, r), r)",
        "WITH arrayStringConcat(range(1000000)) AS a, concat(a,a,a,a,a,a) AS b SELECT length(concat(b,b,b,b,b,b,b,b))",
        f"SELECT b FROM {numbers('a', 1_000_000)} AS x CROSS JOIN {numbers('b', 900)} AS y ORDER BY b LIMIT 9000000, 1",
    ],
)  # fmt: skip
def test_a_bomb_is_ended_and_says_so(lair: Den, statement: str) -> None:
    answer = lair.ask(statement)
    assert answer.outcome == "failed", answer.rows
    assert any(word in answer.reason for word in ("memory", "longer than", "allowed maximum", "too large")), (
        answer.reason
    )
    assert lair.rows("SELECT count() FROM spans") == ((3,),)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT " + "NOT " * 4_000 + "1",
        "SELECT " + " + ".join(["1"] * 4_000),
        "SELECT " + "[" * 3_000 + "]" * 3_000,
        "SELECT " + "-" + " -" * 4_000 + "1",
        "SELECT * FROM " + "(SELECT * FROM " * 900 + "spans" + ")" * 900,
        "SELECT " + "CASE WHEN 1 THEN " * 700 + "1" + " END" * 700,
        "SELECT 1" + " UNION ALL SELECT 1" * 900,
        "WITH 'x' AS a0, " + ", ".join(f"concat(a{n}, a{n}, a{n}) AS a{n + 1}" for n in range(40)) + " SELECT a40",
        "SELECT '" + "x" * SQL_CHARACTERS + "'",
    ],
    ids=range(10),
)  # fmt: skip
def test_depth_and_length_are_bounded(lair: Den, statement: str) -> None:
    assert lair.ask(statement).outcome in ("refused", "failed") or statement.startswith("SELECT 1 UNION")
    assert lair.rows("SELECT count() FROM spans") == ((3,),)


def test_a_result_that_is_cut_says_so_and_a_file_is_never_cut(lair: Den) -> None:
    answer = lair.ask("SELECT arrayJoin(range(500000)) AS n ORDER BY n")
    assert (len(answer.rows), answer.more, answer.rows[-1]) == (SQL_ROWS, True, (SQL_ROWS - 1,))
    whole = lair.ask(f"SELECT arrayJoin(range({SQL_ROWS})) AS n")
    assert (len(whole.rows), whole.more) == (SQL_ROWS, False)
    for form in ("csv", "parquet"):
        large = lair.ask("SELECT arrayJoin(range(500000)) AS n", form)
        assert (large.outcome, large.file) == ("failed", b"")
        assert "Add a LIMIT" in large.reason


def test_the_columns_of_text_are_not_there_for_a_reader_of_metadata(lair: Den) -> None:
    for column in ("input", "output", "metadata", "attributes", "tags", "error_message", "input_text", "input_preview"):
        answer = lair.ask(f"SELECT {column} FROM spans", level=Level.METADATA)
        assert (answer.outcome, answer.rows) == ("failed", ()), column
    assert lair.ask("SELECT comment FROM scores", level=Level.METADATA).outcome == "failed"
    assert lair.ask("SELECT input FROM traces", level=Level.METADATA).outcome == "failed"
    assert lair.ask("SELECT name, kind, latency_ms FROM spans", level=Level.METADATA).count == 3
    shown = {one.name: {column.name for column in one.columns} for one in lair.console.views(
        reader(OURS, level=Level.METADATA), OURS.id
    )}  # fmt: skip
    assert not shown["spans"] & {"input", "output", "tags", "metadata"}
    assert lair.ask("SELECT * FROM spans", level=Level.METADATA).columns


def test_a_reader_of_exact_content_sees_no_more_than_others(lair: Den) -> None:
    asked = "SELECT user, input FROM spans"
    assert lair.ask(asked, level=Level.EXACT).rows == lair.ask(asked).rows
    assert "our user" not in str(lair.ask(asked, level=Level.EXACT).rows)


def test_another_project_looks_like_one_that_is_not_there(lair: Den) -> None:
    for project in (THEIRS.id, "cccc000000000003", ""):
        with pytest.raises(Missing, match="no such project"):
            lair.console.ask(reader(OURS), project, "SELECT 1")
        with pytest.raises(Missing, match="no such project"):
            lair.console.views(reader(OURS), project)


def test_a_console_that_is_off_answers_nothing(lair: Den) -> None:
    console = lair.made(enabled=False)
    recorded = len(lair.recorded)
    with pytest.raises(Denied, match="off"):
        console.views(reader(OURS), OURS.id)
    with pytest.raises(Rejected):
        lair.console.ask(reader(OURS), OURS.id, "SELECT 1", "xml")
    assert len(lair.recorded) == recorded
    with pytest.raises(Denied, match="off"):
        console.ask(reader(OURS), OURS.id, "SELECT 1")
    assert [one.outcome for _, one in lair.recorded[recorded:]] == ["turned away"]


def test_every_statement_is_on_the_record_with_what_became_of_it(lair: Den) -> None:
    lair.recorded.clear()
    lair.ask("SELECT name FROM spans")
    lair.ask("SELECT hostName()")
    lair.ask("SELECT nothing FROM spans", "csv")
    kept = [asked for _, asked in lair.recorded]
    assert [(one.statement, one.outcome, one.rows, one.form) for one in kept] == [
        ("SELECT name FROM spans", "answered", 3, "table"),
        ("SELECT hostName()", "refused", 0, "table"),
        ("SELECT nothing FROM spans", "failed", 0, "csv"),
    ]
    assert all(access.actor == "reader" and asked.project == OURS and asked.took_us for access, asked in lair.recorded)


def test_what_can_not_be_recorded_is_not_shown(lair: Den) -> None:
    def full(access: Access, asked: Asked) -> None:
        raise OSError("the disk is full")

    kept, lair.record = lair.record, full
    try:
        with pytest.raises(Unavailable, match="could not be recorded"):
            lair.ask("SELECT input FROM spans")
    finally:
        lair.record = kept


def test_a_third_statement_is_told_to_wait_and_the_others_go_on(lair: Den) -> None:
    console = lair.made(at_once=1)
    long = f"SELECT count() FROM {numbers('a', 30_000)} AS x CROSS JOIN {numbers('b', 90_000)} AS y WHERE a * b % 7 = 1"
    running = threading.Thread(target=console.ask, args=(reader(OURS), OURS.id, long))
    running.start()
    refused = 0
    while running.is_alive():
        try:
            console.ask(reader(OURS), OURS.id, "SELECT 1")
        except Pushback:
            refused += 1
        # Whoever reads pages is not held up.
        assert lair.world.engine.counts(reader(OURS), OURS.id).spans == 3
        time.sleep(0.02)
    running.join()
    assert refused
    assert console.ask(reader(OURS), OURS.id, "SELECT 1").outcome == "answered"


def test_the_engine_itself_holds_to_the_project_and_changes_nothing(lair: Den) -> None:
    """The last lines of defence, each without those before it."""
    store = lair.world.store
    with session(store, settings_of(store.database, OURS, "table")) as opened:
        for table, rows in (("spans", 3), ("scores", 1)):
            whole = opened.rows(f"SELECT uniqExact(project), count() FROM {store.database}.{table} FINAL")
            assert tuple(whole[0]) == (1, rows)
        for statement in (
            "SET max_execution_time = 0",
            "SET additional_table_filters = '{}'",
            "SELECT 1 SETTINGS max_memory_usage = 0",
            f"INSERT INTO {store.database}.erasing VALUES ('x', 1, 1)",
            f"DROP TABLE {store.database}.spans",
            "CREATE TABLE x (a Int8) ENGINE = Memory",
            "CREATE TEMPORARY TABLE x (a Int8)",
            f"SELECT * FROM file('{lair.file}', 'LineAsString')",
            "SELECT * FROM remote('127.0.0.1', system.one)",
            "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
            f"INSERT INTO FUNCTION file('{lair.file}.out', 'CSV', 'a Int8') VALUES (1)",
        ):
            with pytest.raises(EngineFault):
                opened.encoded(statement, "TabSeparated")
    assert lair.world.engine.counts(reader(THEIRS), THEIRS.id).spans == 2


def test_the_tree_alone_sees_a_function_wherever_it_stands(lair: Den) -> None:
    """The list of nodes does not lean on the list of words."""
    store = lair.world.store
    with session(store, settings_of(store.database, OURS)) as opened:
        for statement in (
            "SELECT rank() OVER (ORDER BY hostName()) FROM spans",
            "SELECT sum(1) OVER (PARTITION BY hostName() ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM spans",
            "SELECT rank() OVER w FROM spans WINDOW w AS (ORDER BY hostName())",
            "SELECT name FROM spans ORDER BY name WITH FILL FROM hostName()",
            "SELECT name, 1 AS n FROM spans ORDER BY name WITH FILL INTERPOLATE (n AS length(hostName()))",
            "SELECT * REPLACE (hostName() AS name) FROM spans",
            "SELECT quantile(length(hostName()))(latency_ms) FROM spans",
            "SELECT 1 FROM spans LIMIT 1 BY hostName()",
            "SELECT 1 FROM spans GROUP BY GROUPING SETS ((hostName()))",
            "SELECT 1 FROM spans QUALIFY hostName() = ''",
            "SELECT DISTINCT ON (hostName()) 1 FROM spans",
        ):
            with pytest.raises(NotAllowed) as refused:
                check_tree(opened.encoded(f"EXPLAIN AST {statement}", TREE_FORM).decode().rstrip("\n").split("\n"))
            assert "hostName" in refused.value.words, statement


@pytest.mark.parametrize(
    ("cast", "kind"),
    [
        ("'1'::UInt8", "UInt8"),
        ("CAST('1' AS Nullable(Float64))", "Nullable(Float64)"),
        ("'[1]'::Array(Array(Int8))", None),
        ("CAST([[1]], 'Array(Array(Int8))')", "Array(Array(Int8))"),
        ("CAST('2026-01-01 00:00:00', 'DateTime(\\'UTC\\')')", "DateTime('UTC')"),
        ("1::Decimal(10, 2)", "Decimal(10, 2)"),
        ("CAST(map('a', 'b'), 'Map(String, String)')", "Map(String, String)"),
    ],
)
def test_a_cast_to_a_plain_type_is_possible(lair: Den, cast: str, kind: str | None) -> None:
    answer = lair.ask(f"SELECT {cast} AS cast")
    assert answer.outcome == ("answered" if kind else "failed"), answer.reason
    assert [one.type for one in answer.columns] == ([kind] if kind else [])


def test_the_limit_of_time_is_what_the_page_says(lair: Den) -> None:
    begun_s = time.monotonic()
    both = f"{numbers('a', 1_000_000)} AS x CROSS JOIN {numbers('b', 900_000)} AS y"
    heavy = f"SELECT count() FROM {both} WHERE sqrt(a * b) > 1e9"
    assert f"longer than {SQL_SECONDS} seconds" in lair.ask(heavy).reason
    assert time.monotonic() - begun_s >= SQL_SECONDS
