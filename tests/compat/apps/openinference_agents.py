# mypy: ignore-errors
"""OpenInference on the OpenAI Agents SDK."""

from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

from tests.compat import plot
from tests.compat.apps import agents_app, talk, telemetry

OpenAIAgentsInstrumentor().instrument(tracer_provider=telemetry.set_up())
with using_attributes(session_id=plot.SESSION, user_id=plot.USER):
    talk.run_case(None, extra=agents_app.CASES)
