"""Captures of real instrumentation packages become what the provider was really asked and really said."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from onrecord.model.span import Span
from tests.compat import plot
from tests.unit.normalize import golden, truth
from tests.unit.normalize.lost import LOST, is_lost

NAMES_PEOPLE = ("openinference_", "traceloop_openai", "traceloop_old", "logfire_openai", "openlit/", "vercel")
"""Dialects whose captures set user and session."""
NAMELESS = ("vercel7/embeddings", "vercel7_legacy/embeddings")
"""The runtime context of an agent, which names them, does not reach embeddings."""
COUNTS = ("calls", "usage_input", "usage_output")
PARAMETERS = ("temperature", "seed", "max_tokens")


def _as_told(messages: truth.Told) -> truth.Told:
    """Anthropic lets the user speak for a tool, most conventions let the tool speak: the same message."""
    return [
        ("tool" if role == "user" and pieces and all(piece[0] == "tool_result" for piece in pieces) else role, pieces)
        for role, pieces in messages
    ]


def _facts(span: Span, exchange: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Each fact as told by the span and as it was."""
    request, response = exchange["request"], exchange["response"]
    facts: dict[str, tuple[Any, Any]] = {
        "input": (_as_told(golden.told(span.input)), _as_told(truth.asked(exchange))),
        "output": (golden.told(span.output), truth.answered(exchange)),
        "tools": ([tool.name for tool in span.tools], truth.offered(exchange)),
        "model_requested": (span.model_requested, request["model"]),
        "provider": (span.provider, "anthropic" if exchange["path"] == "/v1/messages" else "openai"),
    }
    facts |= {name: (span.parameters.get(name), request[name]) for name in PARAMETERS if name in request}
    if exchange.get("status", 200) != 200:
        assert span.status == "error"
        assert span.error is not None
        facts["error_type"] = (bool(span.error.type), True)
        facts["error_message"] = (response["error"]["message"] in span.error.message, True)
        return facts
    assert span.error is None
    assert not span.usage.aggregate
    facts["model_served"] = (span.model_served, response["model"])
    facts |= {
        f"usage_{name}": (getattr(span.usage, name) or 0, count) for name, count in truth.counted(exchange).items()
    }
    if "id" in response:
        facts["response_id"] = (span.response_id, response["id"])
    if exchange["path"] in ("/v1/chat/completions", "/v1/messages"):
        facts["finish_reasons"] = (len(span.finish_reasons), 1)
    if request.get("stream"):
        waited_ms = span.time_to_first_token_ms
        facts["time_to_first_token"] = (waited_ms is not None and waited_ms >= 15, True)
    return facts


@pytest.mark.parametrize("case", golden.CASES)
def test_every_call_is_told_as_it_was_or_the_package_lost_it(case: str) -> None:
    calls, exchanges = golden.calls(golden.load(case)), golden.exchanges(case)
    if is_lost("calls", case):
        assert len(calls) < len(exchanges)
        return
    assert len(calls) == len(exchanges)
    facts = [_facts(span, exchange) for span, exchange in zip(calls, exchanges, strict=True)]
    for told in facts:
        for name, (said, was) in told.items():
            assert is_lost(name, case) or said == was, name


def test_no_package_is_said_to_lose_what_it_sends() -> None:
    found: dict[str, set[str]] = {name: set() for name in LOST}
    for case in golden.CASES:
        calls, exchanges = golden.calls(golden.load(case)), golden.exchanges(case)
        if len(calls) < len(exchanges):
            found["calls"].add(case)
            continue
        for span, exchange in zip(calls, exchanges, strict=True):
            for name, (said, was) in _facts(span, exchange).items():
                if said != was:
                    found[name].add(case)
    for name, patterns in LOST.items():
        for pattern in patterns:
            assert any(fnmatchcase(case, pattern) for case in found[name]), (name, pattern)


@pytest.mark.parametrize("case", [case for case in golden.CASES if not any(is_lost(name, case) for name in COUNTS)])
def test_tokens_are_summed_once_over_a_trace(case: str) -> None:
    spans, exchanges = golden.load(case), golden.exchanges(case)
    told = [one.usage for one in spans if not one.usage.aggregate]
    counted = [truth.counted(one) for one in exchanges if one.get("status", 200) == 200]
    assert sum(usage.input or 0 for usage in told) == sum(count["input"] for count in counted)
    assert sum(usage.output or 0 for usage in told) == sum(count["output"] for count in counted)


@pytest.mark.parametrize("case", [one for one in golden.CASES if one.startswith(NAMES_PEOPLE) and one not in NAMELESS])
def test_user_and_session_are_found_on_every_trace_that_names_them(case: str) -> None:
    spans = golden.load(case)
    assert {one.user_id for one in spans} <= {"", plot.USER}
    assert {one.session_id for one in spans} <= {"", plot.SESSION}
    assert plot.USER in {one.user_id for one in spans}
    assert plot.SESSION in {one.session_id for one in spans}


@pytest.mark.parametrize("case", golden.CASES)
def test_a_capture_still_becomes_the_spans_that_were_reviewed(case: str) -> None:
    expected = json.loads((golden.GOLDEN / case / "expected.json").read_text())
    assert golden.shown(golden.load(case)) == expected


def test_tools_that_ran_are_told_with_arguments_and_result() -> None:
    ran = {}
    for case in golden.CASES:
        for one in golden.load(case):
            if one.kind == "tool" and one.tool:
                ran[case] = (one.tool.name, one.tool.arguments, one.tool.result)
    assert len(ran) >= 10
    assert ran.pop("openinference_langchain/agent") == ("get_weather", plot.CITY, json.loads(plot.FORECAST))
    assert {name for name, _, _ in ran.values()} == {"get_weather"}
    assert {json.dumps(arguments) for _, arguments, _ in ran.values()} == {json.dumps({"city": plot.CITY})}
    assert {json.dumps(result) for _, _, result in ran.values()} == {plot.FORECAST}


SAME = ("input", "output", "usage_input", "usage_output", "model_requested", "model_served", "provider")


@pytest.mark.parametrize("conversation", ["chat", "stream", "tools"])
def test_the_same_conversation_reads_the_same_in_every_dialect_that_carries_it(conversation: str) -> None:
    cases = [case for case in golden.CASES if case.endswith(f"/{conversation}") and not is_lost("calls", case)]
    for model in (plot.MODEL, plot.CLAUDE):
        told: dict[str, set[str]] = {name: set() for name in SAME}
        for case in cases:
            exchanges = golden.exchanges(case)
            if exchanges[0]["request"]["model"] != model or case.startswith("pydantic_ai"):
                continue
            facts = [_facts(*pair) for pair in zip(golden.calls(golden.load(case)), exchanges, strict=True)]
            for name in SAME:
                if not is_lost(name, case):
                    told[name].add(repr([fact[name][0] for fact in facts]))
        assert {name: len(versions) for name, versions in told.items()} == dict.fromkeys(SAME, 1)
