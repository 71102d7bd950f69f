"""Messages of every provider, in one shape."""

from typing import Any

import pytest

from onrecord.model.message import Message, Part, ToolDefinition, text_of
from onrecord.normalize.bodies import request_messages, residue, response_messages, texts_in
from onrecord.normalize.messages import message_of, messages_of, tools_of

CALL = Part(type="tool_call", id="c", name="f", value={"a": 1})
RESULT = Part(type="tool_result", id="c", value="clear")
PIXEL = "iVBORw=="


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"role": "user", "content": "hi"}, Message("user", (Part(text="hi"),))),
        ({"type": "human", "content": "hi"}, Message("user", (Part(text="hi"),), extra={"type": "human"})),
        ({"role": "model", "parts": [{"text": "hi"}]}, Message("assistant", (Part(text="hi"),))),
        ({"role": "user", "content": [{"type": "input_text", "text": "hi"}]}, Message("user", (Part(text="hi"),))),
        ({"role": "assistant", "content": None, "refusal": "no"}, Message("assistant", (Part("refusal", "no"),))),
        (
            {
                "role": "assistant",
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
            },
            Message("assistant", (CALL,)),
        ),
        (
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
            Message("assistant", (CALL,)),
        ),
        (
            {
                "role": "assistant",
                "content": [{"type": "tool-call", "toolCallId": "c", "toolName": "f", "args": {"a": 1}}],
            },
            Message("assistant", (CALL,)),
        ),
        (
            {"role": "model", "parts": [{"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}}]},
            Message("assistant", (CALL,)),
        ),
        (
            {"type": "function_call", "call_id": "c", "id": "fc", "name": "f", "arguments": '{"a":1}'},
            Message("assistant", (CALL,)),
        ),
        ({"role": "tool", "tool_call_id": "c", "content": "clear"}, Message("tool", (RESULT,))),
        ({"type": "function_call_output", "call_id": "c", "output": "clear"}, Message("tool", (RESULT,))),
        (
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "clear"}]}
                ],
            },
            Message("user", (RESULT,)),
        ),
        (
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}]},
            Message("assistant", (Part("reasoning", "hm", extra={"signature": "s"}),)),
        ),
        (
            {"role": "assistant", "reasoning_content": "hm", "content": "yo"},
            Message("assistant", (Part("reasoning", "hm"), Part(text="yo"))),
        ),
        (
            {"role": "user", "content": "hi", "name": "ada", "mood": 1},
            Message("user", (Part(text="hi"),), name="ada", extra={"mood": 1}),
        ),
        (
            {"lc": 1, "type": "constructor", "kwargs": {"type": "ai", "content": "yo"}},
            Message("assistant", (Part(text="yo"),), extra={"type": "ai"}),
        ),
    ],
)
def test_one_message_in_the_words_of_each_provider(value: dict[str, Any], expected: Message) -> None:
    assert message_of(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
        {"type": "image", "mediaType": "image/png", "image": f"data:image/png;base64,{PIXEL}"},
        {"type": "blob", "mime_type": "image/png", "content": PIXEL},
    ],
)
def test_an_image_is_its_bytes_and_type(value: dict[str, Any]) -> None:
    (part,) = message_of({"role": "user", "content": [value]}).parts
    assert (part.type, part.mime, part.data, part.uri) == ("media", "image/png", b"\x89PNG", "")


def test_media_that_is_no_base64_is_kept_as_it_is() -> None:
    (part,) = message_of({"role": "user", "content": [{"type": "blob", "content": "***"}]}).parts
    assert (part.type, part.data, part.extra["data"]) == ("media", b"", "***")


@pytest.mark.parametrize("value", [None, "", [], {}, "[]"])
def test_nothing_is_no_message(value: Any) -> None:
    assert messages_of(value) == []


def test_what_is_no_message_becomes_one_so_that_it_is_not_lost() -> None:
    assert [text_of(one) for one in messages_of(["a", 7, {"role": "user", "content": 1.5}])] == ["a", "7", "1.5"]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ({"system": "s", "messages": [{"role": "user", "content": "u"}]}, ["s", "u"]),
        ({"instructions": "s", "input": "u"}, ["s", "u"]),
        (
            {"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [{"role": "user", "parts": [{"text": "u"}]}]},
            ["s", "u"],
        ),
        ({"prompt": ["a", "b"]}, ["a", "b"]),
        ({"messages": [[{"lc": 1, "kwargs": {"type": "human", "content": "u"}}]]}, ["u"]),
        ([{"role": "user", "content": "u"}], ["u"]),
        ({"question": "why"}, []),
        ("words", []),
    ],
)
def test_messages_of_requests(body: Any, texts: list[str]) -> None:
    assert [text_of(one) for one in request_messages(body)] == texts


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ({"choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]}, ["a", "b"]),
        ({"choices": [{"text": "a", "finish_reason": "stop"}]}, ["a"]),
        ({"role": "assistant", "content": [{"type": "text", "text": "a"}]}, ["a"]),
        (
            {
                "output": [
                    {"type": "reasoning", "summary": [{"text": "hm"}]},
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
                ]
            },
            ["hm\na"],
        ),
        ({"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}, ["a"]),
        ({"output": {"message": {"role": "assistant", "content": [{"text": "a"}]}}}, ["a"]),
        ({"generations": [[{"text": "a"}]]}, ["a"]),
        ({"message": {"role": "assistant", "content": "a"}}, ["a"]),
        ({"answer": "a"}, []),
    ],
)
def test_messages_of_responses(body: Any, texts: list[str]) -> None:
    assert [text_of(one) for one in response_messages(body)] == texts


@pytest.mark.parametrize(
    "value",
    [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
        {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}},
        {"name": "f", "description": "d", "input_schema": {"type": "object"}},
        {"name": "f", "description": "d", "inputSchema": {"type": "object"}},
        '{"name": "f", "description": "d", "parameters": "{\\"type\\": \\"object\\"}"}',
    ],
)
def test_a_tool_definition_of_each_provider(value: Any) -> None:
    assert tools_of([value]) == (ToolDefinition("f", "d", {"type": "object"}),)


def test_residue_is_what_nothing_else_says() -> None:
    known = request_messages({"messages": [{"role": "user", "content": "hi"}]})
    body = {"messages": [{"role": "user", "content": "hi", "cache": {"ttl": 5}}], "seed": 1, "usage": {"n": 3, "m": 4}}
    assert residue(body, lambda: texts_in(known), {3}) == {
        "messages": [{"cache": {"ttl": 5}}],
        "seed": 1,
        "usage": {"m": 4},
    }
