# mypy: ignore-errors
"""Feedback on a span that is still in the batch of its exporter: annotated first, sent afterwards."""

import json
import os
import sys

from opentelemetry import trace
from phoenix.client import Client
from phoenix.otel import register

server, key = os.environ["SERVER"], os.environ["KEY"]
provider = register(endpoint=f"{server}/v1/traces", project_name="early", api_key=key, batch=True, verbose=False)
client = Client(base_url=server, api_key=key)
with provider.get_tracer("app").start_as_current_span("visit", attributes={"user.id": "customer-17"}) as span:
    context = span.get_span_context()
    ids = (trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id))
    for label in ("thumbs-down", "thumbs-up"):
        client.spans.add_span_annotation(
            span_id=ids[1], annotation_name="feedback", annotator_kind="HUMAN", label=label, explanation="Said early."
        )
assert provider.force_flush()
sys.stdout.write(json.dumps(ids))
