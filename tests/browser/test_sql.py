"""The SQL console in a browser: silent and accessible in both themes and on a phone, and every way out of it works."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from onrecord.query.sql.examples import EXAMPLES
from tests.browser.axe import serious
from tests.browser.conftest import Reader, Server

pytestmark = pytest.mark.browser
BY_DAY = "SELECT toStartOfHour(start) AS hour, count() AS steps FROM spans WHERE start IS NOT NULL GROUP BY hour"


def run(page: Page, statement: str) -> None:
    page.get_by_label("Statement").fill(statement)
    page.get_by_role("button", name="Run", exact=True).click()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_console_is_silent_never_scrolls_sideways_and_axe_finds_nothing(
    chromium: Browser, server: Server, theme: str, width: int
) -> None:
    with Reader(chromium, server, theme, width) as reader:
        page = reader.open("/sql")
        assert serious(page) == []
        for statement in (
            "SELECT * FROM spans",
            "SELECT kind, count() AS steps FROM spans GROUP BY kind",
            f"{BY_DAY} ORDER BY hour",
            "SELECT 1 FROM spans WHERE 0",
            "SELECT hostName()",
        ):
            run(page, statement)
            expect(page.locator(".came, .note.danger")).to_be_visible()
            assert serious(page) == [], statement
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), statement


def test_ctrl_enter_runs_and_a_column_is_put_where_the_caret_is(reader: Reader) -> None:
    page = reader.open("/sql")
    editor = page.get_by_label("Statement")
    editor.fill("SELECT  FROM spans LIMIT 3")
    editor.evaluate("(one) => one.setSelectionRange(7, 7)")
    page.get_by_role("button", name="trace_id", exact=True).first.click()
    expect(editor).to_have_value("SELECT trace_id FROM spans LIMIT 3")
    editor.press("Control+Enter")
    expect(page.locator(".came")).to_contain_text("3 rows")
    page.locator(".result-rows a").first.click()
    expect(page).to_have_url(re.compile("/traces/"))


def test_each_example_runs_and_says_so_in_the_page(reader: Reader) -> None:
    for number, example in enumerate(EXAMPLES):
        page = reader.open(f"/sql?example={number}")
        expect(page.get_by_label("Statement")).to_have_value(example.statement)
        expect(page.locator(".came")).to_have_count(0)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator(".came")).to_be_visible()


def test_what_is_refused_and_what_is_cut_is_said_in_words(reader: Reader) -> None:
    page = reader.open("/sql")
    for statement, words in (
        ("SELECT * FROM file('/etc/passwd')", "The function file is not possible here"),
        ("SELECT * FROM system.tables", "There is no table system.tables"),
        ("DROP TABLE spans", "Only SELECT is possible here"),
        ("SELECT nothing FROM spans", "Unknown expression identifier `nothing`"),
        ("SELEC 1", "Syntax error"),
        ("", "Write a statement"),
    ):
        run(page, statement)
        expect(page.get_by_role("alert").last).to_contain_text(words)
        expect(page.get_by_label("Statement")).to_have_value(statement)
    run(page, "SELECT arrayJoin(range(5000)) AS n")
    expect(page.locator(".came")).to_contain_text("The first 1,000 of more rows")
    run(page, "SELECT '<img src=x onerror=alert(1)>' AS \"<b>name</b>\"")
    expect(page.locator(".result-rows td")).to_have_text("<img src=x onerror=alert(1)>")


def test_what_is_wrong_is_shown_at_its_place_and_selected(reader: Reader) -> None:
    page = reader.open("/sql")
    for statement, line, word in (
        ("SELECT model,\n  count()\nFORM spans", "line 3", "spans"),
        ("SELECT '\N{GRINNING FACE}' AS face,\n  hostName()\nFROM spans", "line 2", "hostName"),
        ("\n\nSELECT nothing\nFROM spans", "line 3", "nothing"),
        ("SELECT 1 FROM system.one", "line 1", "system.one"),
    ):
        run(page, statement)
        expect(page.locator(".fault")).to_contain_text(line)
        expect(page.locator(".fault mark")).to_have_text(word)
        chosen = page.get_by_label("Statement").evaluate("(it) => it.value.slice(it.selectionStart, it.selectionEnd)")
        assert chosen == word, statement


def test_the_chart_says_what_the_rows_say(reader: Reader) -> None:
    page = reader.open("/sql")
    run(page, "SELECT toStartOfDay(received) + toIntervalDay(n) AS day, kind, count() AS steps FROM spans"
              " ARRAY JOIN [0, 1] AS n GROUP BY day, kind ORDER BY day")  # fmt: skip
    expect(page.locator(".sql-chart h2")).to_have_text("steps over day, by kind")
    run(page, "SELECT '<b onclick=alert(1)>' || name AS \"</text><script>\", count() AS n FROM spans GROUP BY 1")
    expect(page.locator(".sql-chart h2")).to_have_text("n by </text><script>")
    expect(page.locator(".bars th").first).to_contain_text("<b onclick=alert(1)>")
    run(page, "SELECT NULL AS nothing, '' AS empty, 0 AS zero")
    expect(page.locator(".sql-chart")).to_have_count(0)
    expect(page.locator(".result-rows td").first).to_have_text("unknown")


def test_a_result_is_given_as_a_file(reader: Reader, tmp_path: Path) -> None:
    page = reader.open("/sql")
    page.get_by_label("Statement").fill("SELECT '=1+1' AS formula, -5 AS number, [1, 2] AS list")
    for form in ("CSV", "Parquet"):
        with page.expect_download() as waited:
            page.get_by_role("button", name=form).click()
        waited.value.save_as(tmp_path / form)
    rows = list(csv.reader((tmp_path / "CSV").read_text().splitlines()))
    assert rows == [["formula", "number", "list"], ["'=1+1", "-5", "[1,2]"]]
    assert (tmp_path / "Parquet").read_bytes()[:4] == b"PAR1"


def test_a_statement_is_kept_under_a_name_and_forgotten(reader: Reader) -> None:
    page = reader.open("/sql")
    page.get_by_label("Statement").fill("SELECT 'kept for the kingfisher'")
    page.get_by_placeholder("keep it as").fill("my <b>question</b>")
    page.get_by_role("button", name="Keep").click()
    page = reader.open("/sql")
    page.get_by_role("link", name="my <b>question</b>").click()
    expect(page.get_by_label("Statement")).to_have_value("SELECT 'kept for the kingfisher'")
    on_disk = b"".join(file.read_bytes() for file in reader.data.glob("*.db*"))
    assert b"kingfisher" not in on_disk
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("link", name="my <b>question</b>")).to_have_count(0)


def test_everything_works_without_script(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "onrecord_session", "value": server.session, "url": server.url}])
    page = context.new_page()
    page.goto(f"{server.url}/sql?example=0")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".came")).to_be_visible()
    context.close()
