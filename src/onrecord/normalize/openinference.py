"""OpenInference (Arize). Source: openinference-semantic-conventions 0.1.42. (Being written.)"""

from collections.abc import Mapping
from typing import Any

from onrecord.normalize.draft import Draft


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span speaks OpenInference."""
    return "openinference.span.kind" in attributes


def read(draft: Draft) -> None:
    """Read a span that speaks OpenInference."""
