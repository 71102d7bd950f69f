"""Two calls side by side: which messages came, went or changed, word by word, and which parameters differ. Pure.

Messages are aligned by role and text, so that a conversation that grew shows what was added and not that everything
moved. Work is bounded: long middles are compared in part and the rest is counted, long texts are shown as replaced.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

import msgspec

from onrecord.model.access import Level
from onrecord.model.message import Message, Part
from onrecord.model.span import Span
from onrecord.query.results import SpanDetail, SpanRow

MESSAGES: Final = 200
"""Messages of each side that are aligned, between what both begin and what both end with."""
WORDS: Final = 2_000
"""Words of a text that are compared; a longer one that differs is shown as replaced, up to ``CHARACTERS``."""
CHARACTERS: Final = 20_000
_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+\s*|\s+|[^\w\s]\s*")
"""A word with the space behind it; a script that writes no spaces goes by its letters."""
_ROW_FIELDS: Final = (
    "provider", "model_requested", "model_served", "status", "duration_ms", "time_to_first_token_ms", "finish_reasons",
    "cost_reported", "prompt_version", "error_type", "release",
)  # fmt: skip
_TOKENS: Final = ("input", "output", "cache_read", "reasoning", "total")


class Piece(msgspec.Struct, frozen=True, gc=False):
    """Words in a row that have one fate."""

    state: str
    """``same``, ``gone`` (only on the left) or ``new`` (only on the right)."""
    text: str


class MessageChange(msgspec.Struct, frozen=True, kw_only=True):
    """One message of either side, or one of both."""

    side: str
    """``input`` or ``output``."""
    role: str
    state: str
    """``same``, ``changed``, ``gone`` or ``new``."""
    pieces: tuple[Piece, ...]
    cut: int = 0
    """Characters that are not shown."""


class FieldChange(msgspec.Struct, frozen=True):
    """One fact that differs, as text; empty is unknown or not there."""

    name: str
    left: str
    right: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What is different between two calls."""

    left: SpanRow
    right: SpanRow
    level: Level
    """What the words were read at; ``metadata`` compares no words."""
    fields: tuple[FieldChange, ...] = ()
    messages: tuple[MessageChange, ...] = ()
    omitted: int = 0
    """Messages that were not compared."""
    states: tuple[str, str] = ("", "")
    """``SpanDetail.state`` of each side: content that is erased or withheld is not compared."""


def compare(left: SpanDetail, right: SpanDetail) -> Comparison:
    """The differences from ``left`` to ``right``."""
    one, other = left.content, right.content
    messages: list[MessageChange] = []
    omitted = 0
    if one is not None and other is not None:
        for side in ("input", "output"):
            changes, more = _messages(getattr(one, side), getattr(other, side), side)
            messages += changes
            omitted += more
    return Comparison(
        left=left.row,
        right=right.row,
        level=min(left.level, right.level),
        fields=tuple(_fields(left, right)),
        messages=tuple(messages),
        omitted=omitted,
        states=(left.state, right.state),
    )


def words(left: str, right: str) -> tuple[Piece, ...]:
    """The word difference of two texts."""
    if left == right:
        return (Piece("same", left),) if left else ()
    one, other = _WORD.findall(left), _WORD.findall(right)
    if len(one) > WORDS or len(other) > WORDS:
        return tuple(piece for piece in (Piece("gone", left), Piece("new", right)) if piece.text)
    pieces: list[Piece] = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, one, other).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(one[a0:a1])))
            continue
        pieces += [Piece("gone", "".join(one[a0:a1]))] * (a1 > a0) + [Piece("new", "".join(other[b0:b1]))] * (b1 > b0)
    return tuple(pieces)


def text_of_message(message: Message) -> str:
    """A message as the text that is compared: words, calls and results in their order."""
    return "\n".join(filter(None, map(_part_text, message.parts)))


def _messages(left: Sequence[Message], right: Sequence[Message], side: str) -> tuple[list[MessageChange], int]:
    one = [(message.role, text_of_message(message)) for message in left]
    other = [(message.role, text_of_message(message)) for message in right]
    shorter = min(len(one), len(other))
    head = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    tail = next((back for back in range(shorter - head) if one[-1 - back] != other[-1 - back]), shorter - head)
    mid_one, mid_other = one[head : len(one) - tail], other[head : len(other) - tail]
    omitted = max(0, len(mid_one) - MESSAGES) + max(0, len(mid_other) - MESSAGES)
    changes = [_whole("same", side, *pair) for pair in one[:head]]
    changes += _aligned(mid_one[:MESSAGES], mid_other[:MESSAGES], side)
    changes += [_whole("same", side, *pair) for pair in one[len(one) - tail :]]
    return changes, omitted


def _aligned(left: list[tuple[str, str]], right: list[tuple[str, str]], side: str) -> Iterator[MessageChange]:
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (_whole("same", side, *pair) for pair in left[a0:a1])
            continue
        gone, new = left[a0:a1], right[b0:b1]
        while gone and new and gone[0][0] == new[0][0]:
            (role, before), (_, after) = gone.pop(0), new.pop(0)
            yield _cut(side, role, "changed", words(before, after))
        yield from (_whole("gone", side, *pair) for pair in gone)
        yield from (_whole("new", side, *pair) for pair in new)


def _whole(state: str, side: str, role: str, text: str) -> MessageChange:
    return _cut(side, role, state, (Piece(state, text),) if text else ())


def _cut(side: str, role: str, state: str, pieces: Sequence[Piece]) -> MessageChange:
    shown: list[Piece] = []
    left, cut = CHARACTERS, 0
    for piece in pieces:
        kept = piece.text[:left]
        left -= len(kept)
        cut += len(piece.text) - len(kept)
        if kept:
            shown.append(Piece(piece.state, kept))
    return MessageChange(side=side, role=role, state=state, pieces=tuple(shown), cut=cut)


def _part_text(part: Part) -> str:
    if part.type == "tool_call":
        return f"→ {part.name}({_json(part.value)})"
    if part.type == "tool_result":
        return f"← {part.name} {part.text or _json(part.value)}"
    if part.type == "media":
        return f"[{part.mime or 'media'}, {len(part.data)} bytes] {part.uri[:200]}"
    return part.text or (_json(part.extra) if part.extra else "")


def _fields(left: SpanDetail, right: SpanDetail) -> Iterator[FieldChange]:
    one, other = _facts(left), _facts(right)
    for name in (*one, *(name for name in other if name not in one)):
        before, after = one.get(name, ""), other.get(name, "")
        if before != after:
            yield FieldChange(name, before[:CHARACTERS], after[:CHARACTERS])


def _facts(detail: SpanDetail) -> dict[str, str]:
    row = detail.row
    facts = {name: _said(getattr(row, name)) for name in _ROW_FIELDS}
    facts |= {f"tokens_{name}": _said(getattr(row.tokens, name)) for name in _TOKENS}
    return facts | _of_content(detail.content) if detail.content is not None else facts


def _of_content(span: Span) -> dict[str, str]:
    facts = {f"parameters.{key}": _said(value) for key, value in span.parameters.items()}
    facts |= {f"tool {tool.name}": _said({"parameters": tool.parameters, "about": tool.description})
              for tool in span.tools}  # fmt: skip
    return facts | {f"document {number + 1}": document.content or document.id
                    for number, document in enumerate(span.documents[:50])}  # fmt: skip


def _said(value: Any) -> str:
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, str):
        return value
    return f"{value:g}" if isinstance(value, float) else _json(value)


def _json(value: Any) -> str:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value, order="sorted" if isinstance(value, Mapping) else None).decode("utf-8", "replace")
