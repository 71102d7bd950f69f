"""The span: one step of an AI application, however it arrived (OpenTelemetry's word for it).

What each field means and whether a record is incomplete without it stands in docs/record.md. Empty string, empty
tuple, empty map, 0 for an instant and ``None`` mean *unknown*: never a value that somebody sent as such.

The structs are not tracked by the garbage collector (``gc=False``): they are trees that can not refer to themselves,
and a request's thousands of them would each be looked at again and again.
"""

from typing import Any, Final

import msgspec

from onrecord.model.message import Message, ToolDefinition
from onrecord.model.score import Score
from onrecord.model.source import Source

__all__ = [
    "KINDS", "STATUSES", "Document", "Error", "Event", "Link", "PromptRef", "Scope", "Source", "Span", "ToolCall",
    "Usage",
]  # fmt: skip

KINDS: Final = (
    "agent", "chain", "llm", "tool", "retriever", "reranker", "embedding", "guardrail", "evaluator", "memory",
    "prompt", "span",
)  # fmt: skip
"""Closed list of span kinds; ``span`` is a step that is not an AI step (http, db, ...)."""

STATUSES: Final = ("unset", "ok", "error")
"""OpenTelemetry status codes, lower case. A failure known otherwise (``error.type``, exception) is ``error``."""


class Usage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Token counts of one model call. ``None`` is unknown. Subsets are counted inside ``input`` and ``output``."""

    input: int | None = None
    """All input tokens, cached ones included."""
    output: int | None = None
    """All output tokens, reasoning included."""
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None
    total: int | None = None
    """As the client sent it; the sum is derived."""
    estimated: bool = False
    """Counted by somebody who is not the provider."""
    aggregate: bool = False
    """Repeats what child spans report (agent and chain spans): shown, never summed."""
    details: dict[str, int] = {}
    """Further counts that a provider reports, under the client's names."""


class Error(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Why a step failed."""

    type: str = ""
    message: str = ""
    stack: str = ""
    http_status: int | None = None
    retry_count: int | None = None
    request_id: str = ""
    """The provider's id of the failed request."""


class ToolCall(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The execution of a tool, on a span of kind ``tool``."""

    name: str = ""
    call_id: str = ""
    type: str = ""
    description: str = ""
    arguments: Any = None
    result: Any = None


class Document(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A document that a retriever found or a reranker ordered."""

    id: str = ""
    content: str = ""
    score: float | None = None
    metadata: Any = None


class PromptRef(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The managed prompt that a call used."""

    name: str = ""
    version: str = ""
    variant: str = ""
    template: str = ""
    variables: Any = None


class Scope(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """OpenTelemetry instrumentation scope."""

    name: str = ""
    version: str = ""
    schema_url: str = ""
    attributes: dict[str, Any] = {}


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """OpenTelemetry span event that is not already a message, an error or a first token."""

    name: str
    time_unix_nano: int = 0
    attributes: dict[str, Any] = {}


class Link(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """OpenTelemetry span link."""

    trace_id: str
    span_id: str
    trace_state: str = ""
    attributes: dict[str, Any] = {}


class Span(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One step. ``input`` is every message as sent, system messages included and first; ``output`` every choice."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    trace_state: str = ""
    flags: int = 0
    name: str = ""
    kind: str = "span"
    otel_kind: int = 0
    """OpenTelemetry SpanKind number: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer."""
    start_unix_nano: int = 0
    end_unix_nano: int = 0
    status: str = "unset"
    status_message: str = ""
    running: bool = False
    """The end has not been reported yet (a pending span, an intent)."""

    user_id: str = ""
    session_id: str = ""
    tenant_id: str = ""
    application: str = ""
    environment: str = ""
    release: str = ""

    tools: tuple[ToolDefinition, ...] = ()
    input: tuple[Message, ...] = ()
    output: tuple[Message, ...] = ()

    provider: str = ""
    model_requested: str = ""
    model_served: str = ""
    endpoint: str = ""
    response_id: str = ""
    parameters: dict[str, Any] = {}
    """Temperature, seed, response format, stop sequences ... under the GenAI names without their prefix."""
    finish_reasons: tuple[str, ...] = ()
    time_to_first_token_ms: float | None = None
    usage: Usage = Usage()
    cost_reported: float | None = None
    """What the client says the call cost, in ``cost_currency``."""
    cost_currency: str = "USD"
    cost_details: dict[str, float] = {}
    error: Error | None = None

    agent: str = ""
    workflow: str = ""
    tool: ToolCall | None = None
    query: str = ""
    """The text that a retriever, reranker or memory search was asked."""
    documents: tuple[Document, ...] = ()
    prompt: PromptRef | None = None
    scores: tuple[Score, ...] = ()
    """Ratings and validations that came on the span itself."""
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}

    attributes: dict[str, Any] = {}
    """Span attributes that no field above carries, as sent: bytes, arrays and maps included."""
    resource: dict[str, Any] = {}
    scope: Scope = Scope()
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    dropped: dict[str, int] = {}
    """What the client's SDK says it dropped: ``attributes``, ``events``, ``links``."""
    source: Source = Source()
