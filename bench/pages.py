"""``python -m bench.pages``: how long a page takes in a real browser, from the click until its rows are on the screen.

A server of its own is filled with the seeded workload, then Debian's chromium opens each page again and again. A page
counts as there when the first of its rows is in the document and the frame after it has been drawn. Beside the time
stands what the server itself spent: on a machine that does other work too, that is the figure to trust.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.sync_api import Page, sync_playwright

from bench import machine, peers
from bench.__main__ import fill, stored
from bench.load import quantile_of
from bench.server import Server, serving
from bench.workload import RARE_WORD
from tests.browser.conftest import CHROMIUM, FLAGS, session_of

WATCH: Final = """
const seek = () => {
  if (document.querySelector(%s)) requestAnimationFrame(() => { window.__there = performance.now() });
  else requestAnimationFrame(seek);
};
seek();
"""
"""Runs in every page before anything of it: notes when the awaited element has been drawn, in ms since the click."""
THERE: Final = """new Promise(done => {
  const look = () => window.__there ? done(window.__there) : setTimeout(look, 5);
  setTimeout(() => done(0), 30_000);
  look();
})"""
FETCHED: Final = "async path => { const begun = performance.now(); const answer = await fetch(path); "
FETCHED_END: Final = (
    "const body = await answer.text(); return [performance.now() - begun, body.length, answer.status] }"
)
ROWS: Final = "main tbody tr"


SINCE: Final = "from=1789000000000000"
"""The workload's spans begin at a fixed time, and pages go by it: a stretch that holds them all, filtered like any."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One page and when it counts as there."""

    name: str
    path: str
    awaited: str = ROWS
    """CSS selector of what has to be drawn; empty: not a page but an answer that a script asks for."""
    must_ms: int = 0
    must_bytes: int = 0


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it."""

    asked: Asked
    times_ms: tuple[float, ...]
    size: int
    """Bytes of the HTML, before compression."""
    server_ms: float
    """Processor time of the server and its workers for one, everything that it does beside included."""


def pages(server: Server) -> list[Asked]:
    """What is opened, in the order of the table."""
    newest: list[dict[str, Any]] = server.get("/api/v1/traces", limit="50")["rows"]
    session = server.get("/api/v1/sessions", limit="1")["rows"][0]["session"]
    user = server.get("/api/v1/users", limit="1")["rows"][0]["user"]
    near, long = newest[20]["trace_id"], peers.LONG_TRACE.hex()
    part = RARE_WORD[2:9]
    return [
        Asked(name="list", path=f"/traces?{SINCE}", must_ms=500),
        Asked(name="list, one hour", path="/traces?range=1h", awaited=f"{ROWS}, main .empty", must_ms=500),
        Asked(name="list with values to filter by", path=f"/traces?facets=1&{SINCE}"),
        Asked(name="list of one user", path=f"/traces?q=user:{user}&{SINCE}"),
        Asked(name="search for a word", path=f"/traces?q={RARE_WORD}&{SINCE}"),
        Asked(name="search for a part of a word", path=f"/traces?q=*{part}*&{SINCE}"),
        Asked(
            name="trace of 10,000 spans",
            path=f"/traces/{long}",
            awaited=".card, [data-step]",
            must_ms=300,
            must_bytes=500_000,
        ),
        Asked(
            name="the same as a tree",
            path=f"/traces/{long}?view=tree",
            awaited="[data-step]",
            must_ms=300,
            must_bytes=500_000,
        ),
        Asked(
            name="the same as a waterfall",
            path=f"/traces/{long}?view=waterfall",
            awaited="[data-step]",
            must_ms=300,
            must_bytes=500_000,
        ),
        Asked(name="an ordinary trace", path=f"/traces/{near}", awaited=".card, [data-step]"),
        Asked(name="the next older one (n)", path=f"/traces/{near}/next?{SINCE}", awaited=".card, [data-step]"),
        Asked(name="the next newer one (p)", path=f"/traces/{near}/previous?{SINCE}", awaited=".card, [data-step]"),
        Asked(name="sessions", path=f"/sessions?{SINCE}"),
        Asked(name="one session", path=f"/sessions/{session}", awaited="main article, main .turn"),
        Asked(name="dashboard", path="/dashboard?range=all", awaited=".chart"),
        Asked(name="prompts", path="/prompts?range=all"),
        Asked(name="users", path="/users?range=all"),
        Asked(name="proof of a record", path=f"/proof/{_shard(server)}/1", awaited="main .facts"),
        Asked(name="ledger", path="/ledger", awaited="main .facts"),
        Asked(name="health", path="/status", awaited="main dl, main table"),
        Asked(name="completing a value", path="/complete?line=model:g", awaited=""),
        Asked(name="completing a user", path="/complete?line=user:usr_", awaited=""),
        Asked(name="counting new rows", path=f"/traces/new?{SINCE}", awaited=""),
    ]


def opened(page: Page, server: Server, asked: Asked, times: int) -> Seen:
    """Open one page so often, after one to warm up."""
    if asked.awaited:
        page.add_init_script(WATCH % json.dumps(asked.awaited))
    took: list[float] = []
    size, before = 0, 0.0
    for number in range(times + 1):
        if number == 1:
            before = machine.cpu_s(server.process.pid)
        ms, size = _once(page, server.url + asked.path, awaited=bool(asked.awaited))
        took.append(ms)
    spent = (machine.cpu_s(server.process.pid) - before) / times * 1_000
    return Seen(asked=asked, times_ms=tuple(took[1:]), size=size, server_ms=spent)


def _once(page: Page, url: str, *, awaited: bool) -> tuple[float, int]:
    if not awaited:
        ms, size, status = page.evaluate(FETCHED + FETCHED_END, url)
        assert status == 200, f"{url}: {status}"
        return float(ms), int(size)
    answer = page.goto(url, wait_until="commit")
    assert answer is not None, url
    assert answer.ok, f"{url}: {answer.status}"
    page.wait_for_load_state("load")
    there = float(page.evaluate(THERE))
    assert there, f"{url}: what it should show never came"
    size = page.evaluate("performance.getEntriesByType('navigation')[0].decodedBodySize")
    return there, int(size)


def measured(server: Server, session: str, times: int) -> Iterator[Seen]:
    """Every page in a browser context of its own, with a warm cache of script and styles, as a reader has it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for asked in pages(server):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": "onrecord_session", "value": session, "url": server.url}])
            page = context.new_page()
            page.goto(f"{server.url}/traces")
            if page.url.endswith("/welcome"):  # a new server asks once what it shall keep
                page.locator("main form button").first.click()
                page.wait_for_url("**/traces")
            page.set_default_timeout(30_000)
            yield opened(page, server, asked, times)
            context.close()
        browser.close()


def show(seen: Seen) -> None:
    """One line of the table, as Markdown."""
    asked = seen.asked
    p50, p95 = quantile_of(seen.times_ms, 0.5), quantile_of(seen.times_ms, 0.95)
    musts = [f"{asked.must_ms} ms"] if asked.must_ms else []
    musts += [f"{asked.must_bytes // 1_000} kB"] if asked.must_bytes else []
    print(
        f"| {asked.name} | {p50:,.0f} ms | {p95:,.0f} ms | {seen.server_ms:,.0f} ms | {seen.size / 1_000:,.0f} kB "
        f"| {', '.join(musts)} |",
        flush=True,
    )


@contextmanager
def filled(data: Path, spans: int, seed: int) -> Iterator[Server]:
    """A server with so many spans; a directory that has them already is taken as it is."""
    with serving(data) as server:
        if stored(server) < spans:
            fill(server, spans, seed)
        yield server


def main() -> None:
    """Fill, open, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--spans", type=int, default=100_000, help="spans in the store")
    parser.add_argument("--times", type=int, default=15, help="how often each page is opened")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="keep the filled directory here, and use it again")
    chosen = parser.parse_args()
    if not CHROMIUM:
        parser.error("chromium is not installed (apt-get install chromium)")
    with (
        tempfile.TemporaryDirectory() as folder,
        filled(chosen.data or Path(folder) / "data", chosen.spans, chosen.seed) as server,
    ):
        session = _logged_in(server)
        print(f"{machine.describe()}; {machine.busy_elsewhere():.0%} of it busy with other work before the run")
        print(f"{stored(server):,} spans stored; each page opened {chosen.times} times after one to warm up\n")
        print("| page | p50 | p95 | processor time of the server | HTML | must |\n|---|---|---|---|---|---|")
        for seen in measured(server, session, chosen.times):
            show(seen)


def _logged_in(server: Server) -> str:
    """The cookie of an owner."""
    run = [sys.executable, "-m", "onrecord.cli", "users"]
    place = ["--data", str(server.data)]
    name = f"bench-{time.time_ns()}"
    subprocess.run([*run, "add", name, "--role", "owner", *place], capture_output=True, check=True)
    link = subprocess.run([*run, "link", name, *place], capture_output=True, text=True, check=True).stdout
    return session_of(server.url, link.strip().rpartition("token=")[2])


def _shard(server: Server) -> str:
    """The name of a shard of the ledger."""
    found: list[dict[str, Any]] = server.get("/api/v1/traces", limit="1")["rows"]
    return str(time.gmtime(found[0]["received_us"] / 1e6).tm_year)


if __name__ == "__main__":
    main()
