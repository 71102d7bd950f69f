"""A step of an invented application, before it is written in one of the conventions.

Times are relative: a step takes its own time, and the steps below it run one after the other, or all at once when it
is ``parallel``. So a story only says what happens in which order, and ``laid_out`` says when.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

_PAUSE_MS = 3
"""Between two steps, and before the first and after the last one below a step."""


class Call(msgspec.Struct, frozen=True):
    """A model asks for a tool."""

    id: str
    name: str
    arguments: str
    """JSON."""


class Said(msgspec.Struct, frozen=True):
    """One message."""

    role: str
    text: str
    call: Call | None = None
    answers: str = ""
    """The id of the call that a tool's message answers."""


class Failure(msgspec.Struct, frozen=True):
    """Why a step failed."""

    type: str
    message: str
    http_status: int = 0


class Passage(msgspec.Struct, frozen=True):
    """A document that was found."""

    id: str
    title: str
    text: str
    score: float


class Step(msgspec.Struct, kw_only=True):
    """One step and those below it. Empty means that it has none of it."""

    kind: str
    name: str
    took_ms: int = 0
    """Its own time; a step with steps below it takes at least theirs."""
    steps: list["Step"] = []
    parallel: bool = False
    asked: list[Said] = []
    answered: list[Said] = []
    provider: str = ""
    model: str = ""
    parameters: dict[str, Any] = {}
    first_token_ms: int = 0
    finish: str = "stop"
    reasoning_tokens: int = 0
    prompt: tuple[str, str] = ("", "")
    """Name and version of a managed prompt."""
    tools: dict[str, str] = {}
    """What the model was offered: name and description."""
    call: Call | None = None
    result: str = ""
    query: str = ""
    passages: list[Passage] = []
    failure: Failure | None = None


class Score(msgspec.Struct, frozen=True):
    """A judgement about a trace: a rating of a person, or a check by a program."""

    name: str
    value: float
    label: str = ""
    comment: str = ""


class Trace(msgspec.Struct, kw_only=True):
    """One run of an application."""

    root: Step
    application: str
    dialect: str
    """``openinference`` or ``genai``."""
    release: str
    environment: str
    user: str = ""
    session: str = ""
    metadata: dict[str, Any] = {}
    scores: list[Score] = []


def laid_out(step: Step, start_ms: int = 0) -> Iterator[tuple[Step, Step | None, int, int]]:
    """Every step below and including ``step``, parents first: the step, its parent, its start and its end in ms."""
    yield from _laid_out(step, None, start_ms)


def _laid_out(step: Step, parent: Step | None, start_ms: int) -> Iterator[tuple[Step, Step | None, int, int]]:
    yield step, parent, start_ms, start_ms + length_ms(step)
    at_ms = start_ms + _PAUSE_MS
    for below in step.steps:
        yield from _laid_out(below, step, at_ms)
        if not step.parallel:
            at_ms += length_ms(below) + _PAUSE_MS


def length_ms(step: Step) -> int:
    """How long a step takes."""
    lengths = [length_ms(below) for below in step.steps]
    below_ms = max(lengths, default=0) if step.parallel else sum(lengths) + _PAUSE_MS * len(lengths)
    return max(step.took_ms, below_ms + 2 * _PAUSE_MS)
