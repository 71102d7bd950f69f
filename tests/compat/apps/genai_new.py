# mypy: ignore-errors
"""OpenTelemetry's newest OpenAI instrumentation, the successor of openai-v2."""

from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor

from tests.compat.apps import talk, telemetry

telemetry.set_up()
OpenAIInstrumentor().instrument()
talk.run_case(talk.openai_client())
