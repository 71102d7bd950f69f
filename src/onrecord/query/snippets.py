"""Snippets: what stands around a hit, and where the hit is in it. Pure.

Offsets are characters of the snippet, so that a page can mark a hit without looking for it again.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from onrecord.query.results import Snippet
from onrecord.query.syntax import And, Compare, Filter, Or, Text

_BEFORE: Final = 80
_LENGTH: Final = 320
_MARKS: Final = 50
_PIECE: Final = re.compile(r"[0-9A-Za-z\u0080-\U0010ffff]+")
_GAP: Final = r"[\x00-/:-@\[-`{-\x7f]+"
"""What separates two words of a phrase."""


def needles(where: Filter) -> list[re.Pattern[str]]:
    """What to mark: every text that the filter looks for, but for what it leaves out."""
    return [pattern for text in _texts(where) if (pattern := _pattern(text)) is not None]


def snippet(field: str, text: str, patterns: Sequence[re.Pattern[str]]) -> Snippet | None:
    """The text around the first hit, with every hit in it; ``None`` without a hit."""
    hits = sorted(match.span() for pattern in patterns for match in _first(pattern, text))
    if not hits:
        return None
    start = max(0, hits[0][0] - _BEFORE)
    if start:
        space = text.find(" ", start, hits[0][0])
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + _LENGTH)
    marks: list[tuple[int, int]] = []
    for low, high in hits:
        left, right = low - start, min(high, end) - start
        if right <= left or left < 0:
            continue
        if marks and left <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], right))
        else:
            marks.append((left, right))
    return Snippet(field=field, text=text[start:end], marks=tuple(marks))


def _first(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for count, match in enumerate(pattern.finditer(text)):
        if count == _MARKS:
            return
        yield match


def _texts(where: Filter) -> Iterator[Text]:
    if isinstance(where, Text):
        yield where
    elif isinstance(where, And | Or):
        for part in where.parts:
            yield from _texts(part)
    elif isinstance(where, Compare):
        return


def _pattern(text: Text) -> re.Pattern[str] | None:
    if not text.text.strip():
        return None
    pieces = _PIECE.findall(text.text)
    if text.kind == "substring" or not pieces:
        return re.compile(re.escape(text.text), re.IGNORECASE)
    if text.kind == "phrase":
        return re.compile(_GAP.join(map(re.escape, pieces)), re.IGNORECASE)
    words = [_GAP.join(map(re.escape, _PIECE.findall(word))) for word in text.text.split()]
    return re.compile("|".join(f"(?<![0-9A-Za-z]){word}(?![0-9A-Za-z])" for word in words if word), re.IGNORECASE)
