"""A page on paper: what was read, black on white in either theme, and nothing of it cut off at an edge."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Reader, Server
from tests.browser.seed import trace_id

pytestmark = pytest.mark.browser

PAPER = 718
"""Width of A4 between margins of 10 mm, in CSS pixels."""
GROUND = "[document.documentElement, document.body].map(it => getComputedStyle(it).backgroundColor)"
CUT = """() => [...document.querySelectorAll('main, main *:not(.ctl)')].filter(it => {
  const box = it.getBoundingClientRect(), style = getComputedStyle(it);
  if (!box.width || box.width < 2 || style.visibility === 'hidden') return false;
  const scrolls = ['auto', 'scroll', 'hidden'].includes(style.overflowY) && it.scrollHeight > it.clientHeight + 2;
  return box.right > innerWidth + 1 || (scrolls && style.textOverflow !== 'ellipsis' && style.display !== 'inline');
}).map(it => it.tagName + '.' + it.className)"""
"""What reaches over the edge of the paper, or would have to be scrolled down to be read.

The framed letters of an invisible character are left out: their one line is higher than their frame by design."""


def printed(reader: Reader, path: str) -> Page:
    page = reader.open(path)
    page.emulate_media(media="print")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    ["/traces", f"/traces/{trace_id('plain')}", f"/traces/{trace_id('plain')}?view=tree", "/proof"],
    ids=["list", "trace", "tree", "proof"],
)
def test_a_page_is_printed_whole_and_black_on_white(chromium: Browser, server: Server, path: str, theme: str) -> None:
    if path == "/proof":
        with Reader(chromium, server) as seeking:
            href = seeking.open("/traces").locator("a.proof").first.get_attribute("href")
            assert href is not None
            path = href
    with Reader(chromium, server, theme, PAPER) as reader:
        page = printed(reader, path)
        for hidden in (".rail", ".top"):
            expect(page.locator(hidden).first).to_be_hidden()
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate(GROUND) == ["rgb(255, 255, 255)"] * 2
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')") == "#1d1b16"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(CUT) == []
