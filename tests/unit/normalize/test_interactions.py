"""Plain interactions: each key arrives, a line is always the same record, and a bad line says where."""

import json
from typing import Any

import pytest

from onrecord.model.message import text_of
from onrecord.model.span import Error, Span, Usage
from onrecord.model.time import instant_of
from onrecord.normalize.interactions import span_of
from onrecord.receive.decoded import Bad
from onrecord.receive.interactions import decode_line, decode_lines


def read(**values: Any) -> Span:
    line = decode_line(json.dumps({"time": "2026-11-02T09:14:03.25Z", "input": "hello", **values}).encode())
    return span_of(line.interaction, line.extra, line.digest)


def test_the_conversation_has_its_system_prompt_first() -> None:
    span = read(system="be brief", input=[{"role": "user", "content": "hi"}], output="hello")
    assert [(one.role, text_of(one)) for one in (*span.input, *span.output)] == [
        ("system", "be brief"),
        ("user", "hi"),
        ("assistant", "hello"),
    ]


def test_times_are_kept_and_durations_added() -> None:
    assert read(duration_ms=1.5).end_unix_nano - read().start_unix_nano == 1_500_000
    assert read(end_time="2026-11-02T10:14:04+01:00").end_unix_nano - read().start_unix_nano == 750_000_000
    assert read().start_unix_nano == 1_793_610_843_250_000_000


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("2026-11-02T09:14:03Z", 1_793_610_843),
        ("2026-11-02 09:14:03", 1_793_610_843),
        ("2026-11-02T10:14:03+0100", 1_793_610_843),
        (1_793_610_843, 1_793_610_843),
    ],
)
def test_an_instant_is_read_in_every_spelling(said: str | float, seconds: int) -> None:
    assert instant_of(said) == seconds * 1_000_000_000


@pytest.mark.parametrize("said", ["yesterday", "", "2026-13-01T00:00:00Z", -1, 1e18, float("nan"), "2026-11-02"])
def test_what_is_no_instant_is_none(said: str | float) -> None:
    assert instant_of(said) is None


def test_a_line_without_ids_always_gets_the_same_ones() -> None:
    first, again, other = read(), read(), read(input="else")
    assert (first.trace_id, first.span_id) == (again.trace_id, again.span_id)
    assert (len(first.trace_id), len(first.span_id)) == (32, 16)
    assert first.trace_id != other.trace_id


def test_the_order_of_keys_and_blanks_make_no_other_record() -> None:
    one = decode_line(b'{"time": 1, "input": "a", "output": "b"}')
    other = decode_line(b'{ "output":"b","input":"a",  "time":1}')
    assert one.digest == other.digest


def test_tokens_cost_error_scores_and_the_rest_arrive() -> None:
    span = read(
        tokens={"input": 10, "output": 4, "cache_read": 6},
        cost=0.25,
        currency="EUR",
        error={"type": "Timeout", "message": "slow", "http_status": 504},
        scores=[{"name": "thumbs", "value": 1}],
        provider="OpenAI",
        ticket=4711,
    )
    assert span.usage == Usage(input=10, output=4, cache_read=6)
    assert (span.cost_reported, span.cost_currency) == (0.25, "EUR")
    assert (span.error, span.status) == (Error(type="Timeout", message="slow", http_status=504), "error")
    assert [(one.name, one.value, one.trace_id) for one in span.scores] == [("thumbs", 1.0, span.trace_id)]
    assert (span.provider, span.attributes) == ("openai", {"ticket": 4711})
    assert (span.source.receiver, span.source.dialect) == ("import", "interaction")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"{", "the line is no JSON object"),
        (b"[1]", "the line: expected `object`, got `array`"),
        (b'{"time": 1}', "the line has neither input nor output nor error"),
        (b'{"input": "x"}', "the line has no time"),
        (b'{"time": "soon", "input": "x"}', "time is neither RFC 3339 nor seconds since the epoch"),
        (b'{"time": 2, "end_time": 1, "input": "x"}', "end_time is before time"),
        (b'{"time": 1, "input": "x", "kind": "poem"}', "kind is not one of"),
        (b'{"time": 1, "input": "x", "user": 5}', "user: expected `str`, got `int`"),
        (b'{"time": 1, "input": "x", "duration_ms": -5}', "duration_ms is not a duration"),
        (b'{"time": 1, "input": "x", "id": "' + b"x" * 300 + b'"}', "id is longer than 256 bytes"),
    ],
)
def test_a_bad_line_says_what_is_wrong_without_a_byte_of_it(line: bytes, sentence: str) -> None:
    with pytest.raises(Bad) as caught:
        decode_line(line)
    assert str(caught.value).startswith(sentence)


def test_a_bad_line_costs_itself_only() -> None:
    lines, faults = decode_lines(b'{"time": 1, "input": "a"}\n{"time": 1}\n\n{"time": 2, "input": "b"}')
    assert (len(lines), [fault.raw for fault in faults]) == (2, [b'{"time": 1}'])
