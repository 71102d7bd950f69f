# mypy: ignore-errors
"""OpenInference's Anthropic instrumentation."""

from openinference.instrumentation import using_attributes
from openinference.instrumentation.anthropic import AnthropicInstrumentor

from tests.compat import plot
from tests.compat.apps import talk, telemetry

AnthropicInstrumentor().instrument(tracer_provider=telemetry.set_up())
with using_attributes(session_id=plot.SESSION, user_id=plot.USER):
    talk.run_case(talk.anthropic_client(), claude=True)
