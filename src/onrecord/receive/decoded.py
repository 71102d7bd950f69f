"""What decoding a body yields, whatever its encoding: spans, log records, and the faults of those that are neither."""

from typing import Final

import msgspec

from onrecord.model.otlp import OtlpContext, OtlpLog, OtlpSpan


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A span, where it came from, and the SHA-256 of its own encoded bytes."""

    span: OtlpSpan
    context: OtlpContext
    digest: bytes


class DecodedLog(msgspec.Struct, frozen=True, gc=False):
    """A log record, where it came from, and the SHA-256 of its own encoded bytes."""

    record: OtlpLog
    context: OtlpContext
    digest: bytes


class Fault(msgspec.Struct, frozen=True, gc=False):
    """One span or log record that can not be kept: why, without a byte of it, and its bytes for the dead letters."""

    reason: str
    raw: bytes
    context: OtlpContext | None = None
    """Of an OTLP item: what stood around it, so that it can be read again alone."""


class Share(msgspec.Struct, frozen=True):
    """Which of a body's items one of several preparers takes: neighbours, so that the shares in order are the body."""

    number: int = 0
    of: int = 1

    def within(self, count: int) -> slice:
        """The positions that it takes of ``count``."""
        return slice(count * self.number // self.of, count * (self.number + 1) // self.of)


WHOLE: Final = Share()


class Bad(ValueError):
    """Raised and caught while decoding: this span or log record is at fault, and only this one."""
