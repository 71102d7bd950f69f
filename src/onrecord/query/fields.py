"""The fields that can be asked for, and the columns they stand in: record.md as one table.

``FIELDS`` is the whole vocabulary of filters, facets and groups; the language, the API's parameters and the compiler
read it, and docs/api.md is checked against it. Open fields (``metadata.<key>`` ...) are made by ``find``.
"""

from typing import Final

import msgspec

from onrecord.model.span import KINDS, STATUSES

OPEN_MAPS: Final = ("metadata", "attributes", "resource", "parameters")
"""Fields whose keys the client chooses."""
SCORE: Final = "score"
"""``score.<name>``: the newest judgement of that name on the span's trace."""
HAPPENED: Final = "least(if(start_us > 0, start_us, received_us), received_us)"
"""When a step happened: when it began, and when it was received if its client says nothing or a later time."""
_KEY_CHARACTERS: Final = 256
_TEXTUAL: Final = ("text", "id", "list", "open", "score")


class Field(msgspec.Struct, frozen=True):
    """One field.

    ``kind``: ``text``, ``id``, ``number``, ``duration``, ``instant``, ``flag``, ``list``, ``open`` (a key of a map) or
    ``score``.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    """Columns of ``spans``; a comparison fits when it fits one of them."""
    note: str = ""
    choices: tuple[str, ...] = ()
    """The closed list of its values."""
    key: str = ""
    """The key of an open field or the name of a score."""
    identity: str = ""
    """Which pseudonym a raw value becomes first: ``user``, ``session``, ``tenant`` or ``text_id``."""
    screened: bool = False
    """The store holds it pseudonymised, so a raw value is pseudonymised before it is compared."""

    @property
    def is_text(self) -> bool:
        """Whether its values are text."""
        return self.kind in _TEXTUAL

    @property
    def is_open(self) -> bool:
        """Whether the client or a validator chose its name."""
        return self.kind in ("open", "score")

    @property
    def whole_trace(self) -> bool:
        """Whether any span of a trace speaks for all of them (who it was)."""
        return self.identity in ("user", "session", "tenant")


def _text(name: str, note: str, *columns: str, choices: tuple[str, ...] = ()) -> Field:
    return Field(name, "text", columns or (name,), note, choices)


def _screened(name: str, note: str, kind: str = "text") -> Field:
    return Field(name, kind, (name,), note, screened=True)


def _id(name: str, note: str, identity: str, column: str = "") -> Field:
    return Field(name, "id", (column or name,), note, identity=identity)


def _number(name: str, note: str, column: str = "", kind: str = "number") -> Field:
    return Field(name, kind, (column or name,), note)


_ALL: Final = (
    _number("time", "When the step began; when it was received if no earlier time is known", HAPPENED, "instant"),
    _number("received", "When the server received it", "received_us", "instant"),
    _number("start", "When the step began, by the client's clock", "start_us", "instant"),
    _number("end", "When the step ended, by the client's clock", "end_us", "instant"),
    _number("latency", "How long the step took", "duration_us", "duration"),
    Field("time_to_first_token", "duration", ("time_to_first_token_ms",), "Until the first piece of a streamed answer"),
    _number("tokens_per_second", "Output tokens per second"),
    _id("user", "Raw id or pseudonym; finds whole traces", "user"),
    _id("session", "Raw id or pseudonym; finds whole traces", "session"),
    _id("tenant", "Raw id or pseudonym; finds whole traces", "tenant"),
    _text("application", "Name that the client gives itself (service.name)"),
    _text("environment", "Deployment environment"),
    _text("release", "Version of the application"),
    _id("trace", "Trace id", "text_id", "trace_id"),
    _id("span", "Span id", "text_id", "span_id"),
    _id("parent", "Span id of the parent", "text_id", "parent_id"),
    _number("root", "Whether the step has no parent", "is_root", "flag"),
    _text("kind", "Kind of step", choices=KINDS),
    _screened("name", "Name of the step"),
    _text("status", "How the step ended", choices=STATUSES),
    _number("running", "Whether the end has not been reported yet", kind="flag"),
    _text("model", "Served or requested model", "model_served", "model_requested"),
    _text("model_requested", "Model that was asked for"),
    _text("model_served", "Model that answered"),
    _text("provider", "Who serves the model"),
    _text("endpoint", "Operation or address of the provider"),
    _id("response", "The provider's id of the answer", "text_id", "response_id"),
    Field("finish", "list", ("finish_reasons",), "Finish reason of any choice"),
    _number("tokens_input", "Input tokens, cached ones included"),
    _number("tokens_output", "Output tokens, reasoning included"),
    _number("tokens_total", "All tokens"),
    _number("tokens_cache_read", "Input tokens read from a cache"),
    _number("tokens_cache_write", "Input tokens written to a cache"),
    _number("tokens_reasoning", "Output tokens spent on reasoning"),
    _number("tokens_audio_input", "Audio tokens in the input"),
    _number("tokens_audio_output", "Audio tokens in the output"),
    _number("estimated", "Whether somebody else than the provider counted", "usage_estimated", "flag"),
    _number("cost", "Cost as the client reported it", "cost_reported"),
    _text("error", "Type of the error", "error_type"),
    _screened("error_message", "Message of the error"),
    _number("http_status", "HTTP status of a failed call"),
    _number("retries", "Retries of the call", "retry_count"),
    _id("request", "The provider's id of a failed request", "text_id", "request_id"),
    _text("agent", "Name of the agent"),
    _text("workflow", "Name of the workflow"),
    _text("tool", "Name of the tool"),
    _text("prompt", "Name of the managed prompt", "prompt_name"),
    _text("prompt_label", "Version of the managed prompt, as its owner calls it"),
    _text("prompt_variant", "Variant of the managed prompt"),
    _text("prompt_version", "Version of the system prompt, made by the server"),
    Field("document", "list", ("document_ids",), "Id of a document that was found", screened=True),
    _number("rating", "Rating that came on the step itself"),
    _text("validation", "Outcome of a validation that came on the step itself"),
    _text("validator", "Validator of the step itself"),
    Field("tag", "list", ("tags",), "Tag of the step", screened=True),
    Field("found", "list", ("found",), "Label of personal data that was found, such as EMAIL"),
    _text("receiver", "Door through which it came"),
    _text("dialect", "Convention in which it came"),
    _text("sdk", "Instrumentation library"),
    _text("sdk_version", "Version of the instrumentation library"),
    _text("language", "Programming language of the client"),
    _text("scope", "Instrumentation scope"),
    _text("mode", "Content mode under which it was kept", choices=("full", "pseudonymised", "metadata")),
    _text("retention", "Retention class"),
)

FIELDS: Final = {field.name: field for field in _ALL}
ALIASES: Final = {
    "duration": "latency",
    "ttft": "time_to_first_token",
    "env": "environment",
    "app": "application",
    "tags": "tag",
    "model_name": "model",
    "error_type": "error",
    "finish_reason": "finish",
    "trace_id": "trace",
    "span_id": "span",
    "session_id": "session",
    "user_id": "user",
    "version": "release",
}
"""Words that people type for a field."""


def find(name: str) -> Field | None:
    """The field of this name, alias or open name; ``None`` when there is none."""
    field = FIELDS.get(ALIASES.get(name, name))
    if field is not None:
        return field
    head, dot, key = name.partition(".")
    if not dot or not key or len(key) > _KEY_CHARACTERS:
        return None
    if head in OPEN_MAPS:
        return Field(name, "open", (head,), key=key, screened=True)
    return Field(name, "score", (), key=key) if head == SCORE else None
