"""A trace and a step as they are drawn: errors stand out, depth is bounded, messages are whole or say what is left."""

import io
from collections.abc import Iterable

import msgspec
import pytest
from rich.console import Console, RenderableType

from onrecord.cli.drawing import INDENT, draw_step, draw_trace, draw_turn
from onrecord.model.access import Level
from onrecord.model.message import Message, Part
from onrecord.model.span import Document, Span, ToolCall
from onrecord.query.results import Node, ScoreRow, SpanDetail, SpanRow, Tokens, TraceRow, TraceTree

NOW_US = 1_795_000_000_000_000


def row(number: int, **more: object) -> SpanRow:
    fields: dict[str, object] = {
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": f"{number:016x}", "name": f"step {number}",
        "kind": "llm", "status": "ok", "start_us": NOW_US, "received_us": NOW_US, "duration_ms": 340.0,
        "tokens": Tokens(total=12), "shard": 2026, "index": number, "sequenced": True,
    }  # fmt: skip
    return SpanRow(**{**fields, **more})  # type: ignore[arg-type]


def tree(*nodes: tuple[SpanRow, int], **more: object) -> TraceTree:
    trace = TraceRow(
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736", span_id=nodes[0][0].span_id, name="support", kind="agent",
        status="error", start_us=NOW_US, received_us=NOW_US, duration_ms=2_000.0, spans=len(nodes), errors=1,
        tokens=Tokens(total=24), models=("gpt-4o",), shard=2026, index=1,
    )  # fmt: skip
    made = tuple(Node(span=span, depth=depth, children=0, offset_ms=0.0) for span, depth in nodes)
    return TraceTree(trace=trace, nodes=made, **more)  # type: ignore[arg-type]


def seen(things: Iterable[RenderableType], width: int = 80, *, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None)
    for one in things:
        console.print(one)
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 200])
def test_a_tree_shows_what_failed_and_why(width: int) -> None:
    failed = row(3, status="error", error_type="TimeoutError", error_message="no answer in 30 s")
    drawn = seen(draw_trace(tree((row(1, kind="agent"), 0), (row(2), 1), (failed, 2)), NOW_US), width)
    lines = drawn.splitlines()
    assert "1 failed" in drawn
    assert any("step 1" in line and "a step below failed" in line for line in lines)
    assert any("TimeoutError no answer in 30 s" in line for line in lines)
    assert all(len(line) <= width for line in lines)
    assert "\x1b[31m" in seen(draw_trace(tree((failed, 0)), NOW_US), colour=True)


def test_a_very_deep_trace_stays_on_the_screen_and_says_how_deep_it_is() -> None:
    deep = tree(*((row(number), number) for number in range(130)))
    lines = seen(draw_trace(deep, NOW_US), 100).splitlines()
    assert sum("step" in line for line in lines) == 130
    assert "level 129" in lines[-1]
    assert f"level {INDENT}" not in "".join(lines)


def test_a_very_large_trace_is_cut_unless_all_of_it_is_asked_for() -> None:
    large = tree(*((row(number), min(number, 1)) for number in range(1_000)))
    cut = seen(draw_trace(large, NOW_US))
    assert "700 further spans; --all shows them" in cut
    assert sum("step" in line for line in seen(draw_trace(large, NOW_US, everything=True)).splitlines()) == 1_000


def detail(span: Span | None, **more: object) -> SpanDetail:
    fields: dict[str, object] = {"row": row(1), "state": "present", "level": Level.PSEUDONYMISED, "content": span}
    return SpanDetail(**{**fields, **more})  # type: ignore[arg-type]


PICTURE = Part(type="media", mime="image/png", data=b"x" * 12_000)
TALK = Span(
    trace_id="t", span_id="s",
    input=(
        Message(role="system", parts=(Part(text="be brief"),)),
        Message(role="assistant", parts=(Part(type="tool_call", name="find", value={"km": 40}),)),
        Message(role="tool", parts=(Part(type="tool_result", name="find", value=["A"]),)),
        Message(role="user", parts=(Part(text="and \x1b[2J then?"), PICTURE)),
    ),
    output=(Message(role="assistant", parts=(Part(type="reasoning", text="hm"), Part(text="y" * 3_000))),),
)  # fmt: skip


def test_the_newest_turn_folds_what_was_sent_before_and_cuts_what_is_long() -> None:
    folded = seen(draw_turn(detail(TALK, new_from=2)))
    assert "2 earlier messages; --all shows them" in folded
    assert "be brief" not in folded
    assert '← find ["A"]' in folded
    assert "[image/png 12 kB" in folded
    assert "1,000 more characters" in folded
    assert "\x1b" not in folded
    assert "be brief" in seen(draw_turn(detail(TALK, new_from=2), everything=True))


def test_a_step_is_shown_whole_with_its_facts_and_judgements() -> None:
    score = ScoreRow(name="helpful", passed=False, comment="too short")
    drawn = seen(draw_step(detail(TALK, scores=(score,)), NOW_US, everything=True))
    assert drawn.count("y") > 3_000
    assert '→ find {"km":40}' in drawn
    assert "✕ helpful failed too short" in drawn
    assert "pseudonymised content" in drawn


def test_tools_and_documents_are_shown_although_they_are_no_messages() -> None:
    found = Span(trace_id="t", span_id="s", tool=ToolCall(arguments={"q": 1}, result="ok"), query="gears",
                 documents=(Document(id="d1", content="hub gears", score=0.5),))  # fmt: skip
    drawn = seen(draw_step(detail(found), NOW_US))
    for piece in ('{"q":1}', "ok", "gears", "document d1  0.500", "hub gears"):
        assert piece in drawn


def test_content_that_is_gone_says_so() -> None:
    gone = detail(None, state="erased", reason="It was erased.")
    assert "Content erased. It was erased." in seen(draw_step(gone, NOW_US))
    nothing = msgspec.structs.replace(gone, state="present", content=Span(trace_id="t", span_id="s"))
    assert "It carries no messages." in seen(draw_turn(nothing))
