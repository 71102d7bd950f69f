"""A streamed answer is the same record as the whole one; one that was cut is the record of what arrived."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from onrecord.model.exchange import Caller, Exchange, Kept, Mark
from onrecord.model.message import Part, text_of
from onrecord.model.span import Span
from onrecord.normalize.exchange import read_exchange
from tests.compat import fake_anthropic, fake_gemini, fake_openai, plot

Json = dict[str, Any]
CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
GEMINI = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
SSE = "text/event-stream; charset=utf-8"
BEGUN = 1_700_000_000_000_000_000
TOOL = {"type": "function", "function": plot.WEATHER_TOOL}


def exchange(path: str, asked: Json, said: Json | bytes, media: str = "application/json", **more: Any) -> Exchange:
    request = json.dumps(asked).encode()
    response = said if isinstance(said, bytes) else json.dumps(said).encode()
    made = Exchange(
        trace_id="a" * 32, span_id="b" * 16, upstream="up", provider="openai", path=path, status=200,
        started_unix_nano=BEGUN, ended_unix_nano=BEGUN + 500_000_000,
        request=Kept(data=request, size=len(request), sha256=b"r" * 32, media="application/json"),
        response=Kept(data=response, size=len(response), sha256=b"s" * 32, media=media),
    )  # fmt: skip
    return replace(made, **more)


def stream(events: Any, *, named: bool, done: bool = False) -> bytes:
    told = [(f"event: {name}\n" if named else "") + f"data: {json.dumps(event)}\n\n" for name, event in events]
    return "".join([*told, "data: [DONE]\n\n" if done else ""]).encode()


def chat(question: str, **more: Any) -> tuple[str, Json, Json, bytes]:
    asked = {"model": plot.MODEL, "messages": [{"role": "user", "content": question}], **more}
    asked["stream_options"] = {"include_usage": True}
    reply = fake_openai.chat_reply(asked)
    told = stream(fake_openai.chat_stream(asked, reply, 1), named=False, done=True)
    return CHAT, asked, fake_openai.chat(asked, reply, 1), told


def responses(question: str, **more: Any) -> tuple[str, Json, Json, bytes]:
    asked = {"model": plot.MODEL, "input": question, **more}
    reply = fake_openai.responses_reply(asked)
    told = stream(fake_openai.responses_stream(asked, reply, 1), named=True)
    return RESPONSES, asked, fake_openai.responses(asked, reply, 1), told


def messages(question: str, **more: Any) -> tuple[str, Json, Json, bytes]:
    asked = {"model": plot.CLAUDE, "max_tokens": 9, "messages": [{"role": "user", "content": question}], **more}
    reply = fake_anthropic.messages_reply(asked)
    told = stream(fake_anthropic.messages_stream(asked, reply, 1), named=True)
    return MESSAGES, asked, fake_anthropic.messages(asked, reply, 1), told


def gemini(question: str, **more: Any) -> tuple[str, Json, Json, bytes]:
    asked = {"contents": [{"role": "user", "parts": [{"text": question}]}], **more}
    reply = fake_gemini.reply(asked)
    told = stream(fake_gemini.content_stream(asked, reply, 1), named=False)
    return GEMINI, asked, fake_gemini.content(asked, reply, 1), told


CASES = {
    "chat": chat(plot.QUESTION),
    "chat_tools": chat(plot.FOLLOW_UP, tools=[TOOL]),
    "chat_refusal": chat(plot.FORBIDDEN),
    "responses": responses(plot.QUESTION),
    "responses_tools": responses(plot.FOLLOW_UP, tools=[{"type": "function", **plot.WEATHER_TOOL}]),
    "responses_reasoning": responses(plot.RIDDLE, reasoning={"effort": "low"}),
    "messages": messages(plot.QUESTION),
    "messages_tools": messages(plot.FOLLOW_UP, tools=[{"name": "get_weather", "input_schema": {}}]),
    "messages_thinking": messages(plot.RIDDLE, thinking={"type": "enabled"}),
    "gemini": gemini(plot.QUESTION),
    "gemini_tools": gemini(plot.FOLLOW_UP, tools=[{"functionDeclarations": [plot.WEATHER_TOOL]}]),
    "gemini_thinking": gemini(plot.RIDDLE, generationConfig={"thinkingConfig": {}}),
}


def parts(span: Span) -> list[tuple[str, str, Any]]:
    return [(part.type, part.text, part.value) for one in span.output for part in one.parts]


@pytest.mark.parametrize("case", CASES)
def test_a_stream_tells_what_the_whole_answer_tells(case: str) -> None:
    path, asked, body, told = CASES[case]
    whole = read_exchange(exchange(path, asked, body))
    streamed = read_exchange(exchange(path, asked, told, SSE))
    assert whole.output
    assert whole.error is None
    for name in (
        "output",
        "usage",
        "finish_reasons",
        "model_served",
        "response_id",
        "input",
        "tools",
        "status",
        "error",
    ):
        assert getattr(streamed, name) == getattr(whole, name), name


@pytest.mark.parametrize("case", CASES)
def test_a_stream_that_was_cut_tells_what_had_arrived_and_that_it_was_cut(case: str) -> None:
    path, asked, _, told = CASES[case]
    whole = parts(read_exchange(exchange(path, asked, told, SSE)))
    for end in range(1, len(told) - 20, 7):
        span = read_exchange(exchange(path, asked, told[:end], SSE, failure="broken"))
        assert (span.status, span.error and span.error.type) == ("error", "broken")
        for (kind, text, _), (whole_kind, whole_text, _) in zip(parts(span), whole, strict=False):
            assert whole_text.startswith(text), (end, text)
            assert kind == whole_kind or not text


def test_lines_may_end_in_any_way_and_comments_are_passed_over() -> None:
    path, asked, body, told = CASES["messages"]
    whole = read_exchange(exchange(path, asked, body))
    for ending in (b"\r\n", b"\r"):
        odd = b": keep-alive" + ending * 2 + told.replace(b"\n", ending)
        assert read_exchange(exchange(path, asked, odd, SSE)).output == whole.output


def test_two_choices_and_two_calls_grow_side_by_side() -> None:
    def chunk(index: int, **delta: Any) -> tuple[str, Json]:
        return "", {"id": "c", "choices": [{"index": index, "delta": delta}]}

    def call(index: int, text: str, **more: Any) -> Json:
        return {"index": index, "function": {"arguments": text, **more.pop("function", {})}, **more}

    events = [
        chunk(1, content="b"), chunk(0, content="a"), chunk(1, content="B"),
        chunk(0, tool_calls=[call(0, '{"x"', id="one", function={"name": "f"})]),
        chunk(0, tool_calls=[call(1, "", id="two", function={"name": "g"})]),
        chunk(0, tool_calls=[call(1, '{"y":2}')]), chunk(0, tool_calls=[call(0, ":1}")]),
        chunk(0, reasoning_content="be"), chunk(0, reasoning_content="cause"),
    ]  # fmt: skip
    span = read_exchange(exchange(CHAT, {"model": "m"}, stream(events, named=False, done=True), SSE))
    first, second = span.output
    assert first.parts == (
        Part(type="reasoning", text="because"),
        Part(text="a"),
        Part(type="tool_call", id="one", name="f", value={"x": 1}),
        Part(type="tool_call", id="two", name="g", value={"y": 2}),
    )
    assert text_of(second) == "bB"


@pytest.mark.parametrize(
    ("path", "event"),
    [
        (CHAT, {"error": {"message": "it broke", "type": "server_error"}}),
        (MESSAGES, {"type": "error", "error": {"type": "overloaded_error", "message": "it broke"}}),
        (RESPONSES, {"type": "error", "code": "server_error", "message": "it broke"}),
        (
            RESPONSES,
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "it broke"}}},
        ),
        (GEMINI, {"error": {"code": 500, "status": "INTERNAL", "message": "it broke"}}),
    ],
)
def test_an_error_in_mid_stream_is_the_error_of_the_call(path: str, event: Json) -> None:
    span = read_exchange(exchange(path, {"model": "m"}, stream([("error", event)], named=True), SSE))
    assert span.error is not None
    assert (span.status, span.error.message, bool(span.error.type)) == ("error", "it broke", True)


def test_a_stream_that_ends_without_saying_so_is_incomplete() -> None:
    path, asked, _, told = CASES["messages"]
    span = read_exchange(exchange(path, asked, told.partition(b"event: message_delta")[0], SSE))
    assert (span.status, span.error and span.error.type) == ("error", "incomplete")
    assert parts(span) == [("text", plot.ANSWER, None)]


def test_gemini_may_stream_an_array_and_it_may_be_cut() -> None:
    path, asked, body, _ = CASES["gemini"]
    pieces = [piece for _, piece in fake_gemini.content_stream(asked, fake_gemini.reply(asked), 1)]
    told = ("[" + ",\r\n".join(map(json.dumps, pieces)) + "]").encode()
    assert read_exchange(exchange(path, asked, told)).output == read_exchange(exchange(path, asked, body)).output
    cut = read_exchange(exchange(path, asked, told[: len(told) // 2]))
    assert cut.output
    assert plot.ANSWER.startswith(text_of(cut.output[0]))


def test_ollamas_own_api_is_read() -> None:
    lines = [
        {"model": "llama", "message": {"role": "assistant", "content": piece}, "done": False}
        for piece in ("Lis", "bon")
    ]
    last = {"model": "llama", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
    told = "\n".join(
        map(json.dumps, [*lines, {**last, "prompt_eval_count": 4, "eval_count": 2, "eval_duration": 9}])
    ).encode()
    asked = {"model": "llama", "messages": [{"role": "user", "content": "?"}], "options": {"temperature": 0}}
    span = read_exchange(exchange("/api/chat", asked, told, "application/x-ndjson"))
    assert (text_of(span.output[0]), span.usage.input, span.usage.output) == ("Lisbon", 4, 2)
    assert (span.finish_reasons, span.parameters, span.error) == (("stop",), {"temperature": 0}, None)


def test_the_first_token_is_the_first_that_says_something() -> None:
    opening = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
    word = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
    marks = (Mark(len(opening), BEGUN + 5_000_000), Mark(len(opening + word), BEGUN + 30_000_000))
    span = read_exchange(exchange(CHAT, {"model": "m"}, opening + word + b"data: [DONE]\n\n", SSE, marks=marks))
    assert span.time_to_first_token_ms == 30


def test_what_no_field_names_is_kept() -> None:
    asked = {
        "model": "m",
        "messages": [],
        "logit_bias": {"1": 2},
        "stop": ["x"],
        "vendor": 1,
        "max_completion_tokens": 7,
    }
    span = read_exchange(exchange(CHAT, asked, {"id": "c", "choices": [], "citations": ["u"]}))
    assert span.parameters == {"logit_bias": {"1": 2}, "stop_sequences": ["x"], "vendor": 1, "max_tokens": 7}
    assert span.attributes["response.citations"] == ["u"]


def test_a_truncated_body_is_kept_as_far_as_it_goes() -> None:
    made = exchange(CHAT, {"model": "m"}, b'{"choices": [{"message": {"content": "begi')
    cut = replace(made.response, state="truncated", size=10**9)
    span = read_exchange(replace(made, response=cut))
    assert text_of(span.output[0]) == '{"choices": [{"message": {"content": "begi'
    assert (span.attributes["gateway.response.kept"], span.attributes["gateway.response.bytes"]) == ("truncated", 10**9)


@pytest.mark.parametrize("said", [b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff\xfe", b"[" * 300 + b"]" * 300])
@pytest.mark.parametrize("path", [CHAT, MESSAGES, RESPONSES, GEMINI, "/api/chat", "/v1/embeddings", "/v1/rerank", "/x"])
@pytest.mark.parametrize("media", ["application/json", SSE, "application/x-ndjson", "image/png", ""])
def test_no_answer_makes_the_reader_fail_and_an_omitted_one_is_not_kept(said: bytes, path: str, media: str) -> None:
    for status in (200, 500):
        span = read_exchange(exchange(path, {"model": "m"}, said, media, status=status))
        assert span.attributes["gateway.response.bytes"] == len(said)
        assert "gateway.not_understood" not in span.attributes
        omitted = exchange(path, {"model": "m"}, said, media, status=status, caller=Caller(omit_response=True))
        assert read_exchange(omitted).output == ()
