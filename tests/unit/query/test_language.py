"""The search line: what people type and what it means, and where it is not understood."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.errors import Rejected
from onrecord.query.filters import And, Compare, Exists, Filter, In, Not, Or, Text, from_parameters, parse

SECRET = "jan.jansen@example.com"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", And()),
        ("   ", And()),
        ("model:gpt-4o", Compare("model", "=", "gpt-4o")),
        ("latency>2s", Compare("latency", ">", 2_000.0)),
        ("latency:<=1.5m", Compare("latency", "<=", 90_000.0)),
        ("duration>340ms", Compare("latency", ">", 340.0)),
        ("tokens_input>=10k", Compare("tokens_input", ">=", 10_000.0)),
        ("user:jan@example.com", Compare("user", "=", "jan@example.com")),
        ("status!=ok", Compare("status", "!=", "ok")),
        ("kind:llm,tool", In("kind", ("llm", "tool"))),
        ("kind!=llm,tool", Not(In("kind", ("llm", "tool")))),
        ("running:true", Compare("running", "=", 1)),
        ("error:*", Exists("error")),
        ("-error:*", Not(Exists("error"))),
        ("model:gpt*", Compare("model", "prefix", "gpt")),
        ('model:"gpt*"', Compare("model", "=", "gpt*")),
        ("name~refund", Compare("name", "contains", "refund")),
        ("metadata.customer:acme", Compare("metadata.customer", "=", "acme")),
        ("attributes.http.method:GET", Compare("attributes.http.method", "=", "GET")),
        ("metadata.size>5", Compare("metadata.size", ">", 5.0)),
        ("score.helpful<0.5", Compare("score.helpful", "<", 0.5)),
        ("received>=2026-11-23", Compare("received", ">=", 1_795_392_000_000_000)),
        ("received>-24h", Compare("received", ">", -86_400_000_000)),
        ("word", Text("words", "word")),
        ('"exact phrase"', Text("phrase", "exact phrase")),
        (r'"say \"hi\""', Text("phrase", 'say "hi"')),
        ("*part*", Text("substring", "part")),
        ("-word", Not(Text("words", "word"))),
        ("NOT word", Not(Text("words", "word"))),
        ("a b", And((Text("words", "a"), Text("words", "b")))),
        ("a OR b c", Or((Text("words", "a"), And((Text("words", "b"), Text("words", "c")))))),
        ("(a OR b) c", And((Or((Text("words", "a"), Text("words", "b"))), Text("words", "c")))),
        ("-(a b)", Not(And((Text("words", "a"), Text("words", "b"))))),
        ("order OROVILLE", And((Text("words", "order"), Text("words", "OROVILLE")))),
        ("2026-11-23", Text("words", "2026-11-23")),
        ("a-b", Text("words", "a-b")),
    ],
)
def test_a_line_means_what_it_says(text: str, meaning: Filter) -> None:
    assert parse(text) == meaning


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f'model:x "{SECRET}', "character 9: a quote is opened"),
        (f"( {SECRET}", "character 1: a parenthesis is opened"),
        (f"{SECRET} )", "a parenthesis is closed"),
        (f"nofield:{SECRET}", "character 1: no field has this name"),
        (f"latency>{SECRET}", "a duration such as 340ms"),
        (f"kind:{SECRET}", "one of agent, chain"),
        (f"received:{SECRET}", "an instant such as"),
        ("model:", "a value is missing"),
        ("model>5", "no order"),
        ("user~jan", "only text"),
        ("(a -)", "is missing"),
        ("NOT (", "opened and not closed"),
        ("(" * 50, "nested deeper"),
        ("-" * 50 + "a", "nested deeper"),
        ("x" * 5_000, "longer than"),
        ("kind:" + ",".join(["llm"] * 101), "more than 100"),
        ('""', "is empty"),
        ("latency>1s,2s", "only one value"),
    ],
)
def test_a_fault_is_named_by_its_position_and_never_by_what_was_typed(text: str, sentence: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse(text)
    assert sentence in caught.value.message
    assert SECRET not in f"{caught.value.message}{caught.value.hint}"


@given(st.text(st.sampled_from('ab:"()-*<>=~, \\ORNOT.modelkind1s'), max_size=40) | st.text(max_size=40))
def test_every_text_is_a_filter_or_rejected(text: str) -> None:
    with suppress(Rejected):
        assert isinstance(parse(text), Filter)


@pytest.mark.parametrize(
    ("pairs", "meaning"),
    [
        ([], And()),
        ([("model", "gpt-4o")], Compare("model", "=", "gpt-4o")),
        ([("model", "a"), ("model", "b")], In("model", ("a", "b"))),
        (
            [("latency__gt", "2s"), ("status__ne", "ok")],
            And((Compare("latency", ">", 2_000.0), Compare("status", "!=", "ok"))),
        ),
        ([("model__prefix", "gpt")], Compare("model", "prefix", "gpt")),
        ([("name__contains", "a b")], Compare("name", "contains", "a b")),
        ([("tag__exists", "false")], Not(Exists("tag"))),
        ([("metadata.a__b", "x")], Compare("metadata.a__b", "=", "x")),
        ([("q", "word"), ("model", "*")], And((Text("words", "word"), Compare("model", "=", "*")))),
    ],
)
def test_parameters_mean_the_same_as_the_line(pairs: list[tuple[str, str]], meaning: Filter) -> None:
    assert from_parameters(pairs) == meaning


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("modle", "x", "'modle'"),
        (SECRET, "x", "of that name"),
        ("latency__gt", SECRET, "'latency__gt'"),
        ("model__contains", "", "'model__contains'"),
        ("user__prefix", "j", "'user__prefix'"),
        ("tag__exists", SECRET, "'tag__exists'"),
    ],
)
def test_a_parameter_that_is_not_understood_is_named_and_its_value_is_not(name: str, value: str, shown: str) -> None:
    with pytest.raises(Rejected) as caught:
        from_parameters([(name, value)])
    assert shown in caught.value.message
    assert SECRET not in caught.value.message
