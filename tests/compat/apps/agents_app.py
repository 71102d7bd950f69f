# mypy: ignore-errors
"""An OpenAI Agents SDK agent with a tool, for any instrumentation of it."""

from agents import Agent, ModelSettings, RunConfig, Runner, function_tool, set_default_openai_client
from openai import AsyncOpenAI

from tests.compat import plot


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return plot.get_weather(city)


def _ask(question: str) -> None:
    set_default_openai_client(AsyncOpenAI(max_retries=0), use_for_tracing=False)
    agent = Agent(
        name="geographer",
        instructions=plot.SYSTEM,
        model=plot.MODEL,
        model_settings=ModelSettings(temperature=plot.TEMPERATURE),
        tools=[get_weather],
    )
    Runner.run_sync(agent, question, run_config=RunConfig(workflow_name="weather_report", group_id=plot.SESSION))


def agent(_) -> None:
    _ask(plot.FOLLOW_UP)


def error(_) -> None:
    try:
        _ask(plot.FAILING)
    except Exception as failure:
        assert "429" in str(failure)
    else:
        raise AssertionError


CASES = {"agent": agent, "error": error}
