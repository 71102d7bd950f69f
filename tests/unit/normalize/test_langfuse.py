"""Langfuse's attributes: decoded by the version of the SDK, counted once, its parts put together."""

from typing import Any

import pytest

from onrecord.model.message import text_of
from onrecord.model.otlp import OtlpContext, OtlpSpan
from onrecord.model.span import Span
from onrecord.normalize.merge import merge
from onrecord.normalize.registry import normalize

O = "langfuse.observation."  # noqa: E741 - as short as it is frequent
START = 1_795_000_000_000_000_000


def of(attributes: dict[str, Any], sdk: str = "4.18.0", language: str = "python", name: str = "step") -> Span:
    context = OtlpContext({"telemetry.sdk.language": language}, "", "langfuse-sdk", sdk)
    span = OtlpSpan(
        "1" * 32, "2" * 16, name=name, start_unix_nano=START, end_unix_nano=START + 9, attributes=attributes
    )
    return normalize(span, context, "langfuse")


@pytest.mark.parametrize(
    ("sdk", "language", "sent", "meant"),
    [
        ("2.60.10", "python", "[1]", "[1]"), ("3.15.0", "python", "[1]", [1]), ("4.18.0", "python", '"pro"', '"pro"'),
        ("4.18.0", "python", 7, 7), ("5.0.4", "python", '"pro"', "pro"), ("5.0.4", "python", "1", 1),
        ("5.0.4", "python", '{"a":[1]}', {"a": [1]}), ("5.0.4", "python", "broken", "broken"),
        ("5.11.1", "nodejs", '"pro"', '"pro"'), ("5.11.1", "nodejs", '{"a":1}', {"a": 1}),
        ("6.0.0", "nodejs", '"pro"', "pro"),
    ],
)  # fmt: skip
def test_metadata_is_decoded_by_the_version_of_the_sdk(sdk: str, language: str, sent: Any, meant: Any) -> None:
    span = of({O + "type": "span", O + "metadata.k": sent, "langfuse.trace.metadata.t": sent}, sdk, language)
    assert span.metadata == {"k": meant, "t": meant}


def test_people_in_metadata_are_people_without_quotes() -> None:
    told = {"langfuse_user_id": '"u9"', "langfuse_session_id": '"s9"', "langfuse_tags": '["a","b"]', "tier": '"gold"'}
    span = of({O + "type": "generation", **{f"{O}metadata.{key}": value for key, value in told.items()}}, "5.0.4")
    assert (span.user_id, span.session_id, span.tags, span.metadata) == ("u9", "s9", ("a", "b"), {"tier": "gold"})


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({"input": 10, "output": 5, "total": 15}, (10, 5, None, None)),
        ({"input": 6, "output": 5, "input_cached_tokens": 4, "total": 15}, (10, 5, 4, None)),
        ({"input": 10, "output": 5, "input_cached_tokens": 4, "total": 15}, (10, 5, 4, None)),
        ({"input": 6, "output": 3, "input_cache_read": 4, "output_reasoning": 2}, (10, 5, 4, 2)),
        (
            {
                "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
                "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": None},
                "completion_tokens_details": {"reasoning_tokens": 2},
            },
            (10, 5, 4, 2),
        ),
        ({"input_tokens": 6, "output_tokens": 5, "cache_read_input_tokens": 4}, (10, 5, 4, None)),
    ],
)  # fmt: skip
def test_tokens_count_once_however_they_are_told(told: dict[str, Any], counts: tuple[Any, ...]) -> None:
    usage = of({O + "type": "generation", O + "usage_details": told}).usage
    assert (usage.input, usage.output, usage.cache_read, usage.reasoning) == counts


def test_a_cost_without_a_total_is_the_sum_of_its_parts() -> None:
    span = of({O + "type": "generation", O + "cost_details": '{"input": 0.5, "output": 0.25, "audio": 0.25}'})
    assert (span.cost_reported, span.cost_details) == (1.0, {"input": 0.5, "output": 0.25, "audio": 0.25})
    assert of({O + "type": "generation", O + "cost_details": {"input": 0.5, "total": 2}}).cost_reported == 2


def test_levels_and_failures() -> None:
    failed = of({O + "type": "tool", O + "level": "ERROR", O + "status_message": "it broke"})
    assert failed.status == "error"
    assert failed.error is not None
    assert failed.error.message == "it broke"
    slow = of({O + "type": "tool", O + "level": "WARNING", O + "status_message": "slow"})
    assert (slow.status, slow.status_message, slow.attributes) == ("unset", "slow", {O + "level": "WARNING"})


def test_the_first_token_is_counted_from_a_quoted_instant() -> None:
    span = of({O + "type": "generation", O + "completion_start_time": '"2026-11-18T11:06:40.250000+00:00"'})
    assert span.time_to_first_token_ms == 250.0 + (1_795_000_000 - START // 10**9)


def test_what_a_retriever_found_are_documents() -> None:
    found = '[{"page_content": "Lisbon lies on the Tagus.", "metadata": {"source": "a.txt"}, "type": "Document"}]'
    span = of({O + "type": "retriever", O + "input": "Which river?", O + "output": found})
    assert (span.kind, span.query) == ("retriever", "Which river?")
    assert [(one.content, one.metadata) for one in span.documents] == [
        ("Lisbon lies on the Tagus.", {"source": "a.txt"})
    ]
    other = of({O + "type": "retriever", O + "output": '[{"unknown": 1}]'})
    assert text_of(other.output[0]) == '[{"unknown":1}]', "nothing is lost"


def test_tools_that_were_offered_are_tools_and_the_rest_is_kept() -> None:
    asked = {
        "messages": [{"role": "user", "content": "weather?"}], "tool_choice": "auto",
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": {}}}],
    }  # fmt: skip
    span = of({O + "type": "generation", O + "input": asked, O + "model.parameters": '{"max_tokens": "Infinity"}'})
    assert ([tool.name for tool in span.tools], text_of(span.input[0])) == (["weather"], "weather?")
    assert span.parameters == {"tool_choice": "auto"}


def test_facts_of_the_trace_are_read_from_a_span_of_another_convention() -> None:
    span = of({
        "openinference.span.kind": "LLM", "langfuse.trace.name": "talk", "langfuse.trace.tags": ["a"],
        "langfuse.environment": "staging", "langfuse.trace.metadata.plan": "pro", "langfuse.version": "v1",
    })  # fmt: skip
    assert (span.source.dialect, span.kind) == ("openinference", "llm")
    assert (span.workflow, span.tags, span.environment) == ("talk", ("a",), "staging")
    assert span.metadata == {"plan": "pro", "version": "v1"}


def test_what_an_update_says_of_a_side_replaces_it() -> None:
    made = of({O + "type": "generation", O + "input": "question", O + "model.name": "gpt-4o-mini"}, "2.60.10")
    context = OtlpContext(scope_name="langfuse-sdk", scope_version="2.60.10")

    def update(**said: Any) -> Span:
        words = {O + key: value for key, value in {"type": "generation", **said}.items()}
        return normalize(OtlpSpan("1" * 32, "2" * 16, attributes=words), context, "langfuse")

    whole = merge(merge(made, update(output="a first idea")), update(output="the answer"))
    assert [text_of(one) for one in (*whole.input, *whole.output)] == ["question", "the answer"]
    began = update(completion_start_time="2026-11-18T11:06:41Z", **{"model.name": "gpt-4o-mini-2024-07-18"})
    for first, second in ((whole, began), (began, whole)):
        both = merge(first, second)
        assert both.time_to_first_token_ms is not None
        assert O + "completion_start_time" not in both.attributes
    assert (merge(whole, began).model_requested, merge(whole, began).model_served) == (
        "gpt-4o-mini", "gpt-4o-mini-2024-07-18",
    )  # fmt: skip


@pytest.mark.parametrize("value", [None, "", "[", "{", 7, 1.5, True, b"x", [], {}, ["a", 1], {"a": {"b": None}}])
def test_no_value_makes_it_fail_and_none_is_lost_silently(value: Any) -> None:
    names = (
        "input", "output", "level", "status_message", "model.name", "model.parameters", "usage_details", "cost_details",
        "completion_start_time", "prompt.name", "prompt.version", "metadata", "metadata.k",
    )  # fmt: skip
    for type_ in ("generation", "span", "tool", "retriever", "agent", value):
        span = of({O + "type": type_, **{O + name: value for name in names}, "langfuse.trace.tags": value})
        assert span.source.dialect == "langfuse"
