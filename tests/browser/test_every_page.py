"""Every route that answers with a page is opened in the browser; one that is neither here nor a part of one fails."""

from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect
from starlette.routing import Route

from onrecord.web.app import routes
from tests.browser.conftest import Reader, Server
from tests.browser.seed import span_id, trace_id

pytestmark = pytest.mark.browser

TRACE: Final = f"/traces/{trace_id('plain')}"
PAGES: Final = {
    "/traces": ("/traces", ""),
    "/traces/{trace}": (TRACE, ""),
    "/traces/{trace}/next": (f"/traces/{trace_id('hostile')}/next", ""),
    "/traces/{trace}/previous": (f"/traces/{trace_id('hostile')}/previous", ""),
    "/traces/{trace}/compare": (f"{TRACE}/compare?s={span_id('plain', 3)}", ""),
    "/sessions": ("/sessions", ""),
    "/sessions/{session}": ("/sessions", "tbody a[href^='/sessions/']"),
    "/dashboard": ("/dashboard", ""),
    "/users": ("/users", ""),
    "/prompts": ("/prompts", ""),
    "/prompts/{version}": ("/prompts", "tbody a[href^='/prompts/']"),
    "/proof/{shard}/{index}": ("/traces", "a.proof"),
    "/status": ("/status", ""),
    "/ledger": ("/ledger", ""),
    "/sql": ("/sql", ""),
    "/storage": ("/storage", ""),
    "/settings": ("/settings", ""),
    "/welcome": ("/welcome", ""),
    "/login": ("/login", ""),
}
"""The page that is opened for a route, and the link on it that leads there."""
PARTS: Final = {
    "/": "leads to /traces",
    "/static/{digest}/{path:path}": "styles and scripts",
    "/traces/new": "a count",
    "/traces/{trace}/rows": "rows of a tree",
    "/traces/{trace}/step": "the right half of a trace",
    "/traces/{trace}/text": "the rest of a long text",
    "/traces/{trace}/earlier": "earlier messages of a card",
    "/traces/{trace}/copy": "text for the clipboard",
    "/traces/{trace}/export": "a file",
    "/traces/{trace}/glance": "what opens beside the list",
    "/complete": "what is offered while one types",
    "/proof": "leads to the proof of a number",
    "/proof/{shard}/{index}/evidence": "a file",
    "/proof/{shard}/{index}/file": "a file",
    "/proof/{shard}/{index}/json": "a file",
    "/proof/{shard}/{index}/entry": "a file",
}
"""What is read and no page, and what it is."""


def test_every_route_that_is_read_is_a_page_that_is_opened_or_a_part_of_one() -> None:
    nowhere: Any = None  # a route only keeps its site
    read = {one.path for one in routes(nowhere) if isinstance(one, Route) and "GET" in (one.methods or ())}
    assert read == PAGES.keys() | PARTS.keys()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_opened_and_has_a_title_a_heading_and_no_sideways_scroll(
    chromium: Browser, server: Server, theme: str
) -> None:
    with Reader(chromium, server, theme) as reader:
        for route, (path, link) in PAGES.items():
            page = reader.open(path)
            if link:
                href = page.locator(link).first.get_attribute("href")
                assert href, f"{route}: no link on {path}"
                page = reader.open(href)
            assert page.title(), route
            expect(page.locator("h1, h2").first).to_be_attached()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), route
