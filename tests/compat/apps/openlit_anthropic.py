# mypy: ignore-errors
"""OpenLIT on the Anthropic client."""

import openlit

from tests.compat.apps import talk, telemetry

telemetry.set_up()
openlit.init(application_name="golden", environment="test", disable_metrics=True)
talk.run_case(talk.anthropic_client(), claude=True)
