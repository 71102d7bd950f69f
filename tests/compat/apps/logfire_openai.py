# mypy: ignore-errors
"""Logfire's OpenAI instrumentation, exporting to an OTLP endpoint that is not Logfire's."""

import logfire

from tests.compat import plot
from tests.compat.apps import talk

logfire.configure(send_to_logfire=False, console=False, service_name="golden", environment="test")
client = talk.openai_client()
logfire.instrument_openai(client)
with (
    logfire.set_baggage(**{"user.id": plot.USER, "session.id": plot.SESSION}),
    logfire.span("Answering {topic}", topic="geography", _tags=["golden"]),
):
    talk.run_case(client)
logfire.shutdown()
