"""What is taken along from a step: nothing of it breaks out of its fence, its quotes or its type."""

import ast

import pytest

from onrecord.model.access import Level
from onrecord.model.message import Message, Part
from onrecord.model.span import Span, ToolCall
from onrecord.query.results import SpanDetail, SpanRow, Tokens
from onrecord.web.media import Medium, media_of, part_at, safe_type
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


def test_media_are_found_inline_by_reference_and_attached_and_each_once() -> None:
    reference = "@@@langfuseMedia:type=image/png|id=abc|source=bytes@@@"
    span = Span(
        trace_id="t", span_id="s",
        input=(Message(role="user", parts=(Part(type="media", mime="image/jpeg", data=b"123"), Part(text=reference))),),
        output=(said(f"again {reference}", "assistant"),),
        attributes={"attachments": [{"id": "at-1", "media_type": "application/pdf", "name": "bill", "size": 9}, 4]},
    )  # fmt: skip
    assert media_of(span) == (
        Medium(form="image/jpeg", size=3, path="input.0.0"),
        Medium(form="image/png", id="abc"),
        Medium(form="application/pdf", id="at-1", name="bill", size=9),
    )
    found = part_at(span, "input.0.0")
    assert found is not None
    assert found.data == b"123"


@pytest.mark.parametrize("path", ["", "input", "input.9.0", "input.0.9", "input.-1.0", "x.0.0", "input.\u0661.0"])
def test_a_path_that_leads_nowhere_gives_nothing(path: str) -> None:
    assert part_at(Span(trace_id="t", span_id="s", input=(said("a"),)), path) is None


@pytest.mark.parametrize("form", ["", "text/html\r\nx: y", "a b/c", "image/png; charset=x"])
def test_a_type_that_is_none_is_bytes(form: str) -> None:
    assert safe_type(form) == "application/octet-stream"
