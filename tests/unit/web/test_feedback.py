"""Judging in the page: what a form becomes, and what is shown before the store has followed."""

import pytest

from onrecord.errors import Rejected
from onrecord.model.access import Level
from onrecord.query.results import ScoreRow, SpanDetail, SpanRow, Tokens
from onrecord.web.views.feedback import TEXT_CHARACTERS, score_of, with_new

ROW = SpanRow(
    trace_id="t", span_id="s", name="n", kind="llm", status="ok", start_us=0, received_us=0, tokens=Tokens(),
    shard=2026, index=1,
)  # fmt: skip
DETAIL = SpanDetail(row=ROW, state="present", level=Level.PSEUDONYMISED)


def test_a_thumb_and_a_correction_replace_the_persons_last_one_and_a_comment_is_added() -> None:
    up, down = (score_of({"what": what}, "eva", DETAIL, 5) for what in ("up", "down"))
    assert (up.value, down.value, up.id) == (1.0, 0.0, down.id)
    assert score_of({"what": "up"}, "jan", DETAIL, 5).id != up.id
    right = score_of({"what": "correction", "text": " so\r\nit is "}, "eva", DETAIL, 5)
    assert (right.comment, right.source, right.author, right.time_unix_nano) == ("so\nit is", "human", "eva", 5_000)
    assert right.id
    assert score_of({"what": "comment", "text": "x"}, "eva", DETAIL, 5).id == ""


@pytest.mark.parametrize("form", [
    {}, {"what": "comment", "text": "  "}, {"what": "correction"}, {"what": "stars", "text": "x"},
    {"what": "comment", "text": "x" * (TEXT_CHARACTERS + 1)},
])  # fmt: skip
def test_a_form_that_holds_no_judgement_is_rejected(form: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        score_of(form, "eva", DETAIL, 5)


def test_what_was_just_judged_stands_there_once_and_others_stay() -> None:
    known = (
        ScoreRow(name="thumb", value=1.0, label="up", author="eva", trace_id="t", span_id="s"),
        ScoreRow(name="thumb", value=1.0, label="up", author="jan", trace_id="t", span_id="s"),
        ScoreRow(name="comment", comment="a", author="eva", trace_id="t", span_id="s"),
    )
    shown = with_new(known, score_of({"what": "down"}, "eva", DETAIL, 5))
    assert [(one.name, one.author, one.label) for one in shown] == [
        ("thumb", "jan", "up"), ("comment", "eva", ""), ("thumb", "eva", "down"),
    ]  # fmt: skip
    assert len(with_new(known, score_of({"what": "comment", "text": "b"}, "eva", DETAIL, 5))) == 4
