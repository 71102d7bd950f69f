"""Who writes: an API key where a client can put it, or nobody under the keyless rule.

``Authorization: Bearer KEY``, ``x-api-key: KEY`` and HTTP Basic (either half; many exporters know nothing else) are
the same to us. So are ``api_key: KEY`` and ``Authorization: KEY`` without a scheme, because Arize's exporters know
nothing else; there only what looks like a key of ours is one. A key that is sent must be right: a wrong one is never
taken for none.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Protocol

from onrecord.errors import Denied
from onrecord.model.project import Project
from onrecord.receive import keyless

KEY_PREFIX = "or_"


class Keyring(Protocol):
    """Who knows the keys. Implemented by ``control.keyring``."""

    def writer(self, key: str) -> Project:
        """The project that ``key`` may write into; raises ``Denied`` (401 unknown, 403 without the scope)."""
        ...

    def keyless_project(self) -> Project | None:
        """The default project while no key was ever made, else nothing."""
        ...


def presented_key(headers: Mapping[str, str]) -> str:
    """The API key that a request carries, or an empty string when it carries none.

    Raises:
        Denied: 401, the header is there but holds nothing that could be a key.
    """
    key = headers.get("x-api-key", "").strip() or headers.get("api_key", "").strip()
    if key:
        return key
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if scheme.startswith(KEY_PREFIX) and not value:
        return scheme
    match scheme.lower():
        case "":
            return ""
        case "bearer":
            return value.strip()
        case "basic":
            return _of_basic(value.strip())
        case _:
            raise _unknown_scheme()


def _of_basic(value: str) -> str:
    try:
        name, _, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _unknown_scheme() from None
    return name if name.startswith(KEY_PREFIX) and not password.startswith(KEY_PREFIX) else password


def _unknown_scheme() -> Denied:
    return Denied(
        "The Authorization header can not be read.",
        hint="Send Authorization: Bearer KEY, or x-api-key: KEY.",
        status=401,
    )


def authenticate(keyring: Keyring, peer: str, headers: Mapping[str, str]) -> Project:
    """The project that a request writes into.

    Raises:
        Denied: 401 without a key where one is needed or with a wrong one, 403 when the key may not write.
    """
    key = presented_key(headers)
    if key:
        return keyring.writer(key)
    project = keyring.keyless_project()
    reason = "Writing needs an API key." if project is None else keyless.refusal(peer, headers)
    if project is None or reason:
        raise Denied(reason, hint="Make one with `onrecord keys create` and send it as x-api-key.", status=401)
    return project
