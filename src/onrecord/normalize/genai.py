"""OpenTelemetry GenAI. (Being written.)"""

from collections.abc import Mapping
from typing import Any

from onrecord.normalize.draft import Draft


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span speaks GenAI."""
    for key in attributes:  # noqa: SIM110 - a generator costs three times as much, and this runs per span
        if key.startswith("gen_ai."):
            return True
    return False


def read(draft: Draft) -> None:
    """Read a span that speaks GenAI."""
