"""Who calls, which provider, in which project: everything about a call that is known before its body is read.

In the order of what a refusal costs: the address, the key, then room in memory. A request without a key of ours is
taken under the keyless rule of every door, and never from a web page: a browser marks its requests, and a page of
somebody else could otherwise use a model server on this machine.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from onrecord.errors import Denied, Rejected
from onrecord.gateway import callers, headers
from onrecord.gateway.port import Services
from onrecord.gateway.upstreams import Target, below_gateway
from onrecord.model.exchange import Exchange
from onrecord.model.project import OnLogFailure, Project
from onrecord.receive import keyless
from onrecord.receive.auth import KEY_PREFIX

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_FROM_A_PAGE: Final = ("origin", "sec-fetch-site", "sec-fetch-mode")
_KEY_PARAMETER: Final = "key"
_CREDENTIAL_BYTES: Final = 8


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call that may be made."""

    project: Project
    target: Target
    method: str
    url: str
    """Where it goes, with its query: never in a log line, it may hold the provider's key."""
    onward: list[tuple[str, str]]
    said: Mapping[str, str]
    """The headers of the request, by name."""
    started_unix_nano: int
    parameters: list[tuple[str, str]]
    """Of the query; one of them may be a key."""
    credential: str
    """The provider's key."""

    @property
    def blocks(self) -> bool:
        """Whether the call is made only when it can be recorded."""
        return self.project.on_log_failure == OnLogFailure.BLOCK

    def begun(self, key: bytes) -> Exchange:
        """What is known of the exchange before its answer; ``key`` digests the provider's key.

        Not made by ``admit``, because nobody has to wait for it but a call that needs an intent. Its ids are new each
        time: make it once.
        """
        said, target, context = self.said, self.target, callers.context_of(self.said)
        sdk, sdk_version = headers.sdk_of(said)
        return Exchange(
            trace_id=context.trace_id,
            span_id=context.span_id,
            parent_id=context.parent_id,
            trace_state=context.trace_state,
            flags=context.flags,
            upstream=target.upstream.name,
            provider=target.upstream.provider,
            endpoint=target.upstream.base,
            method=self.method,
            path=target.path,
            query=headers.kept_query(self.parameters),
            started_unix_nano=self.started_unix_nano,
            caller=callers.caller_of(said),
            sdk=sdk,
            sdk_version=sdk_version,
            retry_count=headers.retry_count(said),
            credential=_digest(self.credential, key) if self.credential else "",
            headers=headers.kept(said),
            notes=callers.asked_for(said),
        )


def admit(scope: Mapping[str, Any], services: Services) -> Call:
    """The call that a request asks for.

    Raises:
        Denied: the key is wrong, missing, or may not write.
        Missing: there is no such upstream.
        Rejected: the path or the target is not one that is passed on.
    """
    said = headers.texts(scope["headers"])
    path_key, below = below_gateway(scope["raw_path"])
    query = scope["query_string"].decode("latin-1")
    parameters = parse_qsl(query, keep_blank_values=True) if query else []
    query_key = next((value for name, value in parameters if name == _KEY_PARAMETER), "")
    keys = headers.credentials(said, path_key, query_key)
    project = _project(scope, services, said, keys.ours)
    wanted = said.get("helicone-target-url") or said.get("helicone-openai-api-base", "")
    target = services.upstreams.target(below, wanted)
    if query_key.startswith(KEY_PREFIX):
        query = urlencode([(name, value) for name, value in parameters if name != _KEY_PARAMETER])
    return Call(
        project=project,
        target=target,
        method=scope["method"],
        url=f"{target.upstream.base}{target.path}{'?' if query else ''}{query}",
        onward=headers.onward(scope["headers"]),
        said=said,
        started_unix_nano=services.clock.now_us() * 1_000,
        parameters=parameters,
        credential=keys.theirs,
    )


def _digest(key: str, under: bytes) -> str:
    return blake2b(key.encode(), digest_size=_CREDENTIAL_BYTES, key=under).hexdigest()


def _project(scope: Mapping[str, Any], services: Services, said: Mapping[str, str], key: str) -> Project:
    if key:
        return services.keyring.writer(key)
    project = services.keyring.keyless_project()
    client = scope.get("client")
    reason = "The gateway needs an API key." if project is None else keyless.refusal(client[0] if client else "", said)
    if not reason and any(name in said for name in _FROM_A_PAGE):
        reason = "A key is needed from a web page."
    if project is None or reason:
        raise Denied(
            reason,
            hint="Make one with `onrecord keys create` and send it as X-Onrecord-Key or in the path.",
            status=401,
        )
    return project


def expected_bytes(said: Mapping[str, str], bound: int) -> int:
    """How much memory the body of a request will take, as far as its head says.

    Raises:
        Rejected: 413, more than the bound.
    """
    length = said.get("content-length", "")
    if not length.isdecimal():
        return 0
    expected = int(length) if len(length) <= 12 else bound + 1  # noqa: PLR2004 - a terabyte
    if expected > bound:
        raise too_large(bound)
    return expected


def too_large(bound: int) -> Rejected:
    """The refusal of a request body beyond its bound."""
    return Rejected(f"The body is larger than {bound:,} bytes.", hint="The bound is --body-bytes.", status=413)
