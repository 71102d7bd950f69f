"""Hostile text becomes markup that can only be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from onrecord.web.ink import ink, line, near
from onrecord.web.prose import markdown


def test_markup_in_a_prompt_is_text() -> None:
    assert ink("<script>alert('x')</script>") == Markup("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;")


def test_characters_that_reorder_or_hide_text_are_shown_by_name() -> None:
    shown = ink("pay \u202e001\u202c \x1b[31m \x00")
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert "\x00" not in shown
    assert all(f">{name}</span>" in shown for name in ("RLO", "PDF", "ESC", "NUL"))


def test_a_pseudonym_is_marked_and_a_look_alike_is_not() -> None:
    assert 'class="pseudonym"' in ink("write to <EMAIL_k7m2q9xd4x1n>")
    assert 'class="pseudonym"' not in ink("<EMAIL_short> <email_k7m2q9xd4x1n>")


def test_a_list_shows_a_pseudonym_by_its_label_and_the_whole_in_its_title() -> None:
    shown = ink("to <EMAIL_k7m2q9xd4x1n>", short=True)
    assert ">EMAIL</span>" in shown
    assert 'title="&lt;EMAIL_k7m2q9xd4x1n&gt;:' in shown


def test_hits_are_marked_without_regard_to_case_and_never_inside_markup() -> None:
    assert ink("A Parcel & <b>", ["parcel", "b"]) == Markup("A <mark>Parcel</mark> &amp; &lt;<mark>b</mark>&gt;")
    assert ink("a&amp;b", ["amp"]) == Markup("a&amp;<mark>amp</mark>;b")


@pytest.mark.parametrize("terms", [["(", "a+"], [""], [" "], ["\\"] * 50])
def test_a_search_term_is_never_a_pattern(terms: list[str]) -> None:
    assert "aaa" in ink("aaa", terms)


@given(st.text(max_size=200), st.lists(st.text(max_size=5), max_size=4))
def test_no_text_makes_a_tag_of_its_own(text: str, terms: list[str]) -> None:
    shown = str(ink(text, terms))
    for known in ("<mark>", "</mark>", "</span>"):
        shown = shown.replace(known, "")
    assert "<" not in shown.replace('<span class="ctl" title="control', "").replace(
        '<span class="pseudonym" title="', ""
    )


@given(st.text(max_size=2_000), st.integers(min_value=1, max_value=100))
def test_a_preview_is_one_bounded_line(text: str, length: int) -> None:
    short = line(text, length)
    assert len(short) <= length + 1
    assert "\n" not in short


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](https://evil.example/p.png)",
        "[x](data:text/html,hi)", "<img src=x onerror=alert(1)>", "[x]( JaVaScRiPt:alert(1))", "[a](vbscript:x)",
        '!["><script>](x)', "<svg/onload=alert(1)>", '[x](https://a.example "\\" onclick=alert(1) ")',
    ],
)  # fmt: skip
def test_markdown_makes_nothing_that_runs_or_loads(hostile: str) -> None:
    shown = str(markdown(hostile)).lower()
    for dangerous in ("<script", "<img", "<svg", 'href="javascript', 'href="data', 'href="vbscript', '" onclick'):
        assert dangerous not in shown


def test_markdown_links_open_apart_and_send_no_referrer() -> None:
    assert 'rel="noopener noreferrer nofollow"' in markdown("[x](https://a.example)")


def test_a_text_too_long_for_markdown_stays_as_written() -> None:
    assert markdown("*a*" + "x" * 300_000).startswith('<pre class="text">*a*')


def test_a_preview_begins_near_the_first_hit_and_at_the_start_when_the_hit_is_there() -> None:
    assert near("x" * 40 + " parcel for Jan", ["Parcel"], 160) == "…xxxxxxx parcel for Jan"
    assert near("my parcel " + "x" * 40, ["parcel", "zzz"], 160).startswith("my parcel")
    assert near("nothing here", ["parcel"], 160) == "nothing here"
