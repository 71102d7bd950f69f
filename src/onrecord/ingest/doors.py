"""Doors: how the body of a delivery becomes spans and scores, one line per signal.

A door is two pure functions. ``decode`` takes a body apart into pieces, each with the SHA-256 of its own bytes
(``digest``), and says which pieces are bad; ``read`` understands one piece. Neither does I/O: a worker process may run
them. Whoever adds a door adds a line to ``DOORS`` and nothing to the way of a record.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.batch import Read, join_parts
from onrecord.normalize.exchange import read_exchange
from onrecord.normalize.registry import normalize, normalize_log
from onrecord.receive import exchanges
from onrecord.receive.otlp import Decoded, DecodedLog, Fault, decode_logs, decode_traces


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """How deliveries of one signal are read."""

    decode: Callable[[bytes, str], tuple[Sequence[Any], Sequence[Fault]]]
    """From body and ``Delivery.media`` to pieces (each has a ``digest``) and the faults of bad ones.

    Raises ``Rejected`` when nothing in the body can be told apart.
    """
    read: Callable[[Any], Span | Score | None]
    """What one piece says; ``None`` when it concerns no model call."""
    kind: Callable[[Any], str]
    """Record kind of a piece that is a span: ``span``, ``part`` or ``intent``."""
    name: bytes
    """Part of what tells the bytes of one door from those of another (``record.dedupe``): never changes."""
    join: Callable[[list[Read]], list[Read]] | None = None
    """Puts together what belongs together, when pieces of one kind are sent apart."""


def read_span(one: Decoded) -> Span:
    """An OTLP span in whichever convention it was written."""
    return normalize(one.span, one.context)


def read_log(one: DecodedLog) -> Span | Score | None:
    """An OTLP log record that carries a piece of a span, or a score."""
    return normalize_log(one.record, one.context)


def read_piece(one: exchanges.Piece) -> Span:
    """A call that went through the gateway."""
    return read_exchange(one.exchange)


DOORS: Final[Mapping[str, Door]] = {
    "traces": Door(decode=decode_traces, read=read_span, kind=lambda _: "span", name=b"otlp"),
    "logs": Door(decode=decode_logs, read=read_log, kind=lambda _: "part", name=b"otlp.logs", join=join_parts),
    exchanges.SIGNAL: Door(decode=exchanges.unpack, read=read_piece, kind=exchanges.kind, name=b"gateway"),
}
"""By ``Delivery.signal``."""
