"""Which application a span belongs to, whoever names it."""

from typing import Any

import pytest

from onrecord.model.otlp import OtlpContext, OtlpSpan
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.application import under
from onrecord.normalize.registry import normalize

PHOENIX, ARIZE, SERVICE = "openinference.project.name", "arize.project.name", "service.name"


@pytest.mark.parametrize(
    ("attributes", "resource", "header", "application"),
    [
        ({}, {SERVICE: "checkout"}, "", "checkout"),
        ({}, {SERVICE: "checkout"}, "shop", "shop"),
        ({}, {}, "shop", "shop"),
        ({}, {PHOENIX: "kitchen", SERVICE: "checkout"}, "shop", "kitchen"),
        ({}, {PHOENIX: "checkout", SERVICE: "checkout"}, "shop", "checkout"),
        ({}, {"model_id": "older", SERVICE: "checkout"}, "shop", "older"),
        ({ARIZE: "routed"}, {PHOENIX: "kitchen"}, "shop", "routed"),
        ({}, {}, "", ""),
    ],
)
def test_the_name_that_stands_closest_to_the_span_wins(
    attributes: dict[str, Any], resource: dict[str, Any], header: str, application: str
) -> None:
    span = normalize(OtlpSpan("1" * 32, "2" * 16, attributes=attributes), OtlpContext(resource=resource))
    named = under(span, header)
    assert isinstance(named, Span)
    assert (named.application, named.resource) == (application, resource)
    assert ARIZE not in named.attributes


def test_the_version_of_a_model_at_arize_is_the_release() -> None:
    span = normalize(OtlpSpan("1" * 32, "2" * 16), OtlpContext(resource={"model_version": "v3"}))
    assert span.release == "v3"


def test_scores_and_nothing_stay_as_they_are() -> None:
    score = Score(name="tone", span_id="2" * 16)
    assert under(score, "shop") is score
    assert under(None, "shop") is None
