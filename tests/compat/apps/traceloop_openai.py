# mypy: ignore-errors
"""OpenLLMetry (traceloop-sdk) on the OpenAI client, with its decorators and association properties."""

import os

from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, task, tool, workflow

from tests.compat import plot
from tests.compat.apps import talk

Traceloop.init(
    app_name="golden",
    api_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"],
    disable_batch=False,
    telemetry_enabled=False,
)
Traceloop.set_association_properties({"user_id": plot.USER, "session_id": plot.SESSION, "tier": "gold"})


@tool(name="get_weather")
def get_weather(city: str) -> str:
    return plot.get_weather(city)


@task(name="ask")
def ask(client, question: str) -> str:
    talk.tools(client, get_weather)
    return question.upper()


@agent(name="geographer")
def geographer(client, question: str) -> str:
    return ask(client, question)


@workflow(name="weather_report", version=3)
def flow(client) -> str:
    return geographer(client, plot.FOLLOW_UP)


talk.run_case(talk.openai_client(), extra={"workflow": flow})
