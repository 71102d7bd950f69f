"""Pictures of every page over a real server with invented data: ``python -m bench.screenshots [FOLDER]``.

Made in both themes, some on a phone too, with a page that shows them all beside the folder: ``FOLDER.md``.
Somebody looks at them before a change of the interface is called done.
"""

import base64
import json
import re
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, Server, readable, started
from tests.browser.seed import send, span_id, trace_id
from tests.browser.story import story

THEMES: Final = ("light", "dark")
WIDE: Final = (1280, 800)
PHONE: Final = (390, 844)
QUALITY: Final = 62
"""Of WebP, 0 to 100: text stays sharp, and all pictures together stay below 3 MB."""


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """One picture."""

    name: str
    words: str
    """What it shows."""
    path: str
    follow: str = ""
    """CSS selector of the link on that page that leads to the page that is shown."""
    show: str = ""
    """CSS selector of what is brought to the top."""
    press: str = ""
    """Name of the button on that page that leads to what is shown."""
    phone: bool = False
    empty: bool = False
    """Before anything is on the record."""
    stranger: bool = False
    """As somebody who is not logged in sees it."""


SHOTS: Final = (
    Shot(name="welcome", words="First start: what shall be kept?", path="/welcome", empty=True),
    Shot(name="empty", words="Nothing on the record yet", path="/traces", empty=True),
    Shot(name="traces", words="What happened, newest first", path="/traces", phone=True),
    Shot(name="search", words="A search, its hits marked", path="/traces?q=parcel&facets=1"),
    Shot(
        name="columns",
        words="Columns of one's own",
        path="/traces?cols=time.input.output.session.environment.cost&env=",
    ),
    Shot(
        name="transcript",
        words="A trace as a transcript",
        path=f"/traces/{trace_id('case 1')}?view=transcript&s={span_id('case 1', 3)}",
        phone=True,
    ),
    Shot(name="tree", words="A failed trace as a tree", path=f"/traces/{trace_id('case 3')}?view=tree"),
    Shot(
        name="waterfall",
        words="A trace as a waterfall",
        path=f"/traces/{trace_id('case 1')}?view=waterfall&s={span_id('case 1', 3)}",
    ),
    Shot(
        name="compare",
        words="Two calls, word by word",
        path=f"/traces/{trace_id('case 1')}/compare?s={span_id('case 1', 5)}",
    ),
    Shot(name="sessions", words="Conversations", path="/sessions"),
    Shot(name="session", words="One conversation", path="/sessions", follow="tbody a[href^='/sessions/']", phone=True),
    Shot(name="dashboard", words="How much, how slow, how dear", path="/dashboard?range=24h", phone=True),
    Shot(
        name="chart",
        words="By application, with the numbers of one chart",
        path="/dashboard?range=24h&by=application&show=p95",
    ),
    Shot(name="users", words="Who used what, by pseudonym", path="/users"),
    Shot(name="user", words="What one user did", path="/users", follow="tbody a[data-open]"),
    Shot(name="prompts", words="System prompts in use", path="/prompts"),
    Shot(name="prompt", words="What changed between two", path="/prompts", follow="tbody a[data-open]"),
    Shot(name="sql", words="A question that no page has, in SQL", path="/sql?example=1", press="Run", phone=True),
    Shot(name="ledger", words="How far the proof goes", path="/ledger"),
    Shot(name="proof", words="The proof of one record", path=f"/proof/{time.gmtime().tm_year}/1", phone=True),
    Shot(name="storage", words="What every byte on disk is for", path="/storage"),
    Shot(name="health", words="Is anything late, refused or full?", path="/status"),
    Shot(name="letters", words="What could not be read is kept", path="/status", show=".letters"),
    Shot(name="settings", words="Keys, and how an application writes here", path="/settings"),
    Shot(name="login", words="The door", path="/login", stranger=True),
)


def seed(server: Server) -> None:
    """A day of a help desk, something that nobody can read, and a key."""
    for spans in story(time.time_ns()).values():
        send(server.url, spans)
    broken = {"resourceSpans": [{"scopeSpans": [{"spans": ["not a span", {"traceId": "zz"}]}]}]}
    headers = {"content-type": "application/json"}
    asked = urllib.request.Request(f"{server.url}/v1/traces", json.dumps(broken).encode(), headers)
    with urllib.request.urlopen(asked, timeout=10):
        pass
    server.write_key()
    readable(server, trace_id("case 0"))


def picture(page: Page, url: str, shot: Shot) -> bytes:
    """Open a page and take it as WebP.

    Raises:
        AssertionError: the page did not come.
    """
    answer = page.goto(url + shot.path, wait_until="load")
    assert answer is not None, shot.path
    assert answer.ok, f"{shot.path}: {answer.status}"
    if shot.follow:
        href = page.locator(shot.follow).first.get_attribute("href")
        answer = page.goto(f"{url}{href}", wait_until="load")
        assert answer is not None, shot.name
        assert answer.ok, f"{href}: {answer.status}"
    if shot.press:
        page.get_by_role("button", name=shot.press, exact=True).click()
        page.locator(".came").wait_for()
    if shot.show:
        page.locator(shot.show).first.evaluate("it => { it.scrollIntoView(); scrollBy(0, -120); }")
    page.wait_for_timeout(200)
    taken = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(taken["data"])


def take(browser: Browser, server: Server, folder: Path, *, empty: bool) -> None:
    """Make the pictures of an empty or of a filled server; prints each path."""
    for theme in THEMES:
        for (width, height), ending in ((WIDE, ""), (PHONE, "-phone")):
            for shot in SHOTS:
                if shot.empty != empty or (ending and not (shot.phone and theme == "light")):
                    continue
                scheme: Any = theme
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, timezone_id="Europe/Vienna"
                )
                if not shot.stranger:
                    context.add_cookies([{"name": "onrecord_session", "value": server.session, "url": server.url}])
                target = folder / f"{shot.name}-{theme}{ending}.webp"
                target.write_bytes(picture(context.new_page(), server.url, shot))
                print(target)
                context.close()


def gallery(folder: Path) -> str:
    """The page that shows them, as Markdown."""
    lines = [
        "# Every page",
        "",
        (
            "Made by `make screenshots` from a real server in Debian's chromium, over an invented day of a help desk. "
            "[What each page is for](interface.md)."
        ),
    ]
    for shot in SHOTS:
        lines += ["", f"## {re.sub('[?]$', '', shot.words)}", ""]
        endings = [f"{theme}" for theme in THEMES] + (["light-phone"] if shot.phone else [])
        for ending in endings:
            share = 14 if "phone" in ending else 42 if shot.phone else 49
            source = f"{folder.name}/{shot.name}-{ending}.webp"
            lines.append(f'<img src="{source}" alt="{shot.words} ({ending.replace("-", ", ")})" width="{share}%">')
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Make every picture and the page that shows them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        started(Path(place) / "data", demo=True) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        take(browser, server, folder, empty=True)
        seed(server)
        take(browser, server, folder, empty=False)
        browser.close()
    folder.with_suffix(".md").write_text(gallery(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/screenshots"))
