"""The store: what an open one promises, against the real engine."""

import pytest

from onrecord.errors import Rejected, Unavailable
from onrecord.model.record import Place, RecordFacts
from onrecord.model.score import Score
from onrecord.model.time import FixedClock
from onrecord.store.client import Refused, Store
from onrecord.store.migrate import migrate, migrations, open_store
from onrecord.store.read import LATEST_SCORES, SPANS, select
from onrecord.store.row import score_line, stamp
from onrecord.store.writer import Writer
from tests.contract.store_rows import PROJECT, indexes, line

pytestmark = pytest.mark.chdb
OCTOBER_US = 1_792_000_000_000_000


@pytest.fixture
def writer(store: Store) -> Writer:
    return Writer(store, FixedClock(1))


def test_migrating_twice_changes_nothing(store: Store) -> None:
    assert migrate(store) == []


def test_migrations_are_numbered_without_gaps() -> None:
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_a_store_of_a_newer_version_is_refused(store: Store) -> None:
    store.command("INSERT INTO schema_version VALUES (999, 'tomorrow')")
    with pytest.raises(Rejected, match="newer version"):
        migrate(store)


def test_opening_again_finds_the_same_rows(engine: Store) -> None:
    engine.command("DROP TABLE IF EXISTS onrecord_databases SYNC")
    first = open_store(engine.url)
    Writer(first, FixedClock(1)).insert("spans", [line(1)], "a")
    again = open_store(engine.url)
    assert (first.database, indexes(again)) == (again.database, [1])
    assert (first.made, again.made) == (True, False)
    first.close()
    again.close()


def test_a_url_of_no_known_kind_is_rejected() -> None:
    with pytest.raises(Rejected):
        Store("postgresql://localhost/x")


def test_a_later_revision_replaces_the_row_before_anything_is_merged(store: Store, writer: Writer) -> None:
    store.command("SYSTEM STOP MERGES spans")
    writer.insert("spans", [line(1, said="draft", status="unset"), line(2, said="other")], "a")
    writer.insert("spans", [line(1, revision=1, said="final", status="ok")], "b")
    assert indexes(store) == [1, 2]
    assert indexes(store, "hasAllTokens(input_text, 'draft')") == []
    assert indexes(store, "hasAllTokens(input_text, 'final')") == [1]
    assert indexes(store, "status = 'unset'") == [2]


def test_a_revision_that_comes_before_its_predecessor_still_wins(store: Store, writer: Writer) -> None:
    writer.insert("spans", [line(1, revision=2, said="newest")], "a")
    writer.insert("spans", [line(1, revision=1, said="older")], "b")
    assert indexes(store, "hasAllTokens(input_text, 'newest')") == [1]


def test_the_same_block_again_changes_no_table(store: Store, writer: Writer) -> None:
    block = [line(n, user_id="usr_a") for n in range(10)]
    for _ in range(3):
        writer.insert("spans", block, "token")
    assert store.query("SELECT count() FROM spans").result_rows == [(10,)]
    assert store.query("SELECT count() FROM trace_names").result_rows == [(5,)]


def test_a_user_named_on_one_span_finds_the_whole_trace(store: Store, writer: Writer) -> None:
    writer.insert("spans", [line(0, user_id="usr_a"), line(1), line(2, user_id="usr_b"), line(3)], "a")
    named = "SELECT trace_id FROM trace_names WHERE project = '{}' AND field = 'user' AND value = 'usr_a'"
    assert indexes(store, f"trace_id IN ({named.format(PROJECT)})") == [0, 1]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("hasAllTokens(input_text, 'QUICK fox')", [1]),
        ("hasAllTokens(input_text, 'ick')", []),
        ("hasPhrase(input_text, 'quick brown')", [1]),
        ("hasPhrase(input_text, 'brown quick')", []),
        ("input_text ILIKE '%ick bro%'", [1]),
        ("hasAllTokens(input_text, 'mañana')", [2]),
        ("input_text LIKE '%京タ%'", [3]),
        ("hasAllTokens(input_text, 'EMAIL_k7m2q9xd4x1n')", [4]),
    ],
)
def test_text_is_found_by_words_phrase_and_substring(
    store: Store, writer: Writer, where: str, found: list[int]
) -> None:
    said = ("the quick brown fox", "hasta mañana", "東京タワーへ行きたい", "write to <EMAIL_k7m2q9xd4x1n> now")
    writer.insert("spans", [line(n, said=text) for n, text in enumerate(said, 1)], "a")
    assert indexes(store, where) == found


def test_maps_take_any_value_and_can_be_asked_by_key(store: Store, writer: Writer) -> None:
    values = {"n": 1, "f": 1.5, "b": True, "l": [1, "x"], "o": {"a": None}, "none": None, "bytes": b"\x00\xff"}
    writer.insert("spans", [line(1, metadata=values)], "a")
    (row,) = store.query("SELECT metadata FROM spans").result_rows
    assert row[0] == {
        "n": "1", "f": "1.5", "b": "true", "l": '[1,"x"]', "o": '{"a":null}', "none": "", "bytes": "00ff",
    }  # fmt: skip
    assert indexes(store, "metadata['n'] = '1'") == [1]


def test_a_refused_row_is_set_aside_once_and_the_rest_goes_in(store: Store, writer: Writer) -> None:
    bad = b'{"project":"p","shard":2026,"idx":77,"revision":0,"duration_us":"soon","trace_id":"t"}'
    block = [line(1), bad, line(2), b"not a row", line(3)]
    assert writer.insert("spans", block, "a") == 2
    assert writer.insert("spans", block, "a") == 2
    assert indexes(store) == [1, 2, 3]
    kept = store.query("SELECT table, project, idx, trace_id, line != '' FROM set_aside ORDER BY idx").result_rows
    assert kept == [("spans", "", 0, "", False), ("spans", "p", 77, "t", True)]


def test_lines_of_refused_rows_are_kept_while_there_are_few(
    store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.store.writer.SET_ASIDE_ROWS", 1)
    for number in range(3):
        writer.insert("verses", [line(number)], f"a{number}")
    assert store.query("SELECT idx, line != '' FROM set_aside ORDER BY idx").result_rows == [
        (0, True), (1, False), (2, False),
    ]  # fmt: skip


def test_rows_of_an_unknown_table_are_set_aside(store: Store, writer: Writer) -> None:
    assert writer.insert("verses", [line(1)], "a") == 1
    assert store.query("SELECT table, idx FROM set_aside").result_rows == [("verses", 1)]


def test_one_block_may_span_many_months_and_classes(store: Store, writer: Writer) -> None:
    month_us = 31 * 86_400 * 1_000_000
    writer.insert("spans", [line(n, received_us=n * month_us) for n in range(105)], "a")
    assert len(indexes(store)) == 105


def test_the_same_score_id_again_replaces_the_judgement(store: Store, writer: Writer) -> None:
    facts = RecordFacts(project=PROJECT, record_id="r", kind="score", received_us=7, mode="full", retention="standard")
    given = [("s1", 0.0), ("s1", 1.0), ("", 0.3), ("", 0.4)]
    lines = [
        stamp(score_line(Score(name="thumb", id=identifier, value=value), facts), Place(2026, n), 0, 7)
        for n, (identifier, value) in enumerate(given)
    ]
    writer.insert("scores", lines, "a")
    answer = select(store, f"SELECT value, time_us FROM {LATEST_SCORES} ORDER BY value", {"project": PROJECT})
    assert answer.rows == [(0.3, 7), (0.4, 7), (1.0, 7)]


def test_a_reader_can_not_write_and_hinders_nobody_who_can(store: Store, writer: Writer) -> None:
    with pytest.raises(Refused):
        select(store, "INSERT INTO spans (project) VALUES ('p')")
    with pytest.raises(Refused):
        select(store, "DROP TABLE spans")
    writer.insert("spans", [line(1)], "a")
    assert indexes(store) == [1]


def test_a_reader_that_asks_for_too_much_is_told_so(store: Store) -> None:
    with pytest.raises(Unavailable, match="share of time or memory"):
        select(store, "SELECT number FROM numbers(1000000)")
    with pytest.raises(Unavailable, match="share of time or memory"):
        select(store, "SELECT sum(sipHash64(number)) FROM numbers(100000000000)", settings={"max_execution_time": 0.2})


def test_values_are_bound_not_written_into_the_statement(store: Store, writer: Writer) -> None:
    writer.insert("spans", [line(1, said="x", application="it's \\ {a:String}\n")], "a")
    sql = f"SELECT idx FROM {SPANS} WHERE application = {{a:String}}"
    assert select(store, sql, {"a": "it's \\ {a:String}\n"}).rows == [(1,)]


def test_no_error_carries_a_value(store: Store, writer: Writer) -> None:
    with pytest.raises(Refused) as caught:
        select(store, "SELECT toUInt8({secret:String})", {"secret": "sk-live-verysecret"})
    assert "verysecret" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
