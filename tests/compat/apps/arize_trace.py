# mypy: ignore-errors
"""An application that is traced by ``arize.otel.register`` over HTTP; both generations of the package."""

import json
import os
import sys

from arize.otel import Transport, register
from opentelemetry import trace

provider = register(
    space_id="U3BhY2U6MQ==",
    api_key=os.environ["KEY"],
    project_name=os.environ["PROJECT"],
    endpoint=f"{os.environ['SERVER']}/v1/traces",
    transport=Transport.HTTP,
    batch=False,
    verbose=False,
)
with provider.get_tracer("app").start_as_current_span(
    "visit", attributes={"openinference.span.kind": "CHAIN", "input.value": "Arize?"}
) as span:
    context = span.get_span_context()
assert provider.force_flush()
sys.stdout.write(json.dumps((trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id))))
