"""A record on its way to the commit thread: everything decided but its index, its partition and whether it is new."""

from collections.abc import Sequence
from typing import Final

import msgspec

from onrecord.ledger.entry import Entry
from onrecord.model.otlp import OtlpContext
from onrecord.model.record import RecordFacts
from onrecord.model.span import Span
from onrecord.receive.port import Ack


class Numbered(msgspec.Struct, frozen=True, gc=False):
    """What a record says of its producer's numbers."""

    producer: bytes
    """Locator of the producer."""
    first: int
    last: int
    """Numbers that it accounts for: its own, or those of dropped records; 0 when none."""
    dropped: int = 0
    """Records declared as dropped."""
    sampled: int = 0
    """Records declared as left out."""
    recorded_us: int = 0
    """Of a ``gap`` record: the gaps that it records are there since then or longer."""


class Item(msgspec.Struct, kw_only=True, gc=False):
    """One record, prepared."""

    project: int
    dedupe: bytes
    """20 bytes (docs/format/vault.md); the first 10 are the same for every part of one span."""
    session: bytes = b""
    """Locator of the session, empty when the record names none."""
    trace: bytes
    """Locator of the trace, or of whatever else holds records together."""
    user: bytes = b""
    """Locator of the data subject that the record names."""
    response: bytes = b""
    """Name of the model's response (a keyed digest), when this waits for what names only that, or names only that."""
    installation: bool = False
    """The record is about the installation itself: its partition belongs to no trace."""
    retention: str
    salt: bytes
    shape: tuple[int, int, int]
    slots: list[bytes]
    digests: list[bytes]
    commitment: bytes
    facts: RecordFacts
    span: Span | None = None
    """What the entry of a span or part is made from; no text."""
    entry: Entry | None = None
    """The entry of a record of another kind."""
    numbers: Numbered | None = None
    """What it tells about its producer's numbers."""
    table: str = ""
    """Where its row goes; empty when it has none."""
    line: bytes = b""


LETTER_DOMAIN: Final = b"onrecord/dead/v2"
"""Associated data of a sealed dead letter; v1 had the bare bytes in the place of a ``Letter``."""


SENT: Final = "sent"
"""The stage of a letter of which nothing could be read."""


class Letter(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is sealed of a piece that could not be kept: enough to try it again."""

    stage: str
    """How far it came: ``SENT`` (its bytes), else the name of the type that was read from it."""
    raw: bytes
    """Its bytes as sent, or msgpack of what was read from them."""
    media: str = ""
    application: str = ""
    """Of its delivery."""
    digest: bytes = b""
    kind: str = ""
    """Of what was read: the digest of its bytes, and its record kind."""
    context: OtlpContext | None = None
    """What stood around an OTLP item."""


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """A piece of a delivery that could not be understood."""

    project: int
    signal: str
    reason: str
    raw: bytes
    """msgpack of a ``Letter``."""
    received_us: int
    retention: str


class Batch(msgspec.Struct, kw_only=True):
    """What one delivery became."""

    items: list[Item]
    dead: list[DeadLetter] = []
    ignored: int = 0
    """Log records that carry nothing of a span."""

    @classmethod
    def joined(cls, shares: "Sequence[Batch]") -> "Batch":
        """The batch of a delivery whose shares, in order, were prepared apart."""
        return cls(
            items=[item for share in shares for item in share.items],
            dead=[letter for share in shares for letter in share.dead],
            ignored=sum(share.ignored for share in shares),
        )

    def ack(self, duplicates: int) -> Ack:
        """The acknowledgement once everything here is durable."""
        reasons = tuple(dict.fromkeys(letter.reason for letter in self.dead))[:10]
        return Ack(accepted=len(self.items), duplicates=duplicates, rejected=len(self.dead), reasons=reasons)
