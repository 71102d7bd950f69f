# mypy: ignore-errors
"""OpenLIT on the OpenAI client."""

import openlit

from tests.compat import plot
from tests.compat.apps import talk, telemetry

telemetry.set_up()
openlit.init(application_name="golden", environment="test", disable_metrics=True)
with (
    openlit.using_attributes({"user.id": plot.USER, "session.id": plot.SESSION})
    if hasattr(openlit, "using_attributes")
    else openlit.start_trace("report")
):
    talk.run_case(talk.openai_client())
