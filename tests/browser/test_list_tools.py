"""What one does with the list: complete a search, drag a stretch, choose columns, look beside it, save a search."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import serious
from tests.browser.conftest import Reader, Server
from tests.browser.seed import span_id, trace_id

pytestmark = pytest.mark.browser


def test_the_search_line_completes_fields_and_values_from_the_keyboard(reader: Reader) -> None:
    page = reader.open("/traces")
    offered = page.get_by_role("listbox", name="Completions").get_by_role("option")
    page.keyboard.press("/")
    page.keyboard.type("model")
    expect(offered.first).to_contain_text("model:")
    page.keyboard.press("Tab")
    expect(offered.filter(has_text="gpt-4o-2024-11-20")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search")).to_have_value("model:gpt-4o-2024-11-20 ")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=model"))


def test_a_stretch_of_the_histogram_is_dragged_and_left_again(reader: Reader) -> None:
    page = reader.open("/traces")
    box = page.locator(".strip .bars").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"from=\d+&to=\d+"))
    page.get_by_role("link", name="leave the zoom", exact=True).click()
    expect(page).not_to_have_url(re.compile("from="))


def test_chosen_columns_stand_in_the_address_and_stay_while_one_searches(reader: Reader) -> None:
    page = reader.open("/traces")
    page.get_by_text("columns", exact=True).click()
    page.get_by_label("session").check()
    page.get_by_label("cost").uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="Session")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Cost")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("parcel")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=parcel"))
    expect(page.get_by_role("columnheader", name="Session")).to_be_visible()


def test_a_row_opens_beside_the_list_and_arrows_move_on(reader: Reader) -> None:
    page = reader.open(f"/traces?q=trace:{trace_id('plain')},{trace_id('hostile')}")
    page.keyboard.press("j")
    page.keyboard.press("o")
    glance = page.locator("#glance")
    expect(glance.get_by_role("link", name="Open the trace")).to_be_visible()
    first = glance.inner_text()
    page.keyboard.press("ArrowDown")
    expect(glance.get_by_text("Where is my parcel?").first).to_be_visible()
    assert glance.inner_text() != first
    assert page.locator("#glance img, #glance script").count() == 0
    page.keyboard.press("Escape")
    expect(glance).to_be_hidden()
    assert "/traces?" in page.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_what_opens(chromium: Browser, server: Server, theme: str) -> None:
    with Reader(chromium, server, theme) as reader:
        found = []
        page = reader.open("/traces")
        page.locator(".shelf summary").first.click()
        page.keyboard.press("/")
        page.keyboard.type("model:")
        expect(page.get_by_role("listbox", name="Completions")).to_be_visible()
        found += serious(page)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.keyboard.press("o")
        expect(page.locator("#glance").get_by_role("link", name="Open the trace")).to_be_visible()
        found += serious(page)
        page = reader.open(f"/traces/{trace_id('plain')}?s={span_id('plain', 3)}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        found += serious(page)
        assert not found, "\n".join(found)


def test_a_search_is_saved_by_name_and_forgotten_and_nothing_of_it_lies_readable_on_disk(reader: Reader) -> None:
    page = reader.open("/traces?q=parcel+-zanzibar")
    page.get_by_text("saved", exact=True).click()
    page.get_by_label("Save what you look at now").fill("angry <i>Madagascar</i>")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile("q=parcel"))
    page = reader.open("/traces")
    page.get_by_text(re.compile("^saved")).click()
    page.get_by_role("link", name="angry <i>Madagascar</i>").click()
    page.wait_for_url(re.compile("zanzibar"))
    stored = b"".join(path.read_bytes() for path in reader.data.rglob("control*") if path.is_file())
    assert b"zanzibar" not in stored
    assert b"Madagascar" not in stored
    page.get_by_text(re.compile("^saved")).click()
    page.get_by_role("button", name=re.compile("Forget angry")).click()
    page.get_by_text(re.compile("^saved")).click()
    expect(page.get_by_text("Nothing saved yet.")).to_be_visible()
