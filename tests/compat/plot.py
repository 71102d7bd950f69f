"""The one conversation that every instrumented client holds with the fake provider. Standard library only.

Clients of any environment import the words from here, and the fake provider finds its reply here, so what was said
and counted is known without looking at a single span. All people and places in it are invented or public.
"""

from dataclasses import dataclass
from typing import Any

SYSTEM = "You are a terse geography assistant. Answer in one sentence."
QUESTION = "What is the capital of Portugal? I am Ada Example (ada@example.org)."
ANSWER = "Lisbon is the capital of Portugal, Ada. 🇵🇹"
FOLLOW_UP = "What is the weather there, in Lisbon?"
CITY = "Lisbon"
FORECAST = '{"temperature": 21, "sky": "clear"}'
TOOL_ANSWER = "It is 21 °C and clear in Lisbon."
RIDDLE = "Which two weigh 1.10 together when one weighs 1.00 more?"
RIDDLE_ANSWER = "They weigh 1.05 and 0.05."
THOUGHT = "Let the lighter be x, then 2x + 1.00 = 1.10."
FORBIDDEN = "Please refuse this question."
REFUSAL = "I can't help with that."
FAILING = "Please fail with status 429."
BROKEN = "Please fail with status 500."
PASSAGES = ("Lisbon lies on the Tagus.", "Porto lies on the Douro.")
SEARCH = "Which river flows through Lisbon?"
USER = "ada@example.org"
SESSION = "session-ada-1"
TEMPERATURE = 0.2
SEED = 7
MAX_TOKENS = 64

MODEL = "gpt-4o-mini"
REASONER = "o4-mini"
CLAUDE = "claude-sonnet-4-5"
EMBEDDER = "text-embedding-3-small"
SERVED = {
    MODEL: "gpt-4o-mini-2024-07-18",
    REASONER: "o4-mini-2025-04-16",
    CLAUDE: "claude-sonnet-4-5-20250929",
    EMBEDDER: "text-embedding-3-small",
}

WEATHER_TOOL: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Name of the city"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


def get_weather(city: str) -> str:
    """The tool itself: the same forecast for every city."""
    return FORECAST


@dataclass(frozen=True)
class Reply:
    """What the provider says to a request, before a wire format."""

    text: str = ""
    call: dict[str, Any] | None = None
    """Arguments of a call of ``get_weather``."""
    thought: str = ""
    refusal: str = ""
    status: int = 200
    input: int = 0
    """All input tokens, those read from or written to the cache included."""
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    """All output tokens, reasoning included."""
    reasoning: int = 0

    def pieces(self) -> list[str]:
        """The text as a stream delivers it: word by word, concatenating to the text exactly."""
        words = self.text.split(" ")
        return [word if number == 0 else " " + word for number, word in enumerate(words)]


def reply_to(last_text: str, *, tools: bool, answers_tool: bool, thinking: bool) -> Reply:
    """The reply to a conversation whose newest words are ``last_text``."""
    if answers_tool:
        return Reply(text=TOOL_ANSWER, input=121, cache_read=64, output=13)
    if "status 429" in last_text:
        return Reply(status=429)
    if "status 500" in last_text:
        return Reply(status=500)
    if "weather" in last_text and tools:
        return Reply(call={"city": CITY}, input=83, output=19)
    if "refuse" in last_text:
        return Reply(refusal=REFUSAL, input=22, output=7)
    if "weigh" in last_text:
        thought = THOUGHT if thinking else ""
        return Reply(text=RIDDLE_ANSWER, thought=thought, input=41, output=96, reasoning=64)
    return Reply(text=ANSWER, input=73, cache_read=32, cache_write=16, output=11)
