"""The texts of the demo, read from the tables beside this file, and the dice that choose among them."""

import random
import tomllib
from importlib.resources import files
from string import Template
from typing import Any

import msgspec

from onrecord.demo.step import Call, Failure, Said, Step

RATE_LIMIT = Failure("openai.RateLimitError", "Rate limit reached for requests. Please try again in 1.2s.", 429)
OVERLOADED = Failure("anthropic.OverloadedError", "The service is overloaded, please try again later.", 529)
TIMEOUT = Failure("httpx.ReadTimeout", "The service did not answer within 5 seconds.")


def texts(name: str) -> dict[str, Any]:
    """One table of texts."""
    return tomllib.loads(files("onrecord.demo").joinpath("texts", f"{name}.toml").read_text("utf-8"))


class Dice(msgspec.Struct):
    """Chance, with the shapes that latencies and choices have in real traffic."""

    rng: random.Random

    def one(self, choices: list[Any]) -> Any:
        """One of them."""
        return self.rng.choice(choices)

    def chance(self, probability: float) -> bool:
        """Whether it happens this time."""
        return self.rng.random() < probability

    def about(self, middle_ms: float, spread: float = 0.35) -> int:
        """A duration around ``middle_ms`` with the long tail that durations have."""
        return max(1, int(self.rng.lognormvariate(0, spread) * middle_ms))

    def id(self, prefix: str) -> str:
        """A new id."""
        return f"{prefix}_{self.rng.getrandbits(64):016x}"


def filled(text: str, values: dict[str, str]) -> str:
    """A text with the values of one person in it."""
    return Template(text).safe_substitute(values)


def model_call(  # noqa: PLR0917 - a row of a table
    dice: Dice, provider: str, model: str, asked: list[Said], answer: str, call: Call | None = None, **more: Any
) -> Step:
    """A model call whose duration fits what it writes."""
    first_ms = dice.about(420)
    streamed = more.pop("streamed", False)
    parameters = more.pop("parameters", {"temperature": 0.2, "max_tokens": 1024})
    return Step(
        kind="llm",
        name=more.pop("name", f"chat {model}"),
        took_ms=first_ms + dice.about(5 * len(answer) + 180),
        asked=list(asked),
        answered=[Said("assistant", answer, call)] if answer or call else [],
        provider=provider,
        model=model,
        parameters=parameters | ({"stream": True} if streamed else {}),
        first_token_ms=first_ms if streamed else 0,
        finish=more.pop("finish", "tool_calls" if call else "stop"),
        **more,
    )


def refused(call: Step, failure: Failure, took_ms: int) -> Step:
    """The same call as it failed before it was tried again."""
    return msgspec.structs.replace(call, failure=failure, took_ms=took_ms, answered=[], first_token_ms=0)
