"""What people come for: why did it fail, what does a prompt cost, erase somebody and show it, check a proof at home."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.conftest import RUN, Reader, Server, readable
from tests.browser.seed import conversation, send, trace_id

pytestmark = pytest.mark.browser


def run(line: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a line that a page prints, as somebody who pastes it."""
    program, *arguments = re.findall(r"'[^']*'|\S+", line.replace("\\\n", " "))
    assert program == "onrecord"
    command = [sys.executable, "-c", RUN, *(argument.strip("'") for argument in arguments)]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def test_why_something_failed_stands_in_the_list_two_clicks_from_its_words(reader: Reader) -> None:
    page = reader.open("/traces")
    page.locator(".strip figcaption").get_by_role("link", name=re.compile("failed span")).click()
    page.wait_for_url(re.compile("status%3Aerror"))
    row = page.locator("tbody tr", has=page.locator(f"a[href*='{trace_id('failed')}']"))
    expect(row.locator("td.c-io .bad")).to_contain_text("Timeout")
    row.locator(".c-name a").click()
    expect(page.locator("#step .fault")).to_be_in_viewport()


def test_evidence_is_checked_at_home_by_the_line_that_the_page_prints(reader: Reader, tmp_path: Path) -> None:
    page = reader.open("/proof/2026/1")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Evidence, ZIP").click()
    saved.value.save_as(tmp_path / saved.value.suggested_filename)
    line = page.locator("pre.lines", has_text="evidence.zip").inner_text().partition("\n")[2]
    verdict = run(line, tmp_path)
    assert verdict.returncode == 0, verdict.stdout
    assert "Entry #1 of " in verdict.stdout
    (tmp_path / saved.value.suggested_filename).write_bytes(b"PK")
    assert run(line, tmp_path).returncode == 4


def test_the_line_of_the_ledger_page_checks_the_whole_ledger(reader: Reader, tmp_path: Path) -> None:
    line = reader.open("/ledger").locator("pre.lines", has_text="--vkey").inner_text().partition("\n")[2]
    verdict = run(line, tmp_path)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_a_person_is_erased_by_pseudonym_and_the_page_shows_when_and_its_proof(
    reader: Reader, server: Server, tmp_path: Path
) -> None:
    spans = conversation("leaver", time.time_ns() - 10**9, "Forget me", "Yes", session="talk-leaver")
    for span in spans:
        for one in span["attributes"]:
            if one["key"] == "user.id":
                one["value"] = {"stringValue": "leaver@example.com"}
    send(server.url, spans, server.write_key())
    readable(server, trace_id("leaver"))
    pseudonym = reader.open("/users?q=user:leaver@example.com").locator("td.c-who a").inner_text()
    page = reader.open("/ledger")
    expect(page.locator("#erasures")).to_contain_text("Nobody was erased.")
    line = page.locator("#erasures pre").inner_text().replace("ID-OR-PSEUDONYM", pseudonym).replace('"why"', "asked")
    done = run(f"{line.replace('DATA-DIRECTORY', str(server.data))} --yes", tmp_path)
    assert "Erased 4 records" in done.stdout, done.stderr
    page = reader.open("/ledger")
    expect(page.locator("#erasures tbody tr")).to_have_count(1)
    expect(page.locator("#erasures tbody tr a")).to_have_count(2)
    assert serious(page) == []
    page.locator("#erasures tbody a").first.click()
    expect(page.get_by_text("verified").first).to_be_visible()
    expect(page.locator(".facts").first).to_contain_text("erasure")
    gone = page.goto(f"{server.url}/traces/{trace_id('leaver')}")
    assert gone is not None
    assert gone.status == 404
    reader.trouble.clear()  # the browser's own word about that 404
