"""axe-core in the page that is open: what it finds serious or worse."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

_AXE: Final = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text("utf-8")


def serious(page: Page) -> list[str]:
    """Address, rule, first element and what is wrong with it, for each rule that is broken seriously."""
    page.evaluate(_AXE)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url} {one['id']} {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:240]}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
    ]
