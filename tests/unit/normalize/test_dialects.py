"""Facts of the dialects that no capture shows: pending spans, odd values, people in associations."""

import random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from onrecord.model.otlp import OtlpContext, OtlpSpan
from onrecord.normalize.registry import normalize
from onrecord.receive.decoded import Decoded
from onrecord.receive.otlp import decode_traces
from tests.unit.normalize.golden import CASES, GOLDEN
from tests.unit.normalize.reading import SPAN, TRACE, event, read

ODD: list[Any] = [
    None, "", [], {}, 0, -1, 3.5, float("nan"), True, b"\xff", "{", "[1,2", '[null,1,"x"]', '{"a":1}', '"x"', '"',
    "null",
    [None, 1, {"role": None}], {"role": 5, "content": {"x": [1]}}, {"message": 3}, [{"type": 7, "text": 9}], 2**70,
    '[{"role":["a"],"parts":"x","content":[{"type":{"a":1}}]}]', {"args": 1, "kwargs": 2}, {"args": [], "kwargs": None},
    '{"model":{"a":1},"messages":3,"usage":[1],"tools":5,"x":null}', {"data": {"content": 1}, "type": "tool"},
    {"event.name": 5}, [{"event.name": {"a": 2}}], [{"event.name": "gen_ai.choice", "message": 5}],
]  # fmt: skip


def _captured() -> list[Decoded]:
    return [one for case in CASES for one in decode_traces((GOLDEN / case / "request.pb").read_bytes(), "protobuf")[0]]


@pytest.mark.parametrize("seed", range(4))
def test_no_value_of_any_attribute_makes_a_dialect_fail(seed: int) -> None:
    dice = random.Random(seed)
    for one in dice.choices(_captured(), k=400):
        attributes = dict(one.span.attributes)
        for key in dice.sample(list(attributes), min(len(attributes), 6)):
            attributes[key] = dice.choice(ODD)
        span = normalize(replace(one.span, attributes=attributes), one.context)
        assert span.span_id
        msgspec.convert(msgspec.to_builtins(replace(span, attributes={}, metadata={}, parameters={})), type(span))


def test_a_pending_span_is_told_as_the_span_it_announces() -> None:
    otlp = OtlpSpan(
        TRACE,
        "aaaaaaaaaaaaaaaa",
        parent_id=SPAN,
        start_unix_nano=1,
        end_unix_nano=1,
        attributes={
            "logfire.msg": "asking",
            "logfire.span_type": "pending_span",
            "logfire.pending_parent_id": "00f067aa0ba902b7",
        },
    )
    span = normalize(otlp, OtlpContext())
    assert (span.span_id, span.parent_id, span.running, span.end_unix_nano) == (SPAN, "00f067aa0ba902b7", True, 0)


def test_a_chunk_event_tells_when_a_traceloop_stream_began() -> None:
    span = read(
        {"llm.request.type": "chat", "gen_ai.system": "OpenAI"}, event("llm.content.completion.chunk", after_ms=120)
    )
    assert span.time_to_first_token_ms == 120
    assert span.events == ()


def test_a_session_that_logfire_scrubbed_is_unknown() -> None:
    assert read({"logfire.msg": "x", "session.id": "[Scrubbed due to 'session']"}).session_id == ""


def test_a_price_of_nothing_from_openlit_is_no_price() -> None:
    span = read({"telemetry.sdk.name": "openlit", "gen_ai.operation.name": "chat", "gen_ai.usage.cost": 0})
    assert span.cost_reported is None


def test_the_call_of_the_anthropic_sdk_alone_is_a_model_call() -> None:
    span = read({"http.route": "/v1/messages", "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 3})
    assert (span.kind, span.usage.aggregate) == ("llm", False)
