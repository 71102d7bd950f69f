"""An exchange: one call of a provider as it passed the gateway, in bytes, before anybody has understood it.

The gateway makes it, ``normalize.exchange`` reads it. Nothing in it is a key: headers and query parameters are those of
a closed list. Bodies are as sent, their content coding not undone, so that their digests are those of the wire.
"""

import msgspec


class Kept(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One body: whole, or what was kept of it, and in any case how long it was and its digest."""

    data: bytes = b""
    size: int = 0
    """Bytes that passed, whatever was kept of them."""
    sha256: bytes = b""
    """Of all bytes that passed."""
    media: str = ""
    """``Content-Type`` as sent."""
    coding: str = ""
    """``Content-Encoding`` as sent; empty when there was none."""
    state: str = "whole"
    """``whole``; ``truncated``: only the first bytes were kept, it was too long; ``omitted``: the caller asked so."""


class Mark(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """When a body had grown to a size."""

    size: int
    unix_nano: int


class Caller(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What the calling application says of the call, in headers."""

    user_id: str = ""
    session_id: str = ""
    tenant_id: str = ""
    application: str = ""
    environment: str = ""
    release: str = ""
    name: str = ""
    """What the step is called."""
    workflow: str = ""
    prompt: str = ""
    prompt_version: str = ""
    model: str = ""
    """The model to take for the one served when the provider names none."""
    tags: tuple[str, ...] = ()
    properties: dict[str, str] = {}
    omit_request: bool = False
    omit_response: bool = False


class Exchange(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One attempt to call a provider. Without ``ended_unix_nano`` it has only begun: an intent."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    trace_state: str = ""
    flags: int = 0
    upstream: str
    """The configured name of the provider."""
    provider: str
    """Its name in ``gen_ai.provider.name``."""
    endpoint: str = ""
    """Base address of the upstream, as configured."""
    method: str = "POST"
    path: str = ""
    """Below the upstream's base, without the query."""
    query: dict[str, str] = {}
    started_unix_nano: int
    ended_unix_nano: int = 0
    status: int = 0
    """HTTP status of the answer; 0 when there was none."""
    request: Kept = Kept()
    response: Kept = Kept()
    marks: tuple[Mark, ...] = ()
    """When the first pieces of the response arrived."""
    failure: str = ""
    """Why there is no whole answer: ``refused``, ``timeout``, ``broken``, ...; empty when there is one."""
    cancelled: bool = False
    """The client left before the answer was whole."""
    caller: Caller = Caller()
    sdk: str = ""
    sdk_version: str = ""
    retry_count: int | None = None
    request_id: str = ""
    """The provider's own id of the request."""
    credential: str = ""
    """Keyed digest of the provider's key: tells keys apart, is worth nothing without ours."""
    headers: dict[str, str] = {}
    """Headers of request and answer that a closed list names."""
    notes: tuple[str, ...] = ()
    """What the gateway was asked for and did not do, and what it left out of the answer's headers."""
