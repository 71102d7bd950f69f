"""The demo's stories: the same seed, in order, formally right, and read by our own normaliser as they are meant."""

import random
import re
from collections import Counter
from itertools import pairwise

import pytest

from onrecord.demo.people import invented
from onrecord.demo.step import Step, Trace, laid_out, length_ms
from onrecord.demo.traffic import Traffic
from onrecord.demo.wire import requests
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.registry import normalize, normalize_log
from onrecord.receive.otlp import decode_logs, decode_traces

NOW_NS = 1_795_500_000_000_000_000
TWO_DAYS_NS = 48 * 3_600 * 10**9
PROTOBUF = "protobuf"


@pytest.fixture(scope="module")
def past() -> list[tuple[Trace, int]]:
    return Traffic(7).past(NOW_NS, TWO_DAYS_NS, 400)


@pytest.fixture(scope="module")
def spans(past: list[tuple[Trace, int]]) -> list[Span]:
    decoded, faults = decode_traces(requests(past, random.Random(1))[0], PROTOBUF)
    assert faults == []
    return [normalize(one.span, one.context) for one in decoded]


def test_the_same_seed_tells_the_same_stories(past: list[tuple[Trace, int]]) -> None:
    again = Traffic(7).past(NOW_NS, TWO_DAYS_NS, 400)
    other = Traffic(8).past(NOW_NS, TWO_DAYS_NS, 400)
    assert requests(again, random.Random(1)) == requests(past, random.Random(1))
    assert requests(other, random.Random(1)) != requests(past, random.Random(1))


def test_traces_come_in_order_and_have_ended(past: list[tuple[Trace, int]]) -> None:
    assert all(earlier[1] <= later[1] for earlier, later in pairwise(past))
    assert all(
        start >= NOW_NS - TWO_DAYS_NS and start + length_ms(trace.root) * 10**6 <= NOW_NS for trace, start in past
    )


def test_a_third_of_the_traces_names_the_user_and_only_on_the_root(spans: list[Span]) -> None:
    roots = [span for span in spans if not span.parent_id]
    assert 0.2 < sum(1 for span in roots if span.user_id) / len(roots) < 0.45
    assert not any(span.user_id for span in spans if span.parent_id)


def test_the_stories_show_what_a_product_must_show(spans: list[Span]) -> None:
    kinds = Counter(span.kind for span in spans)
    assert {"agent", "chain", "llm", "tool", "retriever", "reranker", "embedding", "guardrail", "evaluator"} <= set(
        kinds
    )
    assert {span.source.dialect for span in spans} == {"openinference", "genai"}
    assert {span.environment for span in spans} == {"production", "staging"}
    assert {span.provider for span in spans} >= {"openai", "anthropic", "gcp.gen_ai", "vllm"}
    failed = {span.error.type.rpartition(".")[2] for span in spans if span.error}
    assert failed >= {"RateLimitError", "ReadTimeout", "OverloadedError"}
    reasons = {reason for span in spans for reason in span.finish_reasons}
    assert reasons >= {"stop", "tool_calls", "content_filter"}
    assert sum(1 for span in spans if span.time_to_first_token_ms) > 100
    versions = {(span.prompt.name, span.prompt.version) for span in spans if span.prompt}
    assert len(versions) == 4


def test_every_model_call_has_messages_tokens_and_a_model(spans: list[Span]) -> None:
    calls = [span for span in spans if span.kind == "llm"]
    assert all(span.input and span.model_requested and span.usage.input for span in calls)
    assert all(span.output for span in calls if span.status != "error" and "content_filter" not in span.finish_reasons)
    assert all(span.tool and span.tool.arguments for span in spans if span.kind == "tool")
    assert all(span.documents and span.query for span in spans if span.kind == "retriever")


def test_no_name_of_a_table_is_left_in_a_text(spans: list[Span]) -> None:
    texts = [part.text for span in spans for message in (*span.input, *span.output) for part in message.parts]
    names = "|".join(invented(random.Random(1), "en"))
    assert len(texts) > 1_000
    assert [text for text in texts if re.search(rf"\$({names})\b", text)] == []


def test_scores_are_read_and_name_their_trace(past: list[tuple[Trace, int]], spans: list[Span]) -> None:
    decoded, faults = decode_logs(requests(past, random.Random(1))[1], PROTOBUF)
    assert faults == []
    scores = [normalize_log(one.record, one.context) for one in decoded]
    named = {score.name for score in scores if isinstance(score, Score)}
    assert named == {"user_rating", "resolved", "groundedness", "valid_schema"}
    assert {score.trace_id for score in scores if isinstance(score, Score)} <= {span.trace_id for span in spans}


@pytest.mark.parametrize("language", ["en", "nl", "de", "fr", "es"])
def test_account_and_card_numbers_have_right_check_digits(language: str) -> None:
    for seed in range(50):
        person = invented(random.Random(seed), language)
        iban = person["iban"].replace(" ", "")
        assert int("".join(str(int(one, 36)) for one in iban[4:] + iban[:4])) % 97 == 1
        digits = [int(one) for one in reversed(person["card"].replace(" ", ""))]
        assert (sum(digits[::2]) + sum(sum(divmod(2 * one, 10)) for one in digits[1::2])) % 10 == 0


def test_steps_below_lie_within_the_step_above() -> None:
    quick, slow = Step(kind="tool", name="quick", took_ms=10), Step(kind="tool", name="slow", took_ms=90)
    together = Step(kind="chain", name="both", steps=[quick, slow], parallel=True)
    root = Step(kind="agent", name="root", took_ms=5, steps=[together])
    times = {step.name: (start, end) for step, _, start, end in laid_out(root)}
    assert times["quick"][0] == times["slow"][0]
    assert (
        times["root"][0] < times["both"][0] < times["slow"][0] < times["slow"][1] < times["both"][1] < times["root"][1]
    )


def test_conversations_go_on_while_new_ones_begin() -> None:
    traffic = Traffic(3)
    coming = [traffic.present(NOW_NS + second * 10**9) for second in range(200)]
    sessions = Counter(trace.session for trace, _ in coming if trace.session)
    assert max(sessions.values()) > 1
    assert len(sessions) > 20
