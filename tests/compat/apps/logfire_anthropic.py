# mypy: ignore-errors
"""Logfire's Anthropic instrumentation."""

import logfire

from tests.compat.apps import talk

logfire.configure(send_to_logfire=False, console=False, service_name="golden", environment="test")
client = talk.anthropic_client()
logfire.instrument_anthropic(client)
talk.run_case(client, claude=True)
logfire.shutdown()
