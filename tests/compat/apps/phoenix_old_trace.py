# mypy: ignore-errors
"""The older generation of ``phoenix.otel`` and ``phoenix.client``: headers from the environment, a hand-made span."""

import json
import os
import sys

from opentelemetry import trace
from phoenix.client import Client
from phoenix.otel import register

server = os.environ["SERVER"]
provider = register(endpoint=f"{server}/v1/traces", project_name="older", verbose=False)
with provider.get_tracer("app").start_as_current_span(
    "visit", attributes={"openinference.span.kind": "CHAIN", "input.value": "Old?"}
) as span:
    context = span.get_span_context()
    ids = (trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id))

client = Client(base_url=server, api_key=os.environ["KEY"])
made = (
    client.annotations.add_span_annotation(
        annotation_name="helpful", annotator_kind="HUMAN", span_id=ids[1], label="yes", score=1, sync=True
    )
    if hasattr(client, "annotations")
    else client.spans.add_span_annotation(
        annotation_name="helpful", annotator_kind="HUMAN", span_id=ids[1], label="yes", score=1, sync=True
    )
)
read = client.spans.get_span_annotations(span_ids=[ids[1]], project_identifier="older")
sys.stdout.write(json.dumps({"ids": ids, "made": made, "read": read}))
