# mypy: ignore-errors
"""An application that is traced by ``phoenix.otel.register`` and says one chat to its provider.

Its argument is how ``register`` is called: ``endpoint`` (address and key in the call), ``variables`` (both from the
environment), ``header`` (the project named by a header of the exporter only).
"""

import json
import os
import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from phoenix.otel import HTTPSpanExporter, SimpleSpanProcessor, TracerProvider, register

from tests.compat.apps import talk

server = os.environ["SERVER"]
match sys.argv[1]:
    case "endpoint":
        provider = register(
            endpoint=f"{server}/v1/traces",
            project_name="shop",
            api_key=os.environ["KEY"],
            auto_instrument=True,
            verbose=False,
        )
    case "variables":
        provider = register(protocol="http/protobuf", batch=True, auto_instrument=True, verbose=False)
    case "header":
        from openinference.instrumentation.openai import OpenAIInstrumentor

        headers = {"x-project-name": "by-header", "authorization": f"Bearer {os.environ['KEY']}"}
        provider = TracerProvider(
            endpoint=f"{server}/v1/traces", resource=Resource.create({"service.name": "checkout"}), verbose=False
        )
        exporter = HTTPSpanExporter(endpoint=f"{server}/v1/traces", headers=headers)
        provider.add_span_processor(SimpleSpanProcessor(span_exporter=exporter))
        OpenAIInstrumentor().instrument(tracer_provider=provider)

seen = []
with provider.get_tracer("app").start_as_current_span("visit") as span:
    context = span.get_span_context()
    seen.append((trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)))
    talk.chat(talk.openai_client())
assert provider.force_flush()
sys.stdout.write(json.dumps(seen))
