"""Identifiers: which ones are safe to show, and the random ones that the server makes.

A W3C trace id (32 hex digits), a span id (16) and a UUID are random by construction and may stand in the store as
sent. Anything else that a client calls an id is text that may name a person and is pseudonymised like text.
"""

import re
import secrets
from base64 import urlsafe_b64encode

_RANDOM_ID = re.compile(
    r"(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\Z",
    re.IGNORECASE,
)


def is_random_id(text: str) -> bool:
    """Whether ``text`` is a hex span id, a hex trace id or a UUID, so that it names no person."""
    return _RANDOM_ID.match(text) is not None


def new_id() -> str:
    """A fresh random 128-bit id, 22 characters of unpadded URL-safe base64."""
    return urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode("ascii")
