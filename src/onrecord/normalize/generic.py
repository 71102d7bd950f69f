"""What every OpenTelemetry span may say, whatever instrumented it: people, places, failures, HTTP and databases.

Sources: OpenTelemetry semantic conventions 1.44 (general, exceptions, resource), rules 5, 10 and 11 of
docs/format/dialects.md.
"""

from collections.abc import Mapping
from typing import Any

from onrecord.limits import ID_BYTES
from onrecord.model.otlp import OtlpEvent
from onrecord.normalize.application import PROJECT, application_of
from onrecord.normalize.draft import Draft
from onrecord.normalize.values import as_int, as_text, first

_USER_IN_METADATA = ("user_id", "userId", "user.id", "langfuse_user_id", "user")
_SESSION_IN_METADATA = ("session_id", "sessionId", "session.id", "langfuse_session_id", "conversation_id", "thread_id")
_TENANT_IN_METADATA = ("tenant_id", "tenantId", "tenant", "organization_id")


def read_people(draft: Draft) -> None:
    """Who it was for. Read before any dialect: these names win over association properties and metadata."""
    attributes, fields = draft.attributes, draft.fields
    for field, name, other in _PEOPLE:
        value = attributes.get(name) or attributes.get(other)
        if value:
            fields[field] = value if type(value) is str else as_text(value)
            for key in (name, other):
                if attributes.get(key) == value:
                    del attributes[key]


_PEOPLE = (("user_id", "user.id", "enduser.id"), ("session_id", "gen_ai.conversation.id", "session.id"))


def read(draft: Draft) -> None:
    """Pick up what a dialect left: fallbacks for people, the place it ran, and why it failed."""
    if draft.attributes:
        _read_rest(draft)
    if draft.metadata:
        _people_of_metadata(draft)
    _place(draft)
    if draft.events:
        for event in draft.take_events("exception"):
            _exception(draft, event)
    if draft.error or draft.otlp.status_code == _ERROR:
        _describe_error(draft)
    draft.fields.setdefault("kind", "span")


_ERROR = 2


def _read_rest(draft: Draft) -> None:
    attributes = draft.attributes
    if "enduser.pseudo.id" in attributes or "user.hash" in attributes:
        draft.say_text("user_id", "enduser.pseudo.id", "user.hash")
    if "tenant.id" in attributes:
        draft.say_text("tenant_id", "tenant.id")
    if PROJECT in attributes:
        draft.say_text("application", PROJECT)
    if "error.type" in attributes:
        kind = as_text(attributes.pop("error.type"))
        if kind:
            draft.error.setdefault("type", kind)
    if "exception.type" in attributes or "exception.message" in attributes:
        _failure(draft, attributes)
        for key in ("exception.type", "exception.message", "exception.stacktrace"):
            attributes.pop(key, None)
    if "server.address" in attributes and "endpoint" not in draft.fields:
        _endpoint(draft)


def _describe_error(draft: Draft) -> None:
    """What an error is known by besides its type: the message of the status, the HTTP status."""
    if draft.otlp.status_code == _ERROR and draft.otlp.status_message:
        draft.error.setdefault("message", draft.otlp.status_message)
    retries = as_int(draft.attributes.get("http.request.resend_count"))
    if retries is not None:
        draft.error.setdefault("retry_count", retries)
    status = as_int(first(draft.attributes, "http.response.status_code", "http.status_code"))
    message = draft.error.get("message", "")
    if status is None and message.startswith(_CODE) and message[len(_CODE) :][:3].isdecimal():
        status = int(message[len(_CODE) :][:3])
    if status is not None:
        draft.error.setdefault("http_status", status)
    start = message.find(_REQUEST)
    if start >= 0:
        start += len(_REQUEST)
        draft.error.setdefault("request_id", message[start : message.find("'", start)][:ID_BYTES])


_CODE, _REQUEST = "Error code: ", "'request_id': '"
"""How the Python SDKs of OpenAI and Anthropic begin a failure's message, and how they tell the provider's id of it."""


def _endpoint(draft: Draft) -> None:
    """Host and port of the server that was called; a span that was served keeps them as plain attributes."""
    if draft.otlp.kind == 2:  # noqa: PLR2004 - SERVER: it is our own address
        return
    address = draft.take_text("server.address")
    port = draft.take_int("server.port")
    draft.say("endpoint", f"{address}:{port}" if port and address else address)


def _people_of_metadata(draft: Draft) -> None:
    metadata, fields = draft.metadata, draft.fields
    for field, names in _IN_METADATA:
        if field not in fields:
            value = first(metadata, *names)
            if isinstance(value, str | int):
                draft.say(field, as_text(value))
    if "user" in metadata and metadata["user"] == fields.get("user_id"):
        del metadata["user"]  # OpenAI's request parameter, which says the same


_IN_METADATA = (
    ("user_id", _USER_IN_METADATA),
    ("session_id", _SESSION_IN_METADATA),
    ("tenant_id", _TENANT_IN_METADATA),
)


def _place(draft: Draft) -> None:
    resource = draft.context.resource
    if not resource:
        return
    fields = draft.fields
    get = resource.get
    if "application" not in fields:  # spares the look at the resource
        draft.say("application", application_of(resource))
    if "environment" not in fields:
        name = get("deployment.environment.name") or get("deployment.environment")
        if name:
            fields["environment"] = as_text(name)
    if "release" not in fields:
        name = (
            get("service.version")
            or get("model_version")
            or get("vcs.repository.ref.revision")
            or get("vcs.ref.head.revision")
        )
        if name:
            fields["release"] = as_text(name)
    if "user_id" not in fields:
        draft.say("user_id", as_text(get("user.id") or get("enduser.id")))
    if "session_id" not in fields:
        draft.say("session_id", as_text(get("session.id")))


def _exception(draft: Draft, event: OtlpEvent) -> None:
    """The first exception is the error of the step; what follows from it, and whatever else it says, stay events."""
    if any(key in draft.error for key in ("message", "stack")):
        draft.events.append(event)
        return
    _failure(draft, event.attributes)
    rest = {key: value for key, value in event.attributes.items() if key not in _EXCEPTION_KEYS}
    if rest:
        draft.events.append(OtlpEvent("exception", event.time_unix_nano, rest))


_EXCEPTION_KEYS = frozenset({"exception.type", "exception.message", "exception.stacktrace", "exception.escaped"})


def _failure(draft: Draft, values: Mapping[str, Any]) -> None:
    for field, key in (("type", "exception.type"), ("message", "exception.message"), ("stack", "exception.stacktrace")):
        text = as_text(values.get(key))
        if text:
            draft.error[field] = text
