"""Screenshots of every page over a real server with invented data: ``python -m bench.screenshots [FOLDER]``.

Made in both themes, at 1440 and 390 px, for somebody to look at before a change of the interface is called done.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, readable, started
from tests.browser.seed import send, span_id, trace_id
from tests.browser.story import story

PAGES = {
    "traces": "/traces",
    "search": "/traces?q=parcel&facets=1",
    "columns": "/traces?cols=time.input.output.session.environment.cost&env=",
    "trace": f"/traces/{trace_id('case 3')}?view=tree",
    "compare": f"/traces/{trace_id('case 1')}/compare?s={span_id('case 1', 5)}",
    "waterfall": f"/traces/{trace_id('case 1')}?view=waterfall&s={span_id('case 1', 3)}",
    "transcript": f"/traces/{trace_id('case 1')}?view=transcript&s={span_id('case 1', 3)}",
    "sessions": "/sessions",
    "dashboard": "/dashboard?range=24h",
    "chart": "/dashboard?range=24h&by=application&show=p95",
    "users": "/users",
    "prompts": "/prompts",
    "sql": "/sql?example=0",
    "proof": "/proof/2026/1",
    "ledger": "/ledger",
    "storage": "/storage",
    "health": "/status",
    "settings": "/settings",
    "welcome": "/welcome",
    "login": "/login",
}
SIZES = {1440: 900, 390: 844}


def main(folder: Path) -> None:
    """Make every picture; prints each path."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, started(Path(place) / "data", demo=True) as server:
        for spans in story(time.time_ns()).values():
            send(server.url, spans)
        readable(server, trace_id("case 0"))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            for theme in ("light", "dark"):
                for width, height in SIZES.items():
                    scheme: Any = theme
                    context = browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=scheme, timezone_id="Europe/Vienna"
                    )
                    context.add_cookies([{"name": "onrecord_session", "value": server.session, "url": server.url}])
                    page = context.new_page()
                    for name, path in PAGES.items():
                        page.goto(server.url + path, wait_until="load")
                        if name == "sql":
                            page.get_by_role("button", name="Run", exact=True).click()
                        page.wait_for_timeout(150)
                        target = folder / f"{name}-{width}-{theme}.png"
                        page.screenshot(path=target)
                        print(target)
                    context.close()
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/screenshots"))
