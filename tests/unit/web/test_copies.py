"""What is taken along from a step: nothing of it breaks out of its fence, its quotes or its type."""

import ast

from onrecord.model.access import Level
from onrecord.model.message import Message, Part
from onrecord.model.span import Span, ToolCall
from onrecord.query.results import SpanDetail, SpanRow, Tokens
from onrecord.web.views.copies import as_json, as_markdown, as_python

HOSTILE = "'''\"\"\"\n```\n````\nimport os; os.system('rm') \\ \u202e"


def said(text: str, role: str = "user") -> Message:
    return Message(role=role, parts=(Part(text=text),))


def detail(span: Span) -> SpanDetail:
    row = SpanRow(
        trace_id="t`1", span_id="s", name="a\n# b", kind="llm", status="ok", start_us=0, received_us=0,
        tokens=Tokens(), shard=2026, index=3,
    )  # fmt: skip
    return SpanDetail(row=row, state="present", level=Level.PSEUDONYMISED, content=span)


def test_markdown_fences_every_text_with_more_ticks_than_it_holds() -> None:
    text = as_markdown(detail(Span(trace_id="t", span_id="s", input=(said(HOSTILE),))))
    assert "\n`````\n" in text
    assert text.count("\n`````") == 2
    assert "## a # b" in text


def test_python_is_one_call_whatever_the_messages_say() -> None:
    span = Span(
        trace_id="t", span_id="s", model_requested=HOSTILE, input=(said("Be brief.", "system"), said(HOSTILE, "evil")),
        parameters={"temperature": 0.5, "x); import os; (": 1, "stop": ["a"]},
    )  # fmt: skip
    tree = ast.parse(as_python(span))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.keywords]
    given = {word.arg: ast.literal_eval(word.value) for word in calls[0].keywords}
    assert given["messages"][1] == {"role": "user", "content": HOSTILE}
    assert (given["model"], given["temperature"]) == (HOSTILE, 0.5)
    assert len([node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]) == 1


def test_json_is_what_the_api_gives() -> None:
    assert '"state": "present"' in as_json(detail(Span(trace_id="t", span_id="s")))


def test_a_tool_is_copied_with_its_arguments_and_result() -> None:
    tool = ToolCall(name="find", arguments={"id": 7}, result="none")
    assert '"id": 7' in as_markdown(detail(Span(trace_id="t", span_id="s", tool=tool)))
