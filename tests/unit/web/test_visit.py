"""Addresses and forms: where a login may lead, what an address may hold."""

from importlib.resources import files

import pytest

from onrecord.errors import Rejected
from onrecord.web.render import CSP, static_digest, static_files, static_response
from onrecord.web.visit import integer, local_path


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "traces", "/a\r\nx: y"],
)
def test_a_login_never_leads_to_another_host(target: str) -> None:
    assert local_path(target) == "/traces"


def test_a_login_leads_back_to_the_page_that_was_asked_for() -> None:
    assert local_path("/traces/ab?q=x") == "/traces/ab?q=x"


@pytest.mark.parametrize("text", ["", "-1", "1.5", "\u0661", "9" * 5000, "1e3", " 1"])
def test_an_address_that_holds_no_number_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        integer(text, "index")


def test_the_policy_lets_nothing_inline_and_nothing_foreign_run() -> None:
    assert "unsafe" not in CSP
    assert "http" not in CSP
    assert CSP.startswith("default-src 'none'")


def test_all_script_of_a_page_is_small() -> None:
    sizes = {path: len(content) for path, content in static_files().items() if path.endswith(".js")}
    vendored = [size for path, size in sizes.items() if path.startswith("vendor/")]
    # A page loads htmx or uPlot, never both (tests/browser/test_figures.py weighs each page).
    assert sum(sizes.values()) - sum(vendored) + max(vendored) < 100_000


@pytest.mark.parametrize("path", ["../render.py", "css/../../app.py", "nope.css", "", "js"])
def test_only_files_below_static_are_served(path: str) -> None:
    assert static_response(path) is None


def test_static_files_carry_their_type_and_may_be_kept_for_ever() -> None:
    answer = static_response("js/page.js")
    assert answer is not None
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert len(static_digest()) == 12


def test_no_template_holds_script_or_style_inline() -> None:

    folder = files("onrecord.web") / "templates"
    pages = [*folder.iterdir(), *(folder / "part").iterdir()]
    for page in pages:
        if page.name.endswith(".html"):
            text = page.read_text("utf-8")
            assert " style=" not in text, page.name
            assert "<style" not in text, page.name
            assert " onclick=" not in text, page.name
            assert "|safe" not in text, page.name
            assert text.count("<script") == text.count("<script src=") + text.count('<script type="module" src='), page
