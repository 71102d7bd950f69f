"""Spans that Anthropic's own SDK makes, without content: GenAI names on an HTTP call.

Under another instrumentation they repeat the call that it reports, counts included. A span below another is therefore
a step, whose counts are shown and not summed; one without a parent is the call itself. The price: below a span that
is no model call (a web request), without any other instrumentation, the counts of the call are not summed.
Source: anthropic 2.12 as captured in tests/golden.
"""

from collections.abc import Mapping
from typing import Any

from onrecord.normalize.draft import Draft


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span may be the SDK's: its scope decides."""
    return attributes.get("http.route") == "/v1/messages" and "gen_ai.operation.name" in attributes


def read(draft: Draft) -> None:
    """Tell a call from the repetition of one; the GenAI reader comes after it."""
    if draft.context.scope_name.startswith("com.anthropic.sdk") and draft.otlp.parent_id:
        draft.fields["kind"] = "chain"
