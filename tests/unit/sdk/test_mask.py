"""The application's mask: it sees every text, and where it fails nothing is sent."""

import json
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from onrecord.sdk.mask import WITHHELD, Mask
from onrecord.sdk.otlp import Judgement, Said, score_json, span_json


@pytest.fixture
def span() -> ReadableSpan:
    """A span that says a person's name wherever a span can say something."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("t")
    one = tracer.start_span("call Ann")
    one.set_attributes({"input.value": "I am Ann", "tags": ["Ann", "x"], "n": 3, "onrecord.kind": "chain"})
    one.add_event("said", {"text": "Ann again"})
    one.record_exception(ValueError("Ann failed"))
    one.set_status(Status(StatusCode.ERROR, "ValueError: Ann failed"))
    one.end()
    return exporter.get_finished_spans()[0]


def test_a_mask_sees_names_attributes_arrays_events_errors_and_people(span: ReadableSpan) -> None:
    mask = Mask(lambda text: text.replace("Ann", "***"))
    encoded = span_json(Said(span, {"user.id": "Ann"}), 1, mask).decode()
    assert "Ann" not in encoded
    assert encoded.count("***") >= 7
    assert mask.withheld == 0


@pytest.mark.parametrize("broken", [lambda _: 1 / 0, lambda _: None, lambda text: text.encode()])
def test_where_a_mask_fails_the_text_is_withheld_and_counted(span: ReadableSpan, broken: Any) -> None:
    mask = Mask(broken)
    encoded = json.loads(span_json(Said(span, {"user.id": "Ann"}), 1, mask))
    assert "Ann" not in json.dumps(encoded)
    assert encoded["name"] == WITHHELD
    named = {one["key"]: one["value"] for one in encoded["attributes"]}
    assert int(named["onrecord.withheld"]["intValue"]) == mask.withheld
    assert named["n"] == {"intValue": "3"}
    assert named["onrecord.kind"] == {"stringValue": "chain"}


def test_a_score_passes_the_mask_too() -> None:
    score = Judgement({"gen_ai.evaluation.explanation": "Ann was rude", "gen_ai.evaluation.score.value": 1.0}, 1)
    assert b"Ann" not in score_json(score, 1, Mask(lambda text: text.replace("Ann", "***")))
