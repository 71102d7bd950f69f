"""The upstreams: which provider an address of ours leads to. Only those that the operator configured, and no other.

``/gateway/{name}/...`` leads to the upstream of that name, ``/gateway/v1/...`` to the default one. Nothing that a
caller sends names a host: ``Helicone-Target-URL`` chooses among the configured ones, it does not add one.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from onrecord.errors import Missing, Rejected

WELL_KNOWN: Final = {
    "openai": "https://api.openai.com", "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com", "mistral": "https://api.mistral.ai",
    "groq": "https://api.groq.com/openai", "deepseek": "https://api.deepseek.com", "xai": "https://api.x.ai",
    "openrouter": "https://openrouter.ai/api", "together": "https://api.together.xyz",
    "fireworks": "https://api.fireworks.ai/inference", "cerebras": "https://api.cerebras.ai",
    "perplexity": "https://api.perplexity.ai", "cohere": "https://api.cohere.com",
}  # fmt: skip
"""Upstreams that are there without a setting: public APIs of providers. One's own servers are always set."""

_PROVIDERS: Final = {
    "gemini": "gcp.gemini", "mistral": "mistral_ai", "xai": "x_ai",
}  # fmt: skip
"""Names of ``gen_ai.provider.name`` that differ from ours."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_RESERVED: Final = ("v1", "k")
PREFIX: Final = "/gateway/"
"""Of every address of the gateway."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f\\#?]")


class Upstream(msgspec.Struct, frozen=True):
    """One provider."""

    name: str
    base: str
    """Address without a slash at its end; a path of ours begins with ``v1`` where the provider's does."""
    provider: str
    """``gen_ai.provider.name``."""


class Target(msgspec.Struct, frozen=True):
    """Where a request goes."""

    upstream: Upstream
    path: str
    """Below the base, with its first slash, encoded as it was sent."""


class Upstreams:
    """All that there are."""

    def __init__(self, configured: Iterable[str] = (), default: str = "openai") -> None:
        """``configured`` are texts ``name=URL``; each adds an upstream or replaces a well-known one.

        Raises:
            Rejected: one of them is not such a text, or there is no upstream of the default's name.
        """
        found = dict(WELL_KNOWN)
        for text in configured:
            name, _, address = text.partition("=")
            found[_checked_name(name.strip())] = _checked_base(address.strip())
        self._named = {name: Upstream(name, base, _provider(name, base)) for name, base in found.items()}
        if default not in self._named:
            raise Rejected("The default upstream is not one of the upstreams.", hint="Name it with --upstream.")
        self._default = self._named[default]

    def names(self) -> list[str]:
        """Their names, sorted."""
        return sorted(self._named)

    def target(self, below: str, wanted: str = "") -> Target:
        """Where a request goes.

        Args:
            below: the path below ``/gateway/``, as it was sent.
            wanted: ``Helicone-Target-URL`` or the like; empty when there is none.

        Raises:
            Missing: no upstream has that name.
            Rejected: the path climbs, or the address wanted is not that of an upstream.
        """
        head, _, rest = below.partition("/")
        named = self._named.get(head)
        if wanted:
            chosen = self._at(wanted)
            if named is not None and named is not chosen:
                raise _elsewhere()
            return Target(chosen, _checked_path(rest if named is not None else below))
        if named is not None:
            return Target(named, _checked_path(rest))
        if head == "v1":
            return Target(self._default, _checked_path(below))
        raise Missing("No upstream has this name.", hint="Upstreams are set with --upstream name=URL.")

    def _at(self, address: str) -> Upstream:
        wanted = address.strip().rstrip("/").removesuffix("/v1").lower()
        for upstream in self._named.values():
            if upstream.base.lower() == wanted:
                return upstream
        raise _elsewhere()


def below_gateway(raw_path: bytes) -> tuple[str, str]:
    """The key in a path and the rest of it below ``/gateway/``; no key when the path has none.

    Raises:
        Rejected: it is no ASCII.
    """
    try:
        path = raw_path.decode("ascii")
    except UnicodeDecodeError:
        raise Rejected("The path is not percent-encoded.") from None
    below = path.removeprefix(PREFIX)
    if not below.startswith("k/"):
        return "", below
    key, _, rest = below.removeprefix("k/").partition("/")
    return unquote(key), rest


def _checked_path(path: str) -> str:
    """The path with its first slash, once it is known to stay below the base whatever a server makes of it."""
    if _FORBIDDEN.search(path):
        raise _climbs()
    for segment in path.split("/"):
        plain = unquote(unquote(segment))  # twice: some servers decode what they were sent once more
        if plain in {".", ".."} or "/" in plain or _FORBIDDEN.search(plain.replace(" ", "")):
            raise _climbs()
    return f"/{path}"


def _checked_name(name: str) -> str:
    if not _NAME.match(name) or name in _RESERVED:
        raise Rejected(
            "The name of an upstream is not one.",
            hint="Write name=URL; a name has small letters, digits, dots, dashes, and is neither v1 nor k.",
        )
    return name


def _checked_base(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _bad_base() from None
    plain = parts.scheme in {"http", "https"} and parts.hostname and port != 0
    if not plain or parts.username or parts.password or parts.query or parts.fragment or _FORBIDDEN.search(parts.path):
        raise _bad_base()
    return address.rstrip("/").removesuffix("/v1")


def _provider(name: str, base: str) -> str:
    if (urlsplit(base).hostname or "").endswith((".openai.azure.com", ".cognitiveservices.azure.com")):
        return "azure.ai.openai"
    if name in WELL_KNOWN or name in _PROVIDERS:
        return _PROVIDERS.get(name, name)
    return "azure.ai.openai" if name.startswith("azure") else name


def _bad_base() -> Rejected:
    return Rejected("The address of an upstream is not one.", hint="For example vllm=http://10.0.0.5:8000/v1.")


def _elsewhere() -> Rejected:
    return Rejected(
        "The target URL is not that of the upstream.", hint="Upstreams are set with --upstream name=URL.", status=403
    )


def _climbs() -> Rejected:
    return Rejected("The path is not one that is passed on.", hint="It may not hold . or .. or an encoded slash.")
