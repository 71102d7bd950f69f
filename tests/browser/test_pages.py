"""Every page in a real browser, in both themes and on a phone: it says what it should and the browser is silent."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import serious
from tests.browser.conftest import Reader, Server
from tests.browser.seed import span_id, trace_id

pytestmark = pytest.mark.browser

PLAIN = f"/traces/{trace_id('plain')}"
PAGES = (
    "/traces", "/traces?q=parcel+model:gpt-4o-2024-11-20", "/traces?q=nosuchword", "/traces?facets=1", PLAIN,
    f"{PLAIN}?view=waterfall", f"{PLAIN}?view=tree", f"{PLAIN}/compare",
    "/traces?cols=time.session.cost", f"/traces/{trace_id('hostile')}",
    f"/traces/{trace_id('failed')}", f"/traces/{trace_id('deep')}", "/sessions", "/status",
    "/settings", "/proof/2026/1", "/welcome",
)  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_silent_fetches_nothing_foreign_and_never_scrolls_sideways(
    chromium: Browser, server: Server, theme: str, width: int
) -> None:
    with Reader(chromium, server, theme, width) as reader:
        for path in PAGES:
            page = reader.open(path)
            expect(page.get_by_text("Demo data.")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Browser, server: Server, theme: str) -> None:
    with Reader(chromium, server, theme) as reader:
        found = []
        for path in (*PAGES, "/login"):
            page = reader.open(path)
            found += serious(page)
        assert not found, "\n".join(found)


def test_a_search_narrows_the_list_marks_its_hits_and_stays_in_the_address(reader: Reader) -> None:
    page = reader.open("/traces")
    page.keyboard.press("/")
    page.keyboard.type("parcel model:gpt-4o-2024-11-20")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=parcel"))
    expect(page.locator("mark").first).to_have_text("parcel")
    page.get_by_label("Remove parcel").click()
    expect(page).to_have_url(re.compile(r"q=model"))


def test_a_value_beside_the_list_narrows_it_and_the_values_stay(reader: Reader) -> None:
    page = reader.open("/traces")
    page.get_by_role("link", name="filters", exact=True).click()
    page.get_by_label("Values to filter by").get_by_role("link", name=re.compile("gpt-4o-2024-11-20")).click()
    expect(page).to_have_url(re.compile("model%3Agpt-4o-2024-11-20.*facets=1"))
    expect(page.get_by_label("Values to filter by")).to_be_visible()


def test_the_keys_walk_the_list_and_open_a_trace_and_come_back(reader: Reader) -> None:
    page = reader.open("/traces")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/traces/[0-9a-f]{32}"))
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/traces$"))


def test_views_are_linked_and_the_selected_step_stays(reader: Reader) -> None:
    page = reader.open(f"{PLAIN}?view=tree")
    page.get_by_role("link", name="find_parcel").first.click()
    expect(page.locator("#step h2")).to_contain_text("find_parcel")
    page.keyboard.press("3")
    expect(page.locator(".steps.waterfall")).to_be_visible()
    expect(page.locator("#step h2")).to_contain_text("find_parcel")
    page.keyboard.press("1")
    expect(page.locator(".card.chosen")).to_contain_text("find_parcel")
    page.keyboard.press("2")
    expect(page.locator(".steps.tree")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#step")).to_contain_text("3 earlier messages")


def test_a_step_folds_and_unfolds(reader: Reader) -> None:
    page = reader.open(f"{PLAIN}?view=tree&s={span_id('plain', 0)}")
    expect(page.locator("[data-step]:visible")).to_have_count(4)
    page.keyboard.press("h")
    expect(page.locator("[data-step]:visible")).to_have_count(1)
    page.keyboard.press("l")
    expect(page.locator("[data-step]:visible")).to_have_count(4)


def test_a_failed_trace_opens_at_the_step_that_failed(reader: Reader) -> None:
    page = reader.open(f"/traces/{trace_id('failed')}")
    expect(page.locator("#step h2")).to_contain_text("find_parcel")
    expect(page.locator("#step .fault")).to_be_visible()


def test_the_proof_of_a_trace_is_one_click_away_and_verified(reader: Reader) -> None:
    page = reader.open(PLAIN)
    page.locator(".trace-head .proof").click()
    expect(page.get_by_text("verified").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Proof file").click()
    assert "c2sp.org/tlog-proof" in download.value.path().read_text()


def test_exact_content_needs_a_reason_and_says_that_it_is_recorded(reader: Reader) -> None:
    page = reader.open(PLAIN)
    page.get_by_text("Show exactly what was sent").click()
    page.get_by_label("Why do you need it?").fill("a customer asked")
    page.get_by_role("button", name="Show and record").click()
    expect(page.get_by_text("this read is recorded")).to_be_visible()


def test_a_key_is_shown_once_and_can_be_revoked(reader: Reader) -> None:
    page = reader.open("/settings")
    page.get_by_label("Note").fill("browser test")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("[data-secret]")).to_have_text(re.compile(r"^or_"))
    page = reader.open("/settings")
    expect(page.locator("[data-secret]")).to_have_count(0)
    page.get_by_text("Revoke").first.click()
    page.get_by_role("button", name=re.compile("Revoke")).click()
    expect(page.get_by_text("The key is revoked.")).to_be_visible()


def test_the_theme_switch_is_remembered(reader: Reader) -> None:
    page = reader.open("/traces")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert "dark" in reader.open("/status").locator("html").get_attribute("class", timeout=1000).split()  # type: ignore[union-attr]


def test_times_are_in_the_zone_of_the_reader_with_utc_beside_them(reader: Reader) -> None:
    page = reader.open("/traces")
    page.wait_for_load_state("networkidle")
    shown = reader.open(PLAIN).locator(".figures time").first
    expect(shown).to_have_text(re.compile(r"CES?T$"))
    assert (shown.get_attribute("title") or "").endswith("UTC")
