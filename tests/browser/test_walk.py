"""The list, clause by clause, as a person uses it: words in any script, comparisons, zoom, facets, pages, keys."""

import re
import time

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Reader, Server, readable
from tests.browser.seed import CJK, make_span, send, span_id, trace_id

pytestmark = pytest.mark.browser

MANY = 55


@pytest.fixture(scope="module", autouse=True)
def _seeded(server: Server) -> None:
    """More traces than a page holds, and one that happened three days ago and comes only now."""
    now_ns, key = time.time_ns(), server.write_key()
    spans = [
        make_span(f"many {number}", 0, None, f"many {number:02}", "TOOL", now_ns - (MANY - number) * 10**9, 5, {})
        for number in range(MANY)
    ]
    send(server.url, spans, key)
    late = now_ns - 3 * 86_400 * 10**9
    send(server.url, [make_span("late", 0, None, "latecomer", "AGENT", late, 3_000, {})], key)
    readable(server, trace_id("late"))


def count(reader: Reader, line: str, **more: str) -> int:
    """How many traces the list says that a search finds."""
    page = reader.open("/traces?" + "&".join([f"q={line}", *(f"{name}={value}" for name, value in more.items())]))
    shown = page.locator(".strip figcaption strong")
    return int(shown.inner_text().replace(",", "")) if shown.count() else 0


def test_a_part_of_a_word_in_a_script_without_spaces_is_found_and_marked(reader: Reader) -> None:
    page = reader.open("/traces")
    page.keyboard.press("/")
    page.keyboard.type(CJK[3:6])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q="))
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody mark")).to_have_text(CJK[3:6])


def test_phrases_comparisons_and_negations_narrow_as_they_say(reader: Reader) -> None:
    assert count(reader, '"my parcel"') == 1
    assert count(reader, "parcel") > 1
    assert count(reader, "name:many*") == MANY
    assert count(reader, "name:many* -name~7") == MANY - 5
    assert count(reader, "name:latecomer latency>2s", range="all") == 1
    assert count(reader, "name:latecomer latency>1h", range="all") == 0
    assert count(reader, "name:latecomer -kind:agent", range="all") == 0


def test_a_click_on_a_bar_zooms_to_its_stretch_and_finds_as_many_as_it_says(reader: Reader) -> None:
    page = reader.open("/traces?q=name:many*")
    bar = page.locator(".strip .bars a").last
    said = re.match(r"([\d,]+) trace", bar.get_attribute("aria-label") or "")
    assert said is not None
    bar.click()
    page.wait_for_url(re.compile(r"from=\d+&to=\d+"))
    expect(page.locator(".strip figcaption strong")).to_have_text(said[1])


def test_what_came_late_stands_where_it_happened(reader: Reader) -> None:
    assert count(reader, "name:latecomer", range="24h") == 0
    assert count(reader, "name:latecomer", range="7d") == 1
    page = reader.open("/dashboard?by=application&q=name:latecomer&range=7d&show=traffic")
    row = page.locator(".numbers tbody tr", has=page.locator("td a"))
    expect(row).to_have_count(1)
    row.locator("td a").first.click()
    expect(page.locator("tbody tr", has_text="latecomer")).to_have_count(1)


def test_a_facet_says_how_many_spans_its_click_leaves(reader: Reader) -> None:
    page = reader.open("/traces?facets=1&q=name:chat*")
    value = page.get_by_label("Values to filter by").get_by_role("link", name=re.compile("^gpt-4o-2024-11-20"))
    spans = int(value.locator(".num").inner_text().replace(",", ""))
    assert spans > 0
    value.click()
    page.wait_for_url(re.compile("model%3A"))
    again = page.get_by_label("Values to filter by").get_by_role("link", name=re.compile("^gpt-4o-2024-11-20"))
    expect(again.locator(".num")).to_have_text(f"{spans:,}")


def test_older_rows_are_a_page_away_and_none_comes_twice(reader: Reader) -> None:
    page = reader.open("/traces?q=name:many*")
    names = page.locator("tbody .c-name a").all_inner_texts()
    assert len(names) == 50
    page.get_by_role("link", name=re.compile("Older")).click()
    page.wait_for_url(re.compile("after="))
    rest = page.locator("tbody .c-name a").all_inner_texts()
    assert sorted(names + rest) == [f"many {number:02}" for number in range(MANY)]


@pytest.mark.parametrize("path", ["/traces", "/sessions", "/users", "/prompts"])
def test_every_list_is_walked_and_opened_with_the_keys(reader: Reader, path: str) -> None:
    page = reader.open(path)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next error")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tr.at")).to_have_count(1)
    expect(page.locator("tbody tr").first).to_have_class(re.compile(r"\bat\b"))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.partition("?")[0] != reader.url + path or "q=user" in url)
    page.keyboard.press("/")
    expect(page.get_by_label("Search", exact=True)).to_be_focused()


def test_the_keys_of_a_trace_lead_to_the_error_compare_and_fold(reader: Reader) -> None:
    page = reader.open(f"/traces/{trace_id('failed')}?view=tree&s={span_id('failed', 1)}")
    page.keyboard.press("e")
    expect(page.locator("#step .fault")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#step h2")).to_contain_text("chat gpt-4o")
    page.keyboard.press("c")
    page.wait_for_url(re.compile("/compare"))


def test_a_step_is_copied_as_a_link_that_opens_it(chromium: Browser, server: Server) -> None:
    with Reader(chromium, server) as reader:
        reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = reader.open(f"/traces/{trace_id('plain')}?s={span_id('plain', 2)}")
        page.locator("#step .menu summary").filter(has_text="Copy").click()
        page.get_by_label("Copy this step as").get_by_text("Link", exact=True).click()
        expect(page.get_by_text("copied")).to_be_visible()
        page.goto(page.evaluate("navigator.clipboard.readText()"))
        expect(page.locator("#step h2")).to_contain_text("find_parcel")


def test_errors_below_and_sums_below_stand_on_the_steps_above(reader: Reader) -> None:
    page = reader.open(f"/traces/{trace_id('failed')}?view=tree")
    root = page.locator(".steps [data-step]").first
    expect(root.locator(".bad")).to_contain_text("✕")
    expect(root.locator(".tokens")).to_have_text("Σ 300")


def test_on_a_phone_every_page_can_be_reached_and_the_bar_shows_where_one_is(chromium: Browser, server: Server) -> None:
    with Reader(chromium, server, width=390) as reader:
        page = reader.open("/settings")
        assert page.locator(".rail").evaluate("one => getComputedStyle(one).overflowX") == "auto"
        expect(page.locator(".rail [aria-current]")).to_be_in_viewport()
        for name in ("Traces", "Ledger", "Health"):
            page.locator(".rail").get_by_role("link", name=name).click()
            page.wait_for_load_state()
            expect(page.locator(".rail [aria-current]")).to_contain_text(name)
            expect(page.locator(".rail [aria-current]")).to_be_in_viewport()
        expect(page.locator(".rail").get_by_role("button", name="Log out")).to_have_count(1)
