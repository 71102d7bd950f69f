"""The first start: what to keep, the lines that send a first trace, and the trace that appears by itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Reader, started

pytestmark = pytest.mark.browser


def test_a_first_start_asks_what_to_keep_and_shows_the_first_trace_by_itself(chromium: Browser, tmp_path: Path) -> None:
    with started(tmp_path / "data", demo=False) as server, Reader(chromium, server) as reader:
        page = reader.page
        page.goto(server.url)
        expect(page).to_have_url(re.compile("/welcome$"))
        expect(page.get_by_text("Demo data.")).to_have_count(0)
        page.get_by_label("Everything, sealed (full)").check()
        page.get_by_role("button", name="Keep it this way").click()
        expect(page.get_by_text("Nothing is on the record yet.")).to_be_visible(timeout=30_000)
        expect(page.get_by_text("OTEL_EXPORTER_OTLP_ENDPOINT")).to_contain_text(server.url)
        expect(page.get_by_text("OTEL_EXPORTER_OTLP_HEADERS")).to_have_count(0)
        lines = {name: page.locator(f"[data-lines={name}]").inner_text() for name in ("shell", "python")}
        subprocess.run(["sh"], input=lines["shell"], text=True, check=True, timeout=30)
        expect(page.get_by_role("link", name="first trace")).to_be_visible(timeout=15_000)
        subprocess.run([sys.executable, "-c", lines["python"]], cwd=tmp_path, check=True, timeout=60)
        page.get_by_role("link", name="1 new").click(timeout=15_000)
        expect(page.get_by_role("link", name="first step")).to_be_visible()
        reader.trouble = [said for said in reader.trouble if "503" not in said]  # while the store opened
