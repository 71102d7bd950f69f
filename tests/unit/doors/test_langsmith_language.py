"""LangSmith's filter language in our words; what can not be asked is refused and never left out."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.doors.langsmith.language import filter_of
from onrecord.errors import Rejected
from onrecord.query.syntax import And, Compare, Filter, In, Not, Or, Text

FAILED = Compare("status", "=", "error")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('eq(name, "shop")', Compare("name", "=", "shop")),
        ("neq(name, 'it\\'s')", Compare("name", "!=", "it's")),
        ('eq(run_type, "llm")', In("kind", ("llm",))),
        ('neq(run_type, "tool")', Not(In("kind", ("tool",)))),
        ("gt(latency, 1.5)", Compare("latency", ">", 1_500.0)),
        ('lte(latency, "200ms")', Compare("latency", "<=", 200.0)),
        ("gte(total_tokens, 10)", Compare("tokens_total", ">=", 10.0)),
        ('gt(start_time, "2026-11-25T03:16:40Z")', Compare("start", ">", 1_795_576_600_000_000)),
        ("eq(is_root, true)", Compare("root", "=", 1)),
        ("eq(error, true)", FAILED),
        ("eq(error, false)", Not(FAILED)),
        ('eq(status, "success")', And((Not(FAILED), Compare("running", "=", 0)))),
        ('has(tags, "a, b")', Compare("tag", "=", "a, b")),
        ('has(metadata, \'{"tier": "gold"}\')', And((Compare("metadata.tier", "=", "gold"),))),
        ('in(name, ["a", "b"])', Or((Compare("name", "=", "a"), Compare("name", "=", "b")))),
        ('search("lost parcel")', Text("words", "lost parcel")),
        ('not(eq(name, "a"))', Not(Compare("name", "=", "a"))),
        (
            'and(eq(metadata_key, "tier"), eq(metadata_value, "gold"), or(eq(name, "a"), eq(name, "b")))',
            And((Or((Compare("name", "=", "a"), Compare("name", "=", "b"))), Compare("metadata.tier", "=", "gold"))),
        ),
        ('and(eq(feedback_key, "taste"), gte(feedback_score, 0.5))', And((Compare("score.taste", ">=", 0.5),))),
    ],
)
def test_a_filter_says_the_same_in_our_words(text: str, where: Filter) -> None:
    assert filter_of(text) == where


@pytest.mark.parametrize(
    "text",
    [
        "", "name", '"name"', "eq(name", 'eq(name, "a', "eq(name)", "eq(1, 2, 3)", 'eq(colour, "red")', "eq()",
        'fuzzy(name, "a")', 'eq(name, "a") and', "gt(latency, soon)", "has(name, 1)", "has(metadata, 3)", "not()",
        "and(" * 40, 'eq(feedback_key, "x")', "x" * 20_000, 'gt(name, "a")', 'eq(status, "odd", 1)',
    ],
)  # fmt: skip
def test_what_can_not_be_asked_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        filter_of(text)


@given(st.text(alphabet="eqandor(),[]\"' 1.x", max_size=60))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    with contextlib.suppress(Rejected):
        filter_of(text)
