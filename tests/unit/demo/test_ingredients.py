"""What the demo must show, as the product reads it: languages, personal data, retries, releases, structure."""

import random
import re
from collections import defaultdict

import pytest

from onrecord.demo.step import Step, Trace, laid_out
from onrecord.demo.traffic import Traffic
from onrecord.demo.wire import requests
from onrecord.model.span import Span
from onrecord.normalize.registry import normalize
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.screen import Screen
from onrecord.receive.otlp import decode_traces

NOW_NS = 1_795_500_000_000_000_000
TWO_DAYS_NS = 48 * 3_600 * 10**9
TRACES = 250
"""As many as ``onrecord demo`` sends without being asked for more."""


@pytest.fixture(scope="module")
def past() -> list[tuple[Trace, int]]:
    return Traffic(7).past(NOW_NS, TWO_DAYS_NS, TRACES)


@pytest.fixture(scope="module")
def spans(past: list[tuple[Trace, int]]) -> list[Span]:
    decoded, _ = decode_traces(requests(past, random.Random(1))[0], "protobuf")
    return [normalize(one.span, one.context) for one in decoded]


@pytest.fixture(scope="module")
def steps(past: list[tuple[Trace, int]]) -> list[Step]:
    return [step for trace, _ in past for step, *_ in laid_out(trace.root)]


def questions(past: list[tuple[Trace, int]]) -> str:
    return "\n".join(trace.root.asked[0].text for trace, _ in past if trace.root.asked)


@pytest.mark.parametrize(
    "word", ["parcel", "bestelling", "Bestellung", "commande", "pedido", r"[\u3040-\u30ff]{2}", r"[\u0600-\u06ff]{3}"]
)
def test_people_write_in_seven_languages(past: list[tuple[Trace, int]], word: str) -> None:
    assert len(re.findall(word, questions(past))) >= 2


def test_personal_data_is_there_and_is_found(spans: list[Span]) -> None:
    screen = Screen(Pseudonyms(b"k" * 32))
    found: dict[str, int] = defaultdict(int)
    for message in {
        message.parts[0].text: message for span in spans for message in span.input if message.parts
    }.values():
        for label in screen.message(message)[2]:
            found[label] += 1
    assert min(found[label] for label in ("EMAIL", "PHONE", "IBAN", "CARD", "SECRET")) >= 2, dict(found)


def test_a_failed_step_is_tried_again(past: list[tuple[Trace, int]]) -> None:
    again = [
        (before.name, before.kind)
        for trace, _ in past
        for parent, *_ in laid_out(trace.root)
        for before, after in zip(parent.steps, parent.steps[1:], strict=False)
        if before.failure and not after.failure and before.name == after.name
    ]
    assert {kind for _, kind in again} == {"llm", "tool"}
    assert len(again) >= 5


def test_agents_call_agents(past: list[tuple[Trace, int]]) -> None:
    below = [
        step.name for trace, _ in past for step, parent, *_ in laid_out(trace.root) if parent and step.kind == "agent"
    ]
    assert set(below) == {"researcher"}


def test_sessions_have_several_turns_that_follow_each_other(past: list[tuple[Trace, int]]) -> None:
    turns: dict[str, list[int]] = defaultdict(list)
    for trace, start_ns in past:
        if trace.application == "shop-support":
            turns[trace.session].append(start_ns)
    assert {len(starts) for starts in turns.values()} >= {1, 2, 3}
    assert all(starts == sorted(set(starts)) for starts in turns.values())


def test_the_support_prompt_has_two_versions_in_two_releases(spans: list[Span]) -> None:
    support = [span for span in spans if span.application == "shop-support"]
    assert {span.release for span in support} == {"2.14.0", "2.15.1"}
    prompts = {span.input[0].parts[0].text for span in support if span.kind == "llm"}
    assert len(prompts) == 2


def test_a_self_hosted_model_answers_in_a_schema_that_is_checked(steps: list[Step]) -> None:
    calls = [step for step in steps if step.provider == "vllm"]
    assert calls
    assert all(step.parameters["response_format"] == "json_schema" for step in calls)
    assert sum(step.kind == "evaluator" for step in steps) == len(calls)


def test_the_traffic_is_spread_over_two_days(past: list[tuple[Trace, int]]) -> None:
    hours = {(NOW_NS - start_ns) // (3_600 * 10**9) for _, start_ns in past}
    assert len(hours) > 30
    assert max(hours) < 48
