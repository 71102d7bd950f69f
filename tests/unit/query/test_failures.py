"""Why a trace failed: the deepest failed steps, the way to them, and whether another try worked."""

from onrecord.query.failures import causes, sentences
from onrecord.query.results import Node, SpanRow, Tokens, TraceRow, TraceTree


def tree(*steps: tuple[int, str, str], status: str = "error", omitted: int = 0) -> TraceTree:
    """A trace of steps: depth, name, error (empty for none)."""
    nodes = [
        Node(
            span=SpanRow(
                trace_id="t", span_id=f"s{number}", name=name, kind="tool", status="error" if error else "ok",
                error_type=error, start_us=number, received_us=number, tokens=Tokens(), shard=2026, index=number,
            ),
            depth=depth, children=0, offset_ms=0.0,
        )
        for number, (depth, name, error) in enumerate(steps)
    ]  # fmt: skip
    row = TraceRow(
        trace_id="t", span_id="s0", name="trace", kind="agent", status=status, start_us=1, received_us=1,
        spans=len(nodes), errors=1, tokens=Tokens(), shard=2026, index=0,
    )  # fmt: skip
    return TraceTree(trace=row, nodes=tuple(nodes), omitted=omitted)


def test_the_cause_is_the_deepest_step_that_failed_and_what_it_took_down_is_not() -> None:
    found = causes(tree((0, "agent", "Failed"), (1, "plan", ""), (1, "act", "Failed"), (2, "search", "Timeout")))
    (one,) = found
    assert one.span.name == "search"
    assert [step.name for step in one.path] == ["agent", "act"]


def test_two_branches_have_a_cause_each() -> None:
    found = causes(tree((0, "agent", "Failed"), (1, "a", "Failed"), (2, "b", "X"), (1, "c", "Y"), (2, "d", "")))
    assert [cause.span.name for cause in found] == ["b", "c"]


def test_another_try_that_worked_is_a_recovery_and_comes_last() -> None:
    found = causes(
        tree((0, "agent", ""), (1, "call", "Limit"), (1, "call", "Limit"), (1, "call", ""), (1, "save", "Full"))
    )
    assert [(cause.span.name, cause.retried, cause.recovered) for cause in found] == [
        ("save", 0, False),
        ("call", 2, True),
        ("call", 1, True),
    ]
    said = " ".join(sentences(tree(status="ok"), found))
    assert "'save' below agent failed: Full." in said
    assert "tried again 2 times; the last try worked" in said
    assert "not reported as failed" in said


def test_a_try_beside_another_parent_is_not_the_same_try() -> None:
    (one,) = causes(tree((0, "agent", ""), (1, "a", ""), (2, "call", "Limit"), (1, "b", ""), (2, "call", "")))
    assert (one.retried, one.recovered) == (0, False)


def test_a_trace_in_which_nothing_failed_says_so() -> None:
    calm = tree((0, "agent", ""), status="ok")
    assert causes(calm) == ()
    assert sentences(calm, ()) == ("No step of this trace is reported as failed.",)


def test_what_was_not_looked_at_is_said() -> None:
    large = tree((0, "agent", "X"), omitted=7)
    assert "7 further steps of this trace were not looked at." in sentences(large, causes(large))
