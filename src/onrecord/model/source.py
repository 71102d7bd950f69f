"""Provenance: through which door a record came, who wrote it down, and as which of its producer's records."""

import msgspec


class Source(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How a record arrived."""

    receiver: str = ""
    """The door: ``otlp``, ``gateway``, ``langfuse``, ``langsmith``, ``native``."""
    dialect: str = ""
    """The convention that was recognised: ``openinference``, ``genai``, ``traceloop``, ``vercel``, ..., ``otel``."""
    sdk: str = ""
    sdk_version: str = ""
    language: str = ""
    producer: str = ""
    """Who numbers: the random id of an onrecord client, else ``service.instance.id``."""
    sequence: int | None = None
    """The producer's number of this record: 1, 2, 3, ... without a gap, so that one is visible."""
