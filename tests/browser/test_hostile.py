"""Content is hostile: scripts, links, reordered text, 5 MB messages, 10,000 spans, 130 levels."""

import time

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Reader, Server
from tests.browser.seed import conversation, send, span_id, trace_id

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("view", ["tree", "waterfall", "transcript"])
@pytest.mark.parametrize("markdown", ["", "1"])
def test_nothing_in_a_message_runs_loads_or_reorders(reader: Reader, view: str, markdown: str) -> None:
    page = reader.open(f"/traces/{trace_id('hostile')}?view={view}&md={markdown}&s={span_id('hostile', 3)}")
    page.wait_for_timeout(300)
    assert "owned" not in page.title()[:6]
    assert page.locator("#main img, #main iframe, #main script").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert "\u202e" not in page.inner_text("body")
    expect(page.locator(".ctl", has_text="RLO").first).to_be_visible()


def test_ten_thousand_spans_open_in_one_small_page_and_follow_while_scrolling(reader: Reader) -> None:
    path = f"/traces/{trace_id('wide')}?view=tree"
    reader.open(path)
    for view in ("transcript", "tree", "waterfall"):
        answer = reader.context.request.get(f"{reader.url}/traces/{trace_id('wide')}?view={view}")
        assert len(answer.body()) < 500_000, view
    page = reader.open(path)
    assert page.locator("[data-step]").count() == 300
    page.locator("[data-more]").scroll_into_view_if_needed()
    expect(page.locator("[data-step]")).to_have_count(600)
    expect(page.get_by_text("10,000 spans")).to_be_visible()


def test_a_hundred_and_thirty_levels_are_all_there(reader: Reader) -> None:
    page = reader.open(f"/traces/{trace_id('deep')}?view=tree")
    expect(page.locator("[data-step]")).to_have_count(130)
    expect(page.get_by_text("level 129", exact=True).first).to_be_attached()


def test_a_message_of_five_megabytes_is_cut_and_its_whole_is_inert_text(reader: Reader) -> None:
    page = reader.open(f"/traces/{trace_id('long')}")
    expect(page.get_by_text("further characters not shown").first).to_be_visible()
    assert len(page.content()) < 500_000
    href = page.get_by_role("link", name="the whole text").first.get_attribute("href")
    answer = reader.context.request.get(f"{reader.url}{href}")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert len(answer.body()) > 5_000_000


def test_right_to_left_text_keeps_its_own_direction(reader: Reader) -> None:
    page = reader.open(f"/traces/{trace_id('rtl')}")
    text = page.locator("#step .r-user .text").first
    assert text.evaluate("node => getComputedStyle(node).unicodeBidi") == "plaintext"
    assert text.evaluate("node => node.matches(':dir(rtl)')")


def test_pages_can_be_read_without_script(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "onrecord_session", "value": server.session, "url": server.url}])
    page = context.new_page()
    page.goto(f"{server.url}/traces?q=parcel")
    page.get_by_role("link", name="support_agent").first.click()
    page.get_by_role("link", name="find_parcel").first.click()
    expect(page.locator("#step h2")).to_contain_text("find_parcel")
    page.get_by_role("link", name="Transcript").click()
    expect(page.locator(".card").first).to_be_visible()
    context.close()


def test_whoever_is_not_logged_in_sees_the_login_and_then_the_page(chromium: Browser, server: Server) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/traces/{trace_id('plain')}")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    context.close()


def test_new_traces_are_announced_without_moving_what_is_read(chromium: Browser, server: Server) -> None:

    with Reader(chromium, server) as reader:
        page = reader.open("/traces")
        before = page.locator("tbody tr").first.inner_text()
        late = conversation("late", time.time_ns() - 10**9, "A late question", "A late answer")
        send(server.url, late, server.write_key())
        pill = page.locator(".pill")
        expect(pill).to_have_text("1 new", timeout=15_000)
        assert page.locator("tbody tr").first.inner_text() == before
        page.keyboard.press("n")
        expect(page.locator("tbody tr").first).to_contain_text("A late question")
