"""Locators: keyed digests by which the key store finds things without holding what they are.

BLAKE2b (RFC 7693) keyed with the project's locator key, 16 bytes. Without that key a locator can neither be computed
from an id nor matched to one; after erasure the row that held it is gone as well.
"""

from hashlib import blake2b

LOCATOR_BYTES = 16
_HALF = 10
_MARK = 8


class Locators:
    """Locators of one project."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def trace(self, trace_id: str) -> bytes:
        """Locator of a trace."""
        return self._digest(b"t" + trace_id.encode("utf-8", "surrogatepass"))

    def session(self, session_id: str) -> bytes:
        """Locator of a session."""
        return self._digest(b"s" + session_id.encode("utf-8", "surrogatepass"))

    def user(self, user_id: str) -> bytes:
        """Locator of a data subject."""
        return self._digest(b"u" + user_id.encode("utf-8", "surrogatepass"))

    def actor(self, actor: str) -> bytes:
        """Locator of the installation's own records about one actor."""
        return self._digest(b"a" + actor.encode())

    def producer(self, producer_id: str) -> bytes:
        """Locator of a producer, who numbers its records."""
        return self._digest(b"p" + producer_id.encode("utf-8", "surrogatepass"))

    def document(self, what: str, text: str) -> bytes:
        """Locator of a document of the library by its id or its name (``what`` says which)."""
        return self._digest(f"d{what}\0{text}".encode("utf-8", "surrogatepass"))

    def month(self, locator: bytes, month: str) -> bytes:
        """Locator of a conversation's partition in one month."""
        return self._digest(b"m" + month.encode("ascii") + locator)

    def identity(self, trace_id: str, span_id: str) -> bytes:
        """First half of ``record.dedupe``: which span this is."""
        ids = f"i{trace_id}\0{span_id}".encode("utf-8", "surrogatepass")
        return blake2b(ids, key=self._key, digest_size=_HALF).digest()

    def response(self, response_id: str) -> bytes:
        """Name of a model's response; also the identity of what is told of it without a span."""
        return self.identity(f"response:{response_id}", "response")

    def alone(self, response: bytes) -> bytes:
        """Locator of what names only a response, as of a trace of its own; ``response`` is the response's name."""
        return self._digest(b"t" + response)

    def mark(self, *values: bytes) -> bytes:
        """A keyed checksum of what is kept of a response beside the records."""
        told = b"".join(len(value).to_bytes(2, "big") + value for value in values)
        return blake2b(b"r" + told, key=self._key, digest_size=_MARK).digest()

    def content(self, door: bytes, digest: bytes) -> bytes:
        """Second half of ``record.dedupe``: the bytes as sent, through which door."""
        return blake2b(b"c" + door + b"\0" + digest, key=self._key, digest_size=_HALF).digest()

    def _digest(self, data: bytes) -> bytes:
        return blake2b(data, key=self._key, digest_size=LOCATOR_BYTES).digest()
