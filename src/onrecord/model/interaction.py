"""The plain interaction: one line of a log that knows no tracing, in the simplest words that hold everything.

docs/doors/import.md describes it for people. Only ``input`` or ``output`` is needed; a key that no field names is kept.
"""

from typing import Any

import msgspec


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts, each unknown when absent; subsets are counted inside ``input`` and ``output``."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    total: int | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A rating or validation of the interaction."""

    name: str
    value: float | None = None
    label: str = ""
    passed: bool | None = None
    comment: str = ""
    source: str = "end_user"
    id: str = ""


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange with a model, or one step of something larger."""

    time: str | float
    """When it began: RFC 3339, or seconds since the epoch."""
    end_time: str | float | None = None
    duration_ms: float | None = None
    """Instead of ``end_time``."""
    time_to_first_token_ms: float | None = None
    id: str = ""
    trace_id: str = ""
    parent_id: str = ""
    name: str = ""
    kind: str = "llm"
    user: str = ""
    session: str = ""
    tenant: str = ""
    application: str = ""
    environment: str = ""
    release: str = ""
    system: str = ""
    """The system prompt, when ``input`` does not hold it."""
    input: Any = None
    """A text, a message, or a list of messages with ``role`` and ``content``."""
    output: Any = None
    tools: Any = None
    """Definitions of the tools that the model was offered."""
    provider: str = ""
    model: str = ""
    served_model: str = ""
    parameters: dict[str, Any] = {}
    tokens: Tokens = Tokens()
    cost: float | None = None
    currency: str = "USD"
    finish_reason: str = ""
    response_id: str = ""
    error: str | dict[str, Any] | None = None
    """A sentence, or a map with ``type``, ``message``, ``stack``, ``http_status``."""
    scores: tuple[Judgement, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
