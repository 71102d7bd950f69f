"""The pages of whoever looks after an installation: ledger, storage, dead letters, media; in both themes, silent."""

import base64
import json
import re
import time
import urllib.request
import zlib

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import serious
from tests.browser.conftest import Reader, Server, readable
from tests.browser.seed import send, span_id, trace_id

pytestmark = pytest.mark.browser

PAGES = ("/ledger", "/storage", "/status", f"/traces/{trace_id('pictures')}")
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def picture() -> bytes:
    """One red dot, as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = b"\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
    data = zlib.compress(b"\x00\xc2\x30\x1c")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.fixture(scope="module", autouse=True)
def _seeded(server: Server) -> None:
    """A step that shows a picture and a drawing, and two pieces that no reader understands."""
    key = server.write_key()
    urls = [
        f"data:{kind};base64,{base64.b64encode(data).decode()}"
        for kind, data in (("image/png", picture()), ("image/svg+xml", SVG))
    ]
    content = "llm.input_messages.0.message.contents"
    said = {"openinference.span.kind": "LLM", "llm.input_messages.0.message.role": "user"}
    for number, url in enumerate(urls):
        said |= {
            f"{content}.{number}.message_content.type": "image",
            f"{content}.{number}.message_content.image.image.url": url,
        }
    start = time.time_ns() - 10**9
    span = {
        "traceId": trace_id("pictures"), "spanId": span_id("pictures", 0), "name": "look", "kind": 1,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + 10**8),
        "attributes": [{"key": name, "value": {"stringValue": value}} for name, value in said.items()],
    }  # fmt: skip
    send(server.url, [span], key)
    broken = {"resourceSpans": [{"scopeSpans": [{"spans": ["<b>not a span</b>", {"traceId": "zz"}]}]}]}
    headers = {"content-type": "application/json", "x-api-key": key}
    asked = urllib.request.Request(f"{server.url}/v1/traces", json.dumps(broken).encode(), headers)
    with urllib.request.urlopen(asked, timeout=10):
        pass
    readable(server, trace_id("pictures"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_silent_never_scrolls_sideways_and_axe_finds_nothing(
    chromium: Browser, server: Server, theme: str, width: int
) -> None:
    with Reader(chromium, server, theme, width) as reader:
        for path in PAGES:
            page = reader.open(path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert serious(page) == []


def test_a_self_test_is_started_from_the_page_and_its_counts_are_shown(reader: Reader) -> None:
    page = reader.open("/ledger")
    page.get_by_role("button", name="Test now").click()
    expect(page.get_by_text("Verified: everything is as it was recorded")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("cell", name=re.compile("intact")).first).to_be_visible()


def test_a_record_is_found_by_its_number_and_its_proof_leads_back(reader: Reader) -> None:
    page = reader.open("/ledger")
    page.get_by_label("Number of a record").fill("#1")
    page.get_by_role("button", name="Show its proof").click()
    expect(page.get_by_role("heading", name="Record #1 of")).to_be_visible()
    expect(page.get_by_text("onrecord verify 2026-1.evidence.zip")).to_be_visible()
    page.locator(".facts").get_by_role("link").first.click()
    page.wait_for_url(re.compile("/ledger$"))
    with page.expect_download() as saved:
        page.get_by_role("link", name="download").click()
    assert saved.value.suggested_filename.endswith(".vkey")


def test_a_dead_letter_is_tried_again_and_opened_for_a_reason(reader: Reader) -> None:
    page = reader.open("/status")
    letter = page.locator(".letters li").filter(has_text="not an object")
    expect(page.get_by_text("<b>not a span</b>")).to_have_count(0)
    letter.get_by_role("button", name=re.compile("Try again")).click()
    expect(page.get_by_text("It still can not be kept. It is at fault still: not an object.")).to_be_visible()
    letter.get_by_text("Open").click()
    letter.get_by_label("Why do you need it?").fill("to mend the exporter")
    letter.get_by_role("button", name="Show and record").click()
    expect(page.get_by_text('"<b>not a span</b>"')).to_be_visible()
    expect(page.get_by_text("this read is recorded")).to_be_visible()


def test_a_picture_is_shown_for_a_reason_and_a_drawing_is_saved(reader: Reader) -> None:
    page = reader.open(PAGES[-1])
    media = page.locator("#media li")
    expect(media).to_have_count(2)
    expect(media.nth(0)).to_contain_text("image/png")
    media.nth(0).locator("summary").click()
    media.nth(0).get_by_label("Why do you need it?").fill("a complaint")
    with page.expect_popup() as opened:
        media.nth(0).get_by_role("button").click()
    shown = opened.value
    shown.wait_for_load_state()
    assert shown.evaluate("document.images[0].naturalWidth") == 1
    assert shown.evaluate("document.contentType") == "image/png"
    shown.close()
    media.nth(1).locator("summary").click()
    media.nth(1).get_by_label("Why do you need it?").fill("a complaint")
    with page.expect_download() as saved:
        media.nth(1).get_by_role("button", name="Download and record").click()
    assert saved.value.suggested_filename == "medium-2"
