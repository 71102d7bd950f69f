"""Runs of LangSmith as spans: errors, ids, instants, shapes of inputs and outputs, and no input that does harm."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.model.message import Message
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.langchain import opened
from onrecord.normalize.langsmith import read_run
from onrecord.normalize.langsmith_feedback import read_feedback
from onrecord.normalize.merge import merge

ID = "01a210b4-9996-7078-8b40-4a9f2a0c3e3e"
PARENT = "01a210b4-99ac-7010-b395-2e0600e53051"
ORDER = f"20261125T031640982332Z{PARENT}.20261125T031641004942Z{ID}"
TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1\nshop.errors.Closed: the shop: closed\nat noon\n'


def run(**values: Any) -> Span:
    return read_run({"id": ID, "name": "step", "run_type": "chain", **values})


def said(messages: tuple[Message, ...]) -> list[tuple[str, str]]:
    return [(one.role, part.text) for one in messages for part in one.parts]


def test_dotted_order_says_trace_parent_and_start_when_nothing_else_does() -> None:
    span = run(dotted_order=ORDER)
    assert (span.trace_id, span.parent_id) == (PARENT, PARENT)
    assert span.start_unix_nano == 1_795_576_601_004_942_000


def test_a_run_that_names_no_trace_is_one_of_its_own() -> None:
    assert (run().trace_id, run(parent_run_id=PARENT).trace_id) == (ID, PARENT)


@pytest.mark.parametrize(
    ("instant", "nanoseconds"),
    [
        ("2026-11-25T03:16:40.982332+00:00", 1_795_576_600_982_332_000),
        ("2026-11-25T04:16:40.982332+01:00", 1_795_576_600_982_332_000),
        ("2026-11-25T03:16:40.982332Z", 1_795_576_600_982_332_000),
        ("2026-11-25T03:16:40.982332", 1_795_576_600_982_332_000),
        (1_795_576_600_982, 1_795_576_600_982_000_000),
        ("yesterday", 0),
        (-5, 0),
        (True, 0),
        (None, 0),
    ],
)
def test_instants_are_read_as_each_client_writes_them(instant: Any, nanoseconds: int) -> None:
    assert run(end_time=instant).end_unix_nano == nanoseconds


@pytest.mark.parametrize(
    ("text", "kind", "message", "stack"),
    [
        (f"Closed('the shop: closed')\n\n{TRACEBACK}", "shop.errors.Closed", "the shop: closed\nat noon", True),
        (TRACEBACK, "shop.errors.Closed", "the shop: closed\nat noon", True),
        ("TypeError: no such order\n    at f (a.js:1:2)", "TypeError", "no such order", True),
        ("TypeError: no such order", "TypeError", "no such order", False),
        ("KeyError('x')", "KeyError", "KeyError('x')", False),
        ("it just failed", "", "it just failed", False),
        ("Stop()Traceback (most recent call last):\n  File\n", "Stop", "Stop()", True),
    ],
)
def test_an_error_is_taken_apart(text: str, kind: str, message: str, stack: bool) -> None:
    error = run(error=text).error
    assert error is not None
    assert (error.type, error.message, bool(error.stack)) == (kind, message, stack)


@pytest.mark.parametrize(
    ("inputs", "arguments"),
    [
        ({"city": "Lisbon"}, {"city": "Lisbon"}),
        ({"input": "{'city': \"L'Aquila\", 'days': [1, None]}"}, {"city": "L'Aquila", "days": [1, None]}),
        ({"input": '{"city": "Lisbon"}'}, {"city": "Lisbon"}),
        ({"input": "{'city': __import__('os')}"}, "{'city': __import__('os')}"),
        ({"input": "{" * 100}, "{" * 100),
        ({"input": "{'a': '\\d'}"}, "{'a': '\\d'}"),
        ({"input": "Lisbon"}, "Lisbon"),
    ],
)
def test_arguments_of_a_tool_are_a_map_however_they_were_written(inputs: Any, arguments: Any) -> None:
    tool = run(run_type="tool", inputs=inputs).tool
    assert tool is not None
    assert tool.arguments == arguments


def test_a_tool_of_langchain_answers_a_call() -> None:
    answer = {"content": "21 °C", "additional_kwargs": {}, "type": "tool", "tool_call_id": "call_7", "name": "weather"}
    tool = run(run_type="tool", name="weather", outputs={"output": answer}).tool
    assert tool is not None
    assert (tool.name, tool.call_id, tool.result) == ("weather", "call_7", "21 °C")


def test_a_message_of_langchain_is_the_same_in_each_of_its_spellings() -> None:
    plain = {"role": "user", "content": "hello"}
    kwargs = {"content": "hello", "type": "human", "additional_kwargs": {}, "response_metadata": {}}
    constructed = {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "HumanMessage"], "kwargs": kwargs}
    assert opened([constructed, kwargs]) == [plain, plain]


def test_a_call_that_is_told_twice_is_kept_once() -> None:
    use = {"type": "tool_use", "id": "c1", "name": "weather", "input": {}}
    call = {"name": "weather", "args": {}, "id": "c1", "type": "tool_call"}
    answer = {"type": "ai", "content": [{"type": "text", "text": "Let me see."}, use], "additional_kwargs": {}}
    span = run(run_type="llm", outputs={"messages": [{**answer, "tool_calls": [call]}]})
    assert [(part.type, part.id) for part in span.output[0].parts] == [("text", ""), ("tool_call", "c1")]


def test_a_map_that_is_no_conversation_is_kept_whole() -> None:
    span = run(inputs={"country": "Peru", "deep": {"a": [1]}}, outputs={"n": 3})
    assert said(span.input) == [("user", '{"country":"Peru","deep":{"a":[1]}}')]
    assert said(span.output) == [("assistant", '{"n":3}')]


def test_costs_count_on_calls_only() -> None:
    usage = {"input_tokens": 3, "output_tokens": 5, "total_cost": 0.02, "input_cost": 0.01, "output_cost": 0.01}
    extra = {"metadata": {"usage_metadata": usage}}
    call, chain = run(run_type="llm", extra=extra), run(extra=extra)
    assert (call.cost_reported, call.cost_details) == (0.02, {"input": 0.01, "output": 0.01})
    assert (chain.cost_reported, chain.usage.aggregate) == (None, True)


@pytest.mark.parametrize("kind", ["llm", "chain"])
def test_a_patch_without_a_type_says_nothing_of_the_kind(kind: str) -> None:
    usage = {"usage_metadata": {"input_tokens": 3, "output_tokens": 5}}
    posted = run(run_type=kind, start_time="2026-11-25T03:16:40Z")
    patched = read_run({"id": ID, "end_time": "2026-11-25T03:16:41Z", "outputs": usage}, is_patch=True)
    for whole in (merge(posted, patched), merge(patched, posted)):
        assert (whole.kind, whole.running, whole.status) == (kind, False, "ok")
        assert (whole.usage.input, whole.usage.aggregate) == (3, kind == "chain")


def test_what_the_client_leaks_is_left_out() -> None:
    metadata = {"LANGSMITH_PROJECT": "x", "LANGCHAIN_ENDPOINT": "http://10.0.0.1", "mine": 1}
    runtime = {"sdk": "langsmith-py", "sdk_version": "0.15.0", "platform": "Linux-6.1-host", "runtime": "python"}
    span = run(extra={"metadata": metadata, "runtime": runtime})
    assert span.metadata == {"mine": 1}
    assert "Linux" not in str(span)
    assert (span.source.sdk, span.source.sdk_version, span.source.language) == ("langsmith-py", "0.15.0", "python")


@pytest.mark.parametrize(
    ("feedback", "score"),
    [
        ({"run_id": ID, "key": "ok", "score": True}, Score(name="ok", value=1.0, passed=True, trace_id=ID, span_id=ID)),
        (
            {"run_id": ID, "trace_id": PARENT, "key": "tone", "value": "rude"},
            Score(name="tone", label="rude", trace_id=PARENT, span_id=ID),
        ),
        (
            {"run_id": ID, "key": "fit", "score": 2, "feedback_source": {"type": "model"}, "correction": {"a": 1}},
            Score(
                name="fit", value=2.0, trace_id=ID, span_id=ID, source="evaluator", metadata={"correction": {"a": 1}}
            ),
        ),
        (
            {"session_id": PARENT, "key": "mean", "score": 0.5},
            Score(name="mean", value=0.5, session_id=PARENT, metadata={"session_id": PARENT}),
        ),
        ({"key": "nothing"}, None),
    ],
)
def test_feedback_is_a_score_of_what_it_names(feedback: dict[str, Any], score: Score | None) -> None:
    assert read_feedback(feedback) == score


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["messages", "output", "input", "role", "content", "type", "kwargs", "lc", "id", "generations",
                         "metadata", "usage_metadata", "tool_calls", "documents", "update", "name", "time"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
FIELDS = [
    "inputs",
    "outputs",
    "extra",
    "events",
    "error",
    "tags",
    "start_time",
    "end_time",
    "dotted_order",
    "serialized",
]


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON), st.sampled_from(["llm", "chain", "tool", "retriever", "", None, 3])
)
def test_no_run_is_beyond_reading(values: dict[str, Any], kind: Any) -> None:
    assert read_run({"id": ID, "run_type": kind, **values}).span_id == ID
    assert read_run({"id": ID, **values}, is_patch=True).running is False


@given(st.dictionaries(st.sampled_from(["run_id", "key", "score", "value", "comment", "feedback_source"]), JSON))
def test_no_feedback_is_beyond_reading(values: dict[str, Any]) -> None:
    read_feedback(values)
