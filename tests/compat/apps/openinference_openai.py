# mypy: ignore-errors
"""OpenInference's OpenAI instrumentation, with user, session, tags, metadata and a prompt template set."""

from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor

from tests.compat import plot
from tests.compat.apps import talk, telemetry

OpenAIInstrumentor().instrument(tracer_provider=telemetry.set_up())
with using_attributes(
    session_id=plot.SESSION,
    user_id=plot.USER,
    metadata={"tier": "gold", "attempt": 2},
    tags=["golden", "geography"],
    prompt_template="What is the capital of {country}?",
    prompt_template_version="v3",
    prompt_template_variables={"country": "Portugal"},
):
    talk.run_case(talk.openai_client())
