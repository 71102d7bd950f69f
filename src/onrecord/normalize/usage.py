"""Token counts: what is inside what, and what must not be summed.

``Usage.input`` holds every input token and ``Usage.output`` every output token; cached and reasoning tokens are
subsets. Some providers (Anthropic's own figures) report cached tokens *beside* the input: recognised by subsets that
exceed their whole, and added up. Counts on a span that is no model call repeat those of its children.
"""

from typing import Any

from onrecord.model.derive import BILLABLE_KINDS
from onrecord.model.span import Usage


def usage_of(counts: dict[str, Any], kind: str) -> Usage:
    """The usage of a span of ``kind`` from what readers counted."""
    cached = (counts.get("cache_read") or 0) + (counts.get("cache_write") or 0)
    if cached:
        entered = counts.get("input")
        if entered is not None and cached > entered:
            counts["input"] = entered + cached
    reasoning = counts.get("reasoning")
    if reasoning:
        produced = counts.get("output")
        if produced is not None and reasoning > produced:
            counts["output"] = produced + reasoning
    if kind not in BILLABLE_KINDS:
        counts["aggregate"] = True
    return Usage(**counts)
