"""Headers: which go on to the provider, which come back, which are ours, and which may be kept.

Everything that is ours ends here: keys, ``X-Onrecord-*``, ``Helicone-*``, trace headers that carry an application's
own words. Of an answer nothing is passed on that would speak for our address in a browser: no cookie, no redirect, no
permission for other origins.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from onrecord.limits import ID_BYTES
from onrecord.receive.auth import KEY_PREFIX
from onrecord.receive.body import ENCODINGS

Headers = Iterable[tuple[bytes, bytes]]

_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
     b"trailer", b"transfer-encoding", b"upgrade"}
)  # fmt: skip
"""RFC 9110, 7.6.1: of one connection only."""
_ENDS_HERE: Final = _HOP | {
    b"host", b"content-length", b"expect", b"cookie", b"baggage", b"langsmith-trace", b"forwarded", b"via",
    b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port", b"x-forwarded-server",
    b"x-real-ip", b"x-client-ip", b"true-client-ip", b"cf-connecting-ip",
}  # fmt: skip
_OURS: Final = (b"x-onrecord-", b"helicone-")
_NOT_BACK: Final = _HOP | {
    b"date", b"set-cookie", b"location", b"refresh", b"strict-transport-security", b"alt-svc", b"clear-site-data",
    b"content-security-policy", b"content-security-policy-report-only", b"report-to", b"reporting-endpoints", b"nel",
    b"cache-control", b"x-frame-options", b"cross-origin-opener-policy", b"cross-origin-resource-policy",
    b"cross-origin-embedder-policy", b"permissions-policy", b"referrer-policy", b"service-worker-allowed",
    b"sourcemap", b"www-authenticate", b"x-onrecord-id", b"helicone-id",
}  # fmt: skip
_NOT_BACK_PREFIX: Final = b"access-control-"
_CREDENTIALS: Final = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key")
_REQUEST_IDS: Final = (
    "x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "x-amzn-requestid", "mistral-correlation-id",
)  # fmt: skip
_KEPT: Final = frozenset(
    {"openai-organization", "openai-project", "openai-beta", "openai-version", "openai-processing-ms",
     "anthropic-version", "anthropic-beta", "anthropic-organization-id", "retry-after", "x-stainless-runtime",
     "x-stainless-helper-method", "x-should-retry"}
)  # fmt: skip
_KEPT_PREFIXES: Final = ("x-ratelimit-", "anthropic-ratelimit-")
_KEPT_CHARACTERS: Final = 200
_QUERY: Final = frozenset({"api-version", "alt", "beta"})
"""Query parameters that may be kept; any other may be a key."""


class Credentials(msgspec.Struct, frozen=True):
    """The two keys of a request."""

    ours: str
    """Empty when it carries none."""
    theirs: str
    """The provider's, which passes through; only its keyed digest is kept."""


def texts(headers: Headers) -> dict[str, str]:
    """Headers as text, by lower-case name; of those sent twice the last."""
    return {name.decode("latin-1").lower(): _text(value) for name, value in headers}


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def credentials(headers: Mapping[str, str], path_key: str, query_key: str) -> Credentials:
    """Our key from its header, Helicone's, the path or, when it is sent as if it were the provider's, from there."""
    ours = headers.get("x-onrecord-key", "").strip()
    if not ours and "helicone-auth" in headers:
        ours = _bearer(headers["helicone-auth"])
    ours = ours or path_key
    theirs = ""
    for candidate in (*(_bearer(headers.get(name, "")) for name in _CREDENTIALS), query_key):
        if candidate.startswith(KEY_PREFIX):
            ours = ours or candidate
        elif candidate:
            theirs = theirs or candidate
    return Credentials(ours, theirs)


def _bearer(value: str) -> str:
    scheme, _, rest = value.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else value.strip()


def onward(headers: Headers) -> list[tuple[str, str]]:
    """The headers that the provider gets, in the order in which they came."""
    headers = list(headers)
    named = _nominated(headers)
    found = []
    for name, value in headers:
        if name in _ENDS_HERE or name in named or name.startswith(_OURS):
            continue
        if name == b"accept-encoding":
            value = _readable(value)  # noqa: PLW2901
        text = value.decode("latin-1")
        if _bearer(text).startswith(KEY_PREFIX):
            continue
        found.append((name.decode("latin-1"), text))
    return found


def _nominated(headers: Headers) -> frozenset[bytes]:
    """What the ``Connection`` header says is of this connection only."""
    listed = [value for name, value in headers if name == b"connection"]
    return frozenset(word.strip().lower() for value in listed for word in value.split(b","))


def _readable(accepted: bytes) -> bytes:
    """The codings of ``Accept-Encoding`` that the record can undo."""
    known = [one.strip() for one in accepted.split(b",") if _coding(one) in ENCODINGS]
    return b", ".join(known) or b"identity"


def _coding(one: bytes) -> str:
    return one.partition(b";")[0].strip().decode("latin-1").lower()


def back(headers: Headers, trace_id: str, span_id: str, helicone_id: str) -> list[tuple[bytes, bytes]]:
    """The headers that the caller gets, with the ids of the record."""
    headers = [(name.lower(), value) for name, value in headers]
    named = _nominated(headers)
    found = [
        (name, value)
        for name, value in headers
        if name not in _NOT_BACK and name not in named and not name.startswith(_NOT_BACK_PREFIX)
    ]
    found.append((b"x-onrecord-id", f"{trace_id}/{span_id}".encode("latin-1", "replace")))
    found.append((b"helicone-id", (helicone_id or span_id).encode("latin-1", "replace")))
    found.append((b"content-security-policy", b"default-src 'none'; sandbox"))
    return found


def withheld(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What an answer asked of a client and the client was not told, as sentences."""
    return ("The answer was a redirect, which was not followed.",) if "location" in headers else ()


def request_id(headers: Mapping[str, str]) -> str:
    """The provider's id of a request."""
    return next((headers[name][:ID_BYTES] for name in _REQUEST_IDS if headers.get(name)), "")


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that may be kept."""
    return {
        name: value[:_KEPT_CHARACTERS]
        for name, value in headers.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }


def kept_query(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The query parameters that may be kept; of others nothing, not even their names."""
    return {name: value[:_KEPT_CHARACTERS] for name, value in query if name in _QUERY}


def sdk_of(headers: Mapping[str, str]) -> tuple[str, str]:
    """Name and version of the calling SDK, from ``User-Agent``."""
    agent = headers.get("user-agent", "")[:_KEPT_CHARACTERS]
    version = headers.get("x-stainless-package-version", "")[:_KEPT_CHARACTERS]
    if version:
        return agent.removesuffix(version).strip(), version
    name, _, rest = agent.partition("/")
    return name, rest.partition(" ")[0]


def retry_count(headers: Mapping[str, str]) -> int | None:
    """How often the SDK has tried before, as OpenAI's and Anthropic's say."""
    said = headers.get("x-stainless-retry-count", "")
    return int(said) if said.isdecimal() and len(said) <= 4 else None  # noqa: PLR2004
