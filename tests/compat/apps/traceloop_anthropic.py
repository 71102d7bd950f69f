# mypy: ignore-errors
"""OpenLLMetry (traceloop-sdk) on the Anthropic client."""

import os

from traceloop.sdk import Traceloop

from tests.compat.apps import talk

Traceloop.init(app_name="golden", api_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"], telemetry_enabled=False)
talk.run_case(talk.anthropic_client(), claude=True)
