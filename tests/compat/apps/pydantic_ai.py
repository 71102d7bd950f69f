# mypy: ignore-errors
"""Pydantic AI's own instrumentation: an agent with a tool, in the oldest or the newest format it can speak."""

import asyncio
import os

from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.compat import plot
from tests.compat.apps import talk, telemetry

spans = telemetry.set_up()
version = {"version": int(os.environ["PYDANTIC_AI_FORMAT"])} if "PYDANTIC_AI_FORMAT" in os.environ else {}
Agent.instrument_all(InstrumentationSettings(**version))
geographer = Agent(
    OpenAIChatModel(plot.MODEL, provider=OpenAIProvider(openai_client=AsyncOpenAI(max_retries=0))),
    instructions=plot.SYSTEM,
    name="geographer",
    model_settings={"temperature": plot.TEMPERATURE, "seed": plot.SEED},
)


@geographer.tool_plain
def get_weather(city: str) -> str:
    """The weather in a city."""
    return plot.get_weather(city)


def agent(_) -> None:
    geographer.run_sync(plot.FOLLOW_UP, conversation_id=plot.SESSION, metadata={"tier": "gold"})


def error(_) -> None:
    try:
        geographer.run_sync(plot.FAILING)
    except Exception as failure:
        assert "429" in str(failure)
    else:
        raise AssertionError


def stream(_) -> None:
    async def read() -> None:
        async with geographer.run_stream(plot.QUESTION) as answer:
            assert await answer.get_output() == plot.ANSWER

    asyncio.run(read())


talk.run_case(None, extra={"agent": agent, "stream": stream, "error": error})
