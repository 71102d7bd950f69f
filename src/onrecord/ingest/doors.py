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
from onrecord.normalize import interactions
from onrecord.normalize.batch import Read, join_parts
from onrecord.normalize.registry import normalize, normalize_log
from onrecord.receive.interactions import Line, decode_lines
from onrecord.receive.otlp import Decoded, DecodedLog, Fault, decode_logs, decode_traces
from onrecord.receive.phoenix import Judged, decode_scores, decode_spans


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """How deliveries of one signal are read."""

    decode: Callable[..., tuple[Sequence[Any], Sequence[Fault]]]
    """From body and ``Delivery.media`` to pieces (each has a ``digest``) and the faults of bad ones.

    Raises ``Rejected`` when nothing in the body can be told apart.
    """
    divisible: bool = False
    """``decode`` takes a third argument, the ``Share`` of the body that is asked for."""
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


def read_imported_span(one: Decoded) -> Span:
    """An OTLP span from a file."""
    return normalize(one.span, one.context, receiver=interactions.RECEIVER)


def read_interaction(one: Line) -> Span:
    """A line of a file of plain interactions."""
    return interactions.span_of(one.interaction, one.extra, one.digest)


def read_phoenix_span(one: Decoded) -> Span:
    """A span that a client of Phoenix logged by hand."""
    return normalize(one.span, one.context, receiver="phoenix")


def read_score(one: Judged) -> Score:
    """A score that its door has read already."""
    return one.score


DOORS: Final[Mapping[str, Door]] = {
    "traces": Door(decode=decode_traces, read=read_span, kind=lambda _: "span", name=b"otlp", divisible=True),
    "logs": Door(decode=decode_logs, read=read_log, kind=lambda _: "part", name=b"otlp.logs", join=join_parts),
    "import.traces": Door(decode=decode_traces, read=read_imported_span, kind=lambda _: "span", name=b"otlp"),
    "import.interactions": Door(
        decode=decode_lines, read=read_interaction, kind=lambda _: "span", name=b"interactions"
    ),
    "phoenix.annotations": Door(decode=decode_scores, read=read_score, kind=lambda _: "score", name=b"phoenix.scores"),
    "phoenix.spans": Door(decode=decode_spans, read=read_phoenix_span, kind=lambda _: "span", name=b"phoenix"),
}
"""By ``Delivery.signal``."""
