"""What one does with a trace: walk to its neighbours, compare, copy, save, judge."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Reader, Server
from tests.browser.seed import HOSTILE, span_id, trace_id

pytestmark = pytest.mark.browser

PLAIN = f"/traces/{trace_id('plain')}"
LAST = f"{PLAIN}?s={span_id('plain', 3)}"


def test_a_transcript_begins_with_the_question_and_ends_with_the_answer(reader: Reader) -> None:
    page = reader.open(PLAIN)
    expect(page.get_by_label("What was asked")).to_contain_text("Where is my parcel?")
    expect(page.get_by_label("What was answered")).to_contain_text("It arrives today.")
    assert page.locator(".card").count() >= 3


def test_earlier_messages_stand_folded_and_come_when_they_are_unfolded(reader: Reader) -> None:
    page = reader.open(PLAIN)
    folded = page.locator(".cards details.earlier")
    expect(folded.get_by_text("3 earlier messages")).to_be_visible()
    folded.get_by_text("3 earlier messages").click()
    expect(folded.get_by_text("Be brief.")).to_be_visible()


def test_n_and_p_walk_the_filtered_list_and_the_filter_stays_in_the_address(reader: Reader) -> None:
    page = reader.open("/traces?q=parcel")
    page.get_by_role("link", name="support_agent").first.click()
    page.wait_for_url(re.compile(r"/traces/[0-9a-f]{32}"))
    first = page.url
    assert "q=parcel" in first
    page.keyboard.press("n")
    page.wait_for_url(lambda url: url.split("?")[0] != first.split("?")[0])
    assert "q=parcel" in page.url
    page.keyboard.press("p")
    page.wait_for_url(lambda url: url.split("?")[0] == first.split("?")[0])
    page.goto(f"{reader.url}{PLAIN}/next?q=trace:{trace_id('plain')}")
    expect(page.get_by_text("This is the oldest trace of the list you came from.")).to_be_visible()


def test_two_calls_are_compared_with_the_equal_messages_folded(reader: Reader) -> None:
    page = reader.open(LAST)
    page.get_by_role("link", name="Compare", exact=True).click()
    page.wait_for_url(re.compile("/compare"))
    expect(page.locator("details.earlier summary")).to_contain_text("2 equal messages")
    expect(page.locator("ins").filter(has_text="It arrives today.").first).to_be_visible()
    page.get_by_label("or any other step").fill(f"{reader.url}/traces/{trace_id('hostile')}?s={span_id('hostile', 3)}")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".sides")).to_contain_text("chat gpt-4o")
    assert page.locator("#main img, #main script").count() == 0


@pytest.mark.parametrize(("form", "holds"), [
    ("JSON", '"span_id"'), ("Markdown", "**assistant**"), ("curl", "x-api-key: YOUR_KEY"), ("Python", "OpenAI()"),
])  # fmt: skip
def test_a_step_is_copied_in_the_form_that_is_asked_for(
    chromium: Browser, server: Server, form: str, holds: str
) -> None:
    with Reader(chromium, server) as reader:
        reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = reader.open(LAST)
        page.locator("#step .menu summary").filter(has_text="Copy").click()
        page.get_by_label("Copy this step as").get_by_role("link", name=form).click()
        expect(page.get_by_text("copied")).to_be_visible()
        assert holds in page.evaluate("navigator.clipboard.readText()")


def test_a_trace_saved_as_one_file_opens_offline_and_runs_and_fetches_nothing(
    chromium: Browser, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "trace.html"
    with Reader(chromium, server) as reader:
        page = reader.open(f"/traces/{trace_id('hostile')}")
        page.locator(".file summary").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="One HTML file").click()
        download.value.save_as(file)
    saved = file.read_text("utf-8")
    context = chromium.new_context(offline=True)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(file.as_uri())
    assert "jan@example.com" not in saved
    assert "<script" not in saved.replace("&lt;script", "")
    expect(page.get_by_text("Pseudonymised.")).to_be_visible()
    expect(page.get_by_text("How it is proved")).to_be_visible()
    expect(page.locator("article.step")).to_have_count(4)
    assert page.locator("img, iframe, script, link").count() == 0
    assert page.title().startswith(HOSTILE[:10])
    assert asked == [file.as_uri()]
    context.close()


def test_an_exact_file_needs_a_reason_and_says_it(reader: Reader) -> None:
    page = reader.open(PLAIN)
    page.locator(".file summary").click()
    page.get_by_label("The same with exact content").fill("the auditor of 2026")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save and record").click()
    saved = download.value.path().read_text("utf-8")
    assert "Exact content." in saved
    assert "the auditor of 2026" in saved


def test_a_thumb_a_comment_and_a_correction_are_shown_at_once_and_stay(reader: Reader) -> None:
    page = reader.open(LAST)
    page.get_by_role("button", name="Bad").click()
    expect(page.locator("#step .facts .score").filter(has_text="thumb down")).to_be_visible()
    page.get_by_role("button", name="Good").click()
    expect(page.locator("#step .facts .score").filter(has_text="thumb")).to_have_text(["thumb up"])
    page.get_by_text("Comment", exact=True).click()
    page.get_by_label("What should others know?").fill("<b>tell jan@example.com</b>")
    page.get_by_role("button", name="Keep the comment").click()
    expect(page.locator("#step dd").filter(has_text="<b>tell")).to_be_visible()
    page.get_by_text("Correct the answer").click()
    page.get_by_label("What it should have said").fill("It arrives tomorrow.")
    page.get_by_role("button", name="Keep the correction").click()
    expect(page.locator("#step .correction ins")).to_contain_text("tomorrow")
    page.wait_for_timeout(1_500)
    page = reader.open(LAST)
    expect(page.locator("#step .correction ins")).to_contain_text("tomorrow")
    assert "jan@example.com" not in page.content()
    expect(page.locator("#step .facts").get_by_text("you").first).to_be_visible()


def test_a_key_that_only_rates_is_made_with_its_snippet(reader: Reader) -> None:
    page = reader.open("/settings")
    page.get_by_label("write records").uncheck()
    page.get_by_label("rate, and nothing else").check()
    page.get_by_role("button", name="Make the key").click()
    key = page.locator("[data-secret]").inner_text()
    expect(page.locator("#ratings pre")).to_contain_text(key)
