"""Compiled filters agree with what they mean, on generated rows, in the real engine; values are never SQL."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord.model.span import Usage
from onrecord.query.compile import Bound, compile_filter, resolve
from onrecord.query.filters import And, Compare, Exists, Filter, In, Not, Or, Text, parse
from onrecord.query.results import PageRequest
from tests.contract.filter_oracle import Row, fits
from tests.contract.query_world import LENSES, OURS, THEIRS, World, reader, said, step

pytestmark = pytest.mark.chdb

WORDS = ("alpha", "Beta", "gpt-4o", "ÉCOLE", "école", "50%", "a_b", "back\\slash", "it's", "new\nline", "?", "x'; --")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
VALUES = st.sampled_from((*WORDS, "gpt", "alp", "", "a", "%", "_", "\\", "'"))
MODELS = ("gpt-4o", "claude", "")
USERS = ("usr_000000000001", "usr_000000000002", "")
NUMBERS = st.sampled_from((0.0, 1.0, 5.0, 100.0, 2_000.0))
TEXTUAL = st.sampled_from(("=", "prefix", "contains"))
ORDERS = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))


def made_rows(count: int) -> list[Row]:
    """Rows by a seeded dice, so that a failure can be looked at again."""
    dice = random.Random(7)

    def text() -> str:
        return " ".join(dice.choice(WORDS) for _ in range(dice.randrange(5)))

    def maybe(choices: tuple[Any, ...]) -> Any:
        return dice.choice((None, *choices))

    return [
        Row(
            trace=1 + number // 3, number=number, input=text(), output=text(), user=dice.choice(USERS),
            model_served=dice.choice(MODELS), model_requested=dice.choice(MODELS),
            status=dice.choice(("ok", "error", "unset")), kind=dice.choice(("llm", "tool", "span")),
            latency_ms=maybe((0.0, 1.0, 100.0, 2_000.0)), tokens_input=maybe((0, 1, 5, 100)),
            tags=tuple(dice.sample(WORDS, dice.randrange(3))),
            metadata={key: dice.choice(("5", "100", *WORDS)) for key in dice.sample(("a", "b'`"), dice.randrange(3))},
        )
        for number in range(count)
    ]  # fmt: skip


ROWS = made_rows(160)


@pytest.fixture(scope="module")
def world(shared_world: World) -> World:
    spans = [
        step(
            row.trace, 1 + row.number, user_id=row.user, model_served=row.model_served, kind=row.kind,
            model_requested=row.model_requested, status=row.status, tags=row.tags, metadata=dict(row.metadata),
            usage=Usage(input=row.tokens_input), input=(said("user", row.input),) if row.input else (),
            output=(said("assistant", row.output),) if row.output else (),
            start_unix_nano=10**18, end_unix_nano=0 if row.latency_ms is None else 10**18 + int(row.latency_ms * 1e6),
        )
        for row in ROWS
    ]  # fmt: skip
    shared_world.keep(spans[:90])
    shared_world.keep(spans[90:])
    shared_world.keep(spans, THEIRS)
    return shared_world


LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Compare, st.sampled_from(("model", "status", "model_served")), st.just("!="), VALUES),
    st.builds(
        Compare, st.sampled_from(("model", "status", "kind")), st.sampled_from(("=", "prefix", "contains")), VALUES
    ),
    st.builds(Compare, st.just("tag"), st.sampled_from(("=", "prefix", "contains", "!=")), VALUES),
    st.builds(
        Compare, st.sampled_from(("metadata.a", "metadata.b'`")), st.sampled_from(("=", "prefix", "contains")), VALUES
    ),
    st.builds(Compare, st.just("metadata.a"), st.sampled_from(("<", ">=")), NUMBERS),
    st.builds(Compare, st.sampled_from(("latency", "tokens_input")), ORDERS, NUMBERS),
    st.builds(Compare, st.just("user"), st.sampled_from(("=", "!=")), st.sampled_from(USERS[:2])),
    st.builds(In, st.sampled_from(("model", "kind")), st.lists(VALUES, max_size=3).map(tuple)),
    st.builds(In, st.just("user"), st.lists(st.sampled_from(USERS[:2]), min_size=1, max_size=2).map(tuple)),
    st.builds(In, st.just("tokens_input"), st.lists(NUMBERS, max_size=2).map(tuple)),
    st.builds(Exists, st.sampled_from(("model", "user", "latency", "tokens_input", "tag", "metadata.a"))),
    st.builds(Text, st.sampled_from(("words", "phrase", "substring")), TEXTS.filter(str.strip)),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
IN_ENGINE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def found(world: World, where: Filter) -> set[int]:
    """Numbers of the rows that the engine finds."""
    page = world.engine.spans(reader(), OURS.id, where, PageRequest(limit=500))
    return {span.index for span in page.rows}


@IN_ENGINE
@given(where=FILTERS)
def test_a_compiled_filter_finds_what_it_means(world: World, where: Filter) -> None:
    assert found(world, where) == {row.number for row in ROWS if fits(where, row, ROWS)}


@settings(max_examples=400, deadline=None)
@given(where=FILTERS)
def test_no_value_is_ever_part_of_the_statement(where: Filter) -> None:
    bound = Bound()
    sql = compile_filter(where, bound)
    assert not any(word in sql for word in ("alpha", "slash", "--", "50%", "usr_0", "b'`", "claude", "école"))
    assert all(f"{{{name}:" in sql for name in bound.values)


CASES: list[tuple[str, Callable[[Row], bool]]] = [
    (
        "model:gpt-4o status:error",
        lambda row: "gpt-4o" in (row.model_served, row.model_requested) and row.status == "error",
    ),
    ("latency>1s", lambda row: row.latency_ms is not None and row.latency_ms > 1_000),
    ("école", lambda row: "école" in f"{row.input} {row.output}".lower()),
    ("-alpha", lambda row: "alpha" not in f"{row.input} {row.output}"),
    ("tag:alpha,Beta", lambda row: bool({"alpha", "Beta"} & set(row.tags))),
    ("kind:llm OR kind:tool", lambda row: row.kind in ("llm", "tool")),
    ("*_b*", lambda row: "_b" in row.input or "_b" in row.output),
]


@pytest.mark.parametrize(("text", "fitting"), CASES)
def test_the_search_line_finds_what_it_says(world: World, text: str, fitting: Callable[[Row], bool]) -> None:
    numbers = {row.number for row in ROWS if fitting(row)}
    assert 0 < len(numbers) < len(ROWS)
    assert found(world, parse(text)) == numbers


def test_times_relative_to_now_are_resolved_by_the_clock(world: World) -> None:
    assert found(world, parse("received>-1s")) == {row.number for row in ROWS}
    assert found(world, parse("received<-1s")) == set()


def test_resolving_twice_changes_nothing() -> None:
    where = parse(
        'user:jan session:s1 "mail to jan@example.com" metadata.mail:jan@example.com trace:order-1 received>-1h'
    )
    once = resolve(where, LENSES[1], 10**15)
    assert resolve(once, LENSES[1], 10**15) == once
    assert "jan@example.com" not in repr(once)
    assert "order-1" not in repr(once)
