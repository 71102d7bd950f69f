"""Dashboard, users, prompts and conversations in a real browser: figures lead to their rows, and nothing complains."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import serious
from tests.browser.conftest import Reader, Server, readable
from tests.browser.seed import conversation, send, trace_id

pytestmark = pytest.mark.browser

SCRIPT_BYTES = 100_000
PAGES = (
    "/dashboard", "/dashboard?by=user", "/dashboard?by=tag", "/dashboard?show=p95&by=application",
    "/dashboard?q=nosuchword", "/users", "/users?q=nosuchword", "/prompts", "/prompts?q=nosuchword",
)  # fmt: skip


def every_page(reader: Reader) -> list[str]:
    """The pages, with one prompt, one diff and one session as they are linked."""
    found = list(PAGES)
    for place, link in (("/prompts", "td.c-name a"), ("/sessions", "td.c-user a")):
        found.append(reader.open(place).locator(link).first.get_attribute("href") or "")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_silent_small_and_never_scrolls_sideways(
    chromium: Browser, server: Server, theme: str, width: int
) -> None:
    with Reader(chromium, server, theme, width) as reader:
        weight: dict[str, int] = {}
        reader.context.on("response", lambda one: weight.update({one.url: len(one.body())} if ".js" in one.url else {}))
        for path in every_page(reader):
            weight.clear()
            page = reader.open(path)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert sum(weight.values()) < SCRIPT_BYTES, path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Browser, server: Server, theme: str) -> None:
    with Reader(chromium, server, theme) as reader:
        found = []
        for path in every_page(reader):
            page = reader.open(path)
            found += serious(page)
        assert not found, "\n".join(found)


def test_the_charts_are_drawn_and_share_a_crosshair(reader: Reader) -> None:
    page = reader.open("/dashboard")
    expect(page.locator(".chart .uplot canvas")).to_have_count(7)
    expect(page.get_by_role("heading", name=re.compile(r"^Calls per .*, by model$"))).to_be_visible()
    page.locator("[data-chart=traffic] .u-over").hover(position={"x": 4, "y": 40})
    for key in ("traffic", "tokens"):
        expect(page.locator(f"[data-chart={key}] [data-at]")).to_have_text(re.compile(r"\d\d:\d\d"))


def test_a_click_on_a_line_opens_the_rows_behind_it(reader: Reader) -> None:
    page = reader.open("/dashboard?by=application")
    page.locator("[data-chart=errors] .u-over").click(position={"x": 2, "y": 60})
    page.wait_for_url(re.compile(r"/traces\?q=status%3Aerror.*&from=\d{16}&to=\d{16}"))
    expect(page.get_by_text("The search is not understood")).to_have_count(0)


def test_dragging_zooms_and_the_zoom_can_be_left(reader: Reader) -> None:
    page = reader.open("/dashboard?by=application")
    box = page.locator("[data-chart=traffic] .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"/dashboard\?by=application&from=\d{16}&to=\d{16}"))
    page.get_by_label("Leave the zoom").click()
    page.wait_for_url(re.compile(r"/dashboard(?!.*from=)"))


def figure(page: Page, name: str) -> int:
    shown = page.locator(".headline div", has=page.get_by_text(name, exact=True)).locator("a")
    number = int(shown.inner_text().replace(",", ""))
    shown.click()
    return number


def test_the_headline_counts_what_its_link_finds(reader: Reader) -> None:
    traces = figure(reader.open("/dashboard?by=application&range=all"), "Traces")
    expect(reader.page.locator(".strip figcaption strong")).to_have_text(f"{traces:,}")
    errors = figure(reader.open("/dashboard?by=application&range=all"), "Failed steps")
    expect(reader.page.locator(".strip figcaption .bad")).to_have_text(f"{errors} failed spans")


def test_unknown_prices_are_counted_and_cost_is_not_nought(reader: Reader) -> None:
    page = reader.open("/dashboard")
    expect(page.locator(".headline div", has=page.get_by_text("Cost", exact=True)).locator("dd")).to_have_text(
        "unknown"
    )
    expect(page.get_by_role("link", name=re.compile(r"^\d+ calls of unknown price not included$"))).to_be_visible()


def test_what_lines_are_by_and_the_search_stay_in_the_address(reader: Reader) -> None:
    page = reader.open("/dashboard")
    page.get_by_role("link", name="user", exact=True).click()
    page.wait_for_url(re.compile("by=user$"))
    page.keyboard.press("/")
    page.keyboard.type("user:jan@example.com")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/dashboard\?q=user.*by=user|/dashboard\?.*by=user.*q=user"))
    expect(page.get_by_role("heading", name=re.compile("^Traces per .*, by user$"))).to_be_visible()
    page.get_by_label("Remove user:jan@example.com").click()
    page.wait_for_url(re.compile(r"/dashboard\?by=user$"))


def test_without_script_the_charts_are_svg_and_their_numbers_a_table(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "onrecord_session", "value": server.session, "url": server.url}])
    page = context.new_page()
    page.goto(f"{server.url}/dashboard?by=application")
    assert page.locator(".chart svg path").count() >= 7
    page.get_by_role("link", name=re.compile("^Traces per ")).click()
    page.locator(".numbers td a").first.click()
    expect(page.locator("tbody tr").first).to_be_visible()
    assert "/traces?" in page.url
    context.close()


def test_a_user_is_found_by_raw_id_and_leads_to_traces_and_sessions(reader: Reader) -> None:
    page = reader.open("/users?q=user:jan@example.com")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("usr_")
    assert "jan@example.com" not in page.locator("tbody").inner_text()
    page.locator("tbody td:nth-child(6) a").click()
    page.wait_for_url(re.compile(r"/sessions\?q=user%3Ausr_"))
    expect(page.locator("tbody tr").first).to_be_visible()


def test_two_prompts_are_versions_with_a_word_diff_between_them(reader: Reader) -> None:
    page = reader.open("/prompts")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("tbody tr").first.locator(".c-name a").click()
    expect(page.locator(".diff del")).to_have_text("brief and kind.")
    page.locator(".versions tbody tr").nth(1).locator(".c-ver a").click()
    page.wait_for_load_state()
    page.get_by_role("link", name="compare", exact=True).first.click()
    expect(page.locator(".diff ins")).to_have_text("brief and kind.")
    page.get_by_text("the newest call").click()
    expect(page.locator("#step h2")).to_contain_text("chat gpt-4o")


def test_names_and_prompts_that_a_client_chose_do_nothing(reader: Reader) -> None:
    odd = parsed = ""
    for path in ("/dashboard", "/dashboard?show=traffic", "/prompts"):
        shown = reader.open(path)
        shown.wait_for_timeout(200)
        parsed += shown.title()
        odd += shown.inner_text("#main")
    page = reader.page
    page.locator("tbody tr").last.locator(".c-name a").click()
    expect(page.locator(".sheet .ctl", has_text="RLO").first).to_be_visible()
    assert page.locator("#main img, #main iframe").count() == 0
    assert "owned" not in parsed + page.title()
    assert "<script>" in odd
    line = reader.open("/dashboard").locator("[data-chart=traffic] .key a", has_text="<script>")
    line.click()
    expect(page.locator(".strip figcaption strong")).to_have_text("1")


def test_a_session_reads_as_a_conversation_with_its_figures_folded(reader: Reader) -> None:
    page = reader.open("/sessions")
    page.locator("tr:last-child td.c-user a").first.click()
    turn = page.locator(".turn", has_text="Where is my parcel?")
    expect(turn).to_contain_text("It arrives today.")
    expect(turn.get_by_text("Proof")).to_be_hidden()
    turn.locator("summary").last.click()
    expect(turn.get_by_text("Proof")).to_be_visible()
    expect(turn.locator(".turn-facts")).to_contain_text("300 tokens")
    turn.locator(".turn-facts dd a").first.click()
    page.wait_for_url(re.compile("/traces/"))


def test_a_long_session_is_read_in_pages(chromium: Browser, server: Server) -> None:
    now_ns, key = time.time_ns(), server.write_key()
    for number in range(21):
        start_ns = now_ns - (40 - number) * 10**9
        turn = conversation(f"turn {number}", start_ns, f"Question {number}.", "Answer", session="talk-long")
        send(server.url, turn, key)
        readable(server, trace_id(f"turn {number}"))
    with Reader(chromium, server) as reader:
        page = reader.open(f"/traces/{trace_id('turn 20')}")
        page.locator(".trace-head a[href^='/sessions/']").click()
        expect(page.locator(".turn")).to_have_count(20)
        expect(page.locator(".turn").last).to_contain_text("Question 20.")
        page.get_by_role("link", name="Earlier turns").click()
        expect(page.locator(".turn")).to_have_count(1)
        expect(page.locator(".turn")).to_contain_text("Question 0.")
        page.get_by_role("link", name="Newest turns").click()
        expect(page.locator(".turn")).to_have_count(20)
