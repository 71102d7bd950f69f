"""What the calling application says of a call in headers: our own, Helicone's, and trace contexts.

Ours go before Helicone's. Helicone's headers that ask the gateway to act (cache, retries, limits, fallbacks) are noted
and not obeyed: a gateway that answers from a cache or calls twice is no record of what the application did.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import orjson

from onrecord.limits import GATEWAY_PROPERTIES, GATEWAY_PROPERTY_CHARACTERS, ID_BYTES
from onrecord.model.exchange import Caller

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_DOTTED: Final = re.compile(r"\d{8}T\d{12}Z([0-9a-fA-F-]{36})\Z")
_PROPERTIES: Final = ("x-onrecord-property-", "helicone-property-")
_READ: Final = frozenset(
    {"auth", "user-id", "session-id", "session-path", "session-name", "prompt-id", "prompt-version", "request-id",
     "omit-request", "omit-response", "model-override", "target-url", "openai-api-base"}
)  # fmt: skip
"""Helicone's headers that say something; all others ask for something."""
_OMITTED: Final = ("true", "1", "yes")


class Context(msgspec.Struct, frozen=True):
    """Where a call stands in a trace."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    trace_state: str = ""
    flags: int = 0


def context_of(headers: Mapping[str, str]) -> Context:
    """The trace that the caller named, else one of its own.

    The id of the call itself is always new: a client that tries again sends the same headers.
    """
    span_id = secrets.token_hex(8)
    trace = _id(headers, "x-onrecord-trace")
    if trace:
        return Context(trace, span_id, _id(headers, "x-onrecord-parent"))
    dotted = headers.get("langsmith-trace", "").split(".")
    first, last = _DOTTED.match(dotted[0]), _DOTTED.match(dotted[-1])
    if first and last:
        return Context(first[1].lower(), span_id, last[1].lower())
    told = _TRACEPARENT.match(headers.get("traceparent", ""))
    if told and told[1].strip("0") and told[2].strip("0"):
        state = headers.get("tracestate", "")[:GATEWAY_PROPERTY_CHARACTERS]
        return Context(told[1], span_id, _id(headers, "x-onrecord-parent") or told[2], state, int(told[3], 16))
    return Context(secrets.token_hex(16), span_id, _id(headers, "x-onrecord-parent"))


def _id(headers: Mapping[str, str], *names: str) -> str:
    """The first of these headers that is there, within the bound of an id."""
    for name in names:
        value = headers.get(name, "").strip()
        if value:
            return value.encode()[:ID_BYTES].decode("utf-8", "ignore")
    return ""


def caller_of(headers: Mapping[str, str]) -> Caller:
    """What the headers say."""
    said = [name for name in headers if name.startswith(("x-onrecord-", "helicone-")) or name == "baggage"]
    if not said:
        return Caller()
    baggage = _baggage(headers.get("baggage", ""))
    path = headers.get("helicone-session-path", "")[:GATEWAY_PROPERTY_CHARACTERS]
    tags = [tag.strip() for tag in headers.get("x-onrecord-tags", "").split(",") if tag.strip()]
    return Caller(
        user_id=_id(headers, "x-onrecord-user", "helicone-user-id") or _text(baggage.get("user.id")),
        session_id=_id(headers, "x-onrecord-session", "helicone-session-id") or _text(baggage.get("session.id")),
        tenant_id=_id(headers, "x-onrecord-tenant"),
        application=_id(headers, "x-onrecord-application") or _text(baggage.get("langsmith-project")),
        environment=_id(headers, "x-onrecord-environment"),
        release=_id(headers, "x-onrecord-release"),
        name=_id(headers, "x-onrecord-name") or path.rstrip("/").rpartition("/")[2],
        workflow=_id(headers, "x-onrecord-workflow", "helicone-session-name"),
        prompt=_id(headers, "x-onrecord-prompt", "helicone-prompt-id"),
        prompt_version=_id(headers, "x-onrecord-prompt-version", "helicone-prompt-version"),
        model=_id(headers, "helicone-model-override"),
        tags=tuple([*tags, *_tags(baggage)][:GATEWAY_PROPERTIES]),
        properties=_properties(headers, baggage, path),
        omit_request=_omits(headers, "request"),
        omit_response=_omits(headers, "response"),
    )


def _omits(headers: Mapping[str, str], side: str) -> bool:
    return any(headers.get(f"{whose}-omit-{side}", "").lower() in _OMITTED for whose in ("x-onrecord", "helicone"))


def _properties(headers: Mapping[str, str], baggage: Mapping[str, Any], path: str) -> dict[str, str]:
    found = {}
    metadata = baggage.get("langsmith-metadata")
    if isinstance(metadata, dict):
        found.update({str(name): _text(value) for name, value in metadata.items()})
    for prefix in reversed(_PROPERTIES):
        found.update({name[len(prefix) :]: value for name, value in headers.items() if name.startswith(prefix)})
    if path:
        found["helicone.session_path"] = path
    if headers.get("helicone-request-id"):
        found["helicone.request_id"] = headers["helicone-request-id"]
    bound = GATEWAY_PROPERTY_CHARACTERS
    return {name[:ID_BYTES]: value[:bound] for name, value in list(found.items())[:GATEWAY_PROPERTIES] if name}


def asked_for(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What Helicone's headers ask the gateway to do, by name: none of it is done. Their values may hold keys."""
    names = [name.removeprefix("helicone-") for name in headers if name.startswith("helicone-")]
    asked = sorted(name for name in names if name not in _READ and not name.startswith("property-"))
    return tuple(f"helicone-{name} was not obeyed" for name in asked if name.replace("-", "").isalnum())


def _baggage(header: str) -> dict[str, Any]:
    """W3C baggage; LangSmith's metadata in it is JSON."""
    found: dict[str, Any] = {}
    for member in header.split(","):
        name, equals, value = member.partition(";")[0].partition("=")
        if equals:
            found[name.strip()] = unquote(value.strip())
    text = found.get("langsmith-metadata")
    if text:
        try:
            found["langsmith-metadata"] = orjson.loads(text)
        except ValueError:
            del found["langsmith-metadata"]
    return found


def _tags(baggage: Mapping[str, Any]) -> list[str]:
    return [tag for tag in _text(baggage.get("langsmith-tags")).split(",") if tag]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()
    return text[:ID_BYTES]
