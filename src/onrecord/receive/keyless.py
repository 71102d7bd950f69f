"""Writing without a key: only what an unconfigured exporter on the same machine looks like.

Until the first API key is made, a request may write into the default project when it comes from a loopback peer, was
not forwarded by anybody, names this machine as its host, and carries a media type that a web page can not send
across origins without asking first (a form or a ``no-cors`` fetch can not send JSON or protobuf). So neither a
reverse proxy on the same machine nor a web page that rebinds its name opens the door to others.
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Final

_FORWARDED: Final = (
    "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port",
    "x-forwarded-server", "x-real-ip", "x-client-ip", "x-original-host", "true-client-ip", "cf-connecting-ip",
    "fastly-client-ip", "x-envoy-external-address",
)  # fmt: skip
_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")


def refusal(peer: str, headers: Mapping[str, str]) -> str:
    """Why this request may not write without a key, as a sentence; empty when it may.

    Args:
        peer: address at the other end of the socket; empty when there is none.
        headers: lower-case names.
    """
    if not is_loopback_peer(peer):
        return "A key is needed from another machine."
    if any(name in headers for name in _FORWARDED):
        return "A key is needed through a proxy."
    if not is_local_host(headers.get("host", "")):
        return "A key is needed when the request names another host than localhost."
    return ""


def is_loopback_peer(peer: str) -> bool:
    """Whether the other end of the socket is this machine."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def is_local_host(host: str) -> bool:
    """Whether a ``Host`` header names this machine, with or without a port."""
    name, _, port = host.lower().rpartition(":") if not host.endswith("]") and ":" in host else (host.lower(), "", "")
    return name in _HOSTS and (port == "" or port.isdecimal())
