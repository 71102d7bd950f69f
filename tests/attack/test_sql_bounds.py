"""What a statement may take, what it may say, and that none gets by without an entry."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest

from onrecord.buckets import Rate
from onrecord.errors import Denied, Pushback, TooMany, Unavailable
from onrecord.limits import SQL_ANSWER_BYTES, SQL_ROW_BYTES
from onrecord.query.sql.answer import SqlColumn, csv_of
from onrecord.query.sql.console import Console
from onrecord.query.sql.places import place_of
from onrecord.query.sql.port import Session
from onrecord.store.client import Store
from tests.attack.sqlworld import Den, den
from tests.contract.query_world import OURS, reader

pytestmark = pytest.mark.chdb


@pytest.fixture(scope="module")
def lair(engine: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Den]:
    with den(engine, tmp_path_factory.mktemp("sql")) as made:
        yield made


@pytest.mark.parametrize("form", ["table", "csv", "parquet"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT arrayFlatten([[range(1000000)]]) FROM (SELECT arrayJoin(range(40)))",
        "SELECT arrayMap(x -> 1, range(1000000)) FROM (SELECT arrayJoin(range(200)))",
        "SELECT arrayMap(x -> 'aaaaaaaaaaaaaaaa', range(1000000)) FROM (SELECT arrayJoin(range(30)))",
        "SELECT arrayStringConcat(range(1000000)) FROM (SELECT arrayJoin(range(60)))",
        "SELECT arrayZip(range(1000000), range(1000000)) FROM (SELECT arrayJoin(range(20)))",
    ],
)
def test_a_result_beyond_its_bounds_is_refused_before_a_value_is_decoded(lair: Den, statement: str, form: str) -> None:
    answer = lair.ask(statement, form)
    assert answer.outcome == "failed"
    assert "memory" in answer.reason or "larger than" in answer.reason


def test_a_row_and_what_is_shown_have_bounds_of_their_own(lair: Den) -> None:
    row = f"SELECT arrayStringConcat(arrayMap(x -> 'abcdefghij', range({SQL_ROW_BYTES // 10 + 1}))) AS text"
    assert "one row" in lair.ask(row).reason
    assert "one row" in lair.ask(row, "csv").reason
    many = f"SELECT arrayStringConcat(arrayMap(x -> 'abcdefghij', range({SQL_ANSWER_BYTES // 10 // 500}))) FROM "
    assert "Select fewer columns" in lair.ask(f"{many} (SELECT arrayJoin(range(600)))").reason
    assert lair.ask(f"{many} (SELECT arrayJoin(range(600)))", "csv").outcome == "answered"


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT fromUnixTimestamp64Micro(9223372036854775807) AS x", "9999-12-31T23:59:59.775807Z"),
        ("SELECT fromUnixTimestamp64Milli(-9223372036854775807) AS x", "0000-01-01T00:00:00.193Z"),
        ("SELECT substring('\u00fc', 1, 1) AS x", "\ufffd"),
        (f"SELECT CAST('{2**200}', 'UInt256') AS x", 2**200),
        ("SELECT 18446744073709551615 AS x", 2**64 - 1),
        ("SELECT 1 / 0 AS x", None),
        ("SELECT toTimeZone(toDateTime('2026-01-01 00:00:00'), 'Europe/Vienna') AS x", "2026-01-01T00:00:00Z"),
        ("SELECT '\\n\\t\\\\\u2028' AS x", "\n\t\\\u2028"),
        ("SELECT (1, 'a', NULL, [true]) AS x", [1, "a", None, [True]]),
    ],
)
def test_a_value_of_any_kind_is_shown_and_the_statement_is_on_the_record(
    lair: Den, statement: str, shown: object
) -> None:
    lair.recorded.clear()
    assert lair.rows(statement) == ((shown,),)
    assert [asked.outcome for _, asked in lair.recorded] == ["answered"]


@pytest.mark.parametrize("fault", [ValueError("strange"), MemoryError(), Unavailable("the store is closed")])
def test_a_statement_that_nobody_could_finish_is_on_the_record_too(lair: Den, fault: Exception) -> None:
    def broken(bound: Mapping[str, Any]) -> AbstractContextManager[Session]:
        raise fault

    lair.recorded.clear()
    console = Console(
        enabled=True, open_session=broken, database=lambda: "x", projects={OURS.id: OURS}.get,
        record=lambda access, asked: lair.record(access, asked),  # noqa: PLW0108 - tests replace it
        at_once=1,
    )  # fmt: skip
    for _ in range(2):  # the place is free again
        with pytest.raises(type(fault)):
            console.ask(reader(OURS), OURS.id, "SELECT 'mine'")
    assert [(asked.outcome, asked.statement) for _, asked in lair.recorded] == [("failed", "SELECT 'mine'")] * 2


def test_whoever_asks_too_fast_is_told_to_wait_and_others_are_not(lair: Den) -> None:
    console = lair.made(rate=Rate(2, 0.001))
    lair.recorded.clear()
    for _ in range(2):
        assert console.ask(reader(OURS), OURS.id, "SELECT 1").outcome == "answered"
    for _ in range(100):
        with pytest.raises(TooMany):
            console.ask(reader(OURS), OURS.id, "SELECT 'more'")
    assert [(asked.outcome, asked.attempts) for _, asked in lair.recorded] == [
        ("answered", 1), ("answered", 1), ("turned away", 1),
    ]  # fmt: skip
    console.close()
    assert lair.recorded[-1][1].attempts == 99


def test_what_is_turned_away_for_lack_of_a_place_or_because_it_is_off_is_on_the_record(lair: Den) -> None:
    lair.recorded.clear()
    for console, refusal in ((lair.made(at_once=0), Pushback), (lair.made(enabled=False), Denied)):
        for _ in range(5):
            with pytest.raises(refusal):
                console.ask(reader(OURS), OURS.id, "SELECT 'nothing'")
        console.close()
    assert [(asked.outcome, asked.statement, asked.rows, asked.attempts) for _, asked in lair.recorded] == [
        ("turned away", "SELECT 'nothing'", 0, 1), ("turned away", "SELECT 'nothing'", 0, 4),
    ] * 2  # fmt: skip


def test_a_file_that_is_on_its_way_holds_its_place_and_only_so_long(lair: Den) -> None:
    console = lair.made(files=1)
    for statement in ("SELECT hostName()", "SELECT nothing FROM spans", "SELECT 1"):
        console.ask(reader(OURS), OURS.id, statement, "csv")  # an answer that nobody keeps holds nothing
    taken = console.ask(reader(OURS), OURS.id, "SELECT 1", "csv")
    assert taken.file
    with pytest.raises(Pushback, match="on their way"):
        console.ask(reader(OURS), OURS.id, "SELECT 1", "parquet")
    assert console.ask(reader(OURS), OURS.id, "SELECT 1").outcome == "answered"
    del taken
    assert console.ask(reader(OURS), OURS.id, "SELECT 1", "parquet").file
    full = lair.made(at_once=0, files=1)
    for _ in range(3):  # whoever gets no place for the statement takes none for the file
        with pytest.raises(Pushback, match="running"):
            full.ask(reader(OURS), OURS.id, "SELECT 1", "csv")


def test_no_cell_runs_in_a_spreadsheet_and_no_number_is_changed(lair: Den) -> None:
    texts = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u200b=1", "\u202e=1", "\ufeff=1",
             "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "\u00a0-1")  # fmt: skip
    plain = ("a=1", "1-1", "'=1", "", " a")
    columns = tuple(SqlColumn(name, "String") for name in ("=head", "part"))
    file, count = csv_of(columns, [(text, -0.5) for text in (*texts, *plain)])
    head, *rows = csv.reader(io.StringIO(file.decode(), newline=""))
    assert (head, count) == (["'=head", "part"], len(rows))
    assert [row[0] for row in rows] == [*(f"'{text}" for text in texts), *plain]
    assert {row[1] for row in rows} == {"-0.5"}
    escaped = lair.ask("SELECT '\\xE2\\x80\\x8B=1' AS cell, -5 AS number", "csv")
    assert escaped.file.decode() == "cell,number\r\n'\u200b=1,-5\r\n"


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("SELECT count() FROM spans PREWHERE application = 'x'", "PREWHERE"),
        ("SELECT nothing FROM spans", "nothing"),
        ("SELECT toDateTime(now(), 'nowhere')", "nowhere"),
        ("SELECT 1 AS a, 2 AS a", "Multiple"),
        ("SELECT * FROM spans JOIN scores ON 1", ""),
        ("SELECT sum(name) FROM spans", ""),
        ("SELECT name FROM spans GROUP BY kind", ""),
    ],
)
def test_what_the_engine_says_names_nothing_of_ours(lair: Den, statement: str, word: str) -> None:
    answer = lair.ask(statement)
    assert word in answer.reason
    for name in (lair.world.store.database, "c4", "__table", "FINAL", OURS.id, "input_text", "WITH spans"):
        assert name not in answer.reason


def test_a_reason_is_found_in_the_statement() -> None:
    said = "Syntax error: failed at position 18 (spans) (line 1, col 18): spans."
    assert place_of("  SELECT '\u00fc' FORM spans", said) == (18, 23)
    assert place_of("SELECT", "Syntax error: failed at position 7 (end of query): .") is None
    assert place_of("SELECT hostname(), hostName()", "The function hostName is not possible here.") == (7, 15)
    assert place_of("SELECT 1", "Division by zero.") is None
