"""Calls through the gateway of a running server, and their records."""

import hashlib

from onrecord.model.span import Span
from tests.compat.fake_provider import FakeProvider, Wire
from tests.e2e.reader import Reader

KEYS = ("sk-openai-secret", "azure-secret", "sk-ant-secret", "gemini-secret", "mistral-secret")
"""What the applications under test hold of their providers."""


def upstreams(fake: FakeProvider) -> tuple[str, str]:
    """The option that leads every provider to the fake one."""
    names = ("openai", "azure", "anthropic", "gemini", "mistral", "vllm")
    return "--upstream", ",".join(f"{name}={fake.url}" for name in names)


def digest(body: bytes | bytearray) -> str:
    """As the record names it."""
    return hashlib.sha256(body).hexdigest()


def spans(reader: Reader, count: int = 500) -> list[Span]:
    """The exact records of the newest steps that are stored, oldest first."""
    reader.server.settle()
    found = [reader.exact(row["trace_id"], row["span_id"]) for row in reader.rows("/spans", limit=count)]
    return sorted(found, key=lambda span: span.start_unix_nano)


def record_of(wire: Wire, found: list[Span]) -> Span:
    """The record of one exchange: the one whose digests are those of its bytes."""
    wanted = (digest(wire.received), digest(wire.sent))
    same = [
        span
        for span in found
        if (span.attributes.get("gateway.request.sha256"), span.attributes.get("gateway.response.sha256")) == wanted
    ]
    assert same, wire.target
    return same[-1]
