# mypy: ignore-errors
"""OpenTelemetry's own OpenAI instrumentation; which convention it speaks is set by the environment."""

from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

from tests.compat.apps import talk, telemetry

telemetry.set_up()
OpenAIInstrumentor().instrument()
talk.run_case(talk.openai_client())
