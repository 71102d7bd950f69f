"""Doors: how the body of a delivery becomes spans and scores, one line per signal.

A door is two pure functions. ``decode`` takes a body apart into pieces, each with the SHA-256 of its own bytes
(``digest``), and says which pieces are bad; ``read`` understands one piece. Neither does I/O: a worker process may run
them. Whoever adds a door adds a line to ``DOORS`` and nothing to the way of a record.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from onrecord.model.declaration import Declaration
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize import interactions
from onrecord.normalize.batch import Read, join_parts
from onrecord.normalize.exchange import read_exchange
from onrecord.normalize.langsmith import read_run
from onrecord.normalize.langsmith_feedback import read_feedback
from onrecord.normalize.registry import normalize, normalize_log
from onrecord.receive import exchanges, langsmith, phoenix
from onrecord.receive.interactions import Line, decode_lines
from onrecord.receive.langfuse import Piece, decode_batch, decode_scores
from onrecord.receive.otlp import Decoded, DecodedLog, Fault, decode_logs, decode_traces


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """How deliveries of one signal are read."""

    decode: Callable[..., tuple[Sequence[Any], Sequence[Fault]]]
    """From body and ``Delivery.media`` to pieces (each has a ``digest``) and the faults of bad ones.

    Raises ``Rejected`` when nothing in the body can be told apart.
    """
    divisible: bool = False
    """``decode`` takes a third argument, the ``Share`` of the body that is asked for."""
    read: Callable[[Any], Span | Score | Declaration | None]
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


def read_log(one: DecodedLog) -> Span | Score | Declaration | None:
    """An OTLP log record that carries a piece of a span, a score or a declaration."""
    return normalize_log(one.record, one.context)


def read_imported_span(one: Decoded) -> Span:
    """An OTLP span from a file."""
    return normalize(one.span, one.context, receiver=interactions.RECEIVER)


def read_interaction(one: Line) -> Span:
    """A line of a file of plain interactions."""
    return interactions.span_of(one.interaction, one.extra, one.digest)


def read_langfuse_span(one: Decoded) -> Span:
    """An OTLP span that came through Langfuse's own address."""
    return normalize(one.span, one.context, "langfuse")


def read_langfuse(piece: Piece) -> Span | Score | None:
    """An event of a Langfuse batch, or a score."""
    if piece.span is None:
        return piece.score
    span = read_langfuse_span(piece.span)
    return replace(span, running=False) if piece.ended else span


def read_langfuse_feedback(piece: Piece) -> Span | Score | None:
    """The same, from a page: whoever judges there is an end user."""
    read = read_langfuse(piece)
    return replace(read, source="end_user") if isinstance(read, Score) else read


def read_langsmith(one: langsmith.Run | langsmith.Feedback) -> Span | Score | None:
    """A run of LangSmith as it was posted or patched, or feedback on one."""
    if isinstance(one, langsmith.Feedback):
        return read_feedback(one.values)
    return read_run(one.values, is_patch=one.is_patch)


def read_langsmith_span(one: Decoded) -> Span:
    """An OTLP span that came through LangSmith's own address."""
    return normalize(one.span, one.context, receiver="langsmith")


def _langsmith(decode: Callable[[bytes, str], tuple[Sequence[Any], Sequence[Fault]]]) -> Door:
    return Door(decode=decode, read=read_langsmith, kind=_kind_of_run, name=b"langsmith")


def _kind_of_run(one: langsmith.Run | langsmith.Feedback) -> str:
    return "part" if isinstance(one, langsmith.Run) and one.is_patch else "span"


def read_phoenix_span(one: Decoded) -> Span:
    """A span that a client of Phoenix logged by hand."""
    return normalize(one.span, one.context, receiver="phoenix")


def read_score(one: phoenix.Judged) -> Score:
    """A score that its door has read already."""
    return one.score


def read_piece(one: exchanges.Piece) -> Span:
    """A call that went through the gateway."""
    return read_exchange(one.exchange)


DOORS: Final[Mapping[str, Door]] = {
    "traces": Door(decode=decode_traces, read=read_span, kind=lambda _: "span", name=b"otlp", divisible=True),
    "logs": Door(decode=decode_logs, read=read_log, kind=lambda _: "part", name=b"otlp.logs", join=join_parts),
    "import.traces": Door(decode=decode_traces, read=read_imported_span, kind=lambda _: "span", name=b"otlp"),
    "import.interactions": Door(
        decode=decode_lines, read=read_interaction, kind=lambda _: "span", name=b"interactions"
    ),
    "langfuse.traces": Door(
        decode=decode_traces, read=read_langfuse_span, kind=lambda _: "span", name=b"otlp", divisible=True
    ),
    "langfuse.batch": Door(decode=decode_batch, read=read_langfuse, kind=lambda one: one.kind, name=b"langfuse"),
    "langfuse.feedback.batch": Door(
        decode=decode_batch, read=read_langfuse_feedback, kind=lambda one: one.kind, name=b"langfuse"
    ),
    "langfuse.feedback.scores": Door(
        decode=decode_scores, read=read_langfuse_feedback, kind=lambda one: one.kind, name=b"langfuse"
    ),
    "langfuse.scores": Door(decode=decode_scores, read=read_langfuse, kind=lambda one: one.kind, name=b"langfuse"),
    "langsmith.traces": Door(
        decode=decode_traces, read=read_langsmith_span, kind=lambda _: "span", name=b"otlp", divisible=True
    ),
    "langsmith.multipart": _langsmith(langsmith.decode_multipart),
    "langsmith.batch": _langsmith(langsmith.decode_batch),
    "langsmith.run": _langsmith(langsmith.decode_run),
    "langsmith.feedback": _langsmith(langsmith.decode_feedback),
    "langsmith.unreadable": _langsmith(langsmith.decode_unreadable),
    "phoenix.annotations": Door(
        decode=phoenix.decode_scores, read=read_score, kind=lambda _: "score", name=b"phoenix.scores"
    ),
    "phoenix.spans": Door(decode=phoenix.decode_spans, read=read_phoenix_span, kind=lambda _: "span", name=b"phoenix"),
    exchanges.SIGNAL: Door(decode=exchanges.unpack, read=read_piece, kind=exchanges.kind, name=b"gateway"),
}
"""By ``Delivery.signal``."""
