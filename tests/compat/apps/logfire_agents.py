# mypy: ignore-errors
"""Logfire on the OpenAI Agents SDK."""

import logfire

from tests.compat.apps import agents_app, talk

logfire.configure(send_to_logfire=False, console=False, service_name="golden", environment="test")
logfire.instrument_openai_agents()
talk.run_case(None, extra=agents_app.CASES)
logfire.shutdown()
