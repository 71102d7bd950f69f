"""The view: a text as a reader sees it, for detectors that know ASCII digits and plain blanks only.

Full-width and other decimal digits become ASCII, odd blanks a blank, odd hyphens ``-``; zero-width characters and soft
hyphens vanish. Positions in the view map back to the text. A text without such characters is its own view.
"""

import re
import unicodedata
from bisect import bisect_right
from typing import Final, NamedTuple

_GONE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_BLANK = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
_HYPHEN = "\u2010-\u2015\u2212\ufe58\ufe63"
_WIDE = "\uff01-\uff5e"
_DIGIT = "\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\U0001d7ce-\U0001d7ff"
_ODD = re.compile(f"[{_GONE}]+|[{_BLANK}{_HYPHEN}{_WIDE}{_DIGIT}]")
_IS_GONE = re.compile(f"[{_GONE}]")
_IS_BLANK = re.compile(f"[{_BLANK}]")
_IS_HYPHEN = re.compile(f"[{_HYPHEN}]")

TRIGGERS: Final = (
    rb"\xc2[\xa0\xad]",
    rb"\xe1\xa0\x8e",
    rb"\xe2\x80[\x80-\x95\xaa-\xaf]",
    rb"\xe2\x81[\x9f-\xa9]",
    rb"\xe2\x88\x92",
    rb"\xe3\x80\x80",
    rb"\xef\xb9[\x98\xa3]",
    rb"\xef\xbb\xbf",
    rb"\xef\xbc[\x81-\xbf]",
    rb"\xef\xbd[\x80-\x9e]",
    rb"\xd9[\xa0-\xa9]",
    rb"\xdb[\xb0-\xb9]",
    rb"\xe0\xa5[\xa6-\xaf]",
    rb"\xf0\x9d\x9f[\x8e-\xbf]",
)
"""UTF-8 of every character that the view changes; without a hit the text is its own view."""


class View(NamedTuple):
    """A text, as read, and how its positions map back."""

    text: str
    starts: list[int]
    shifts: list[int]

    def origin(self, position: int) -> int:
        """The position in the text of the character at ``position`` of the view."""
        if not self.starts:
            return position
        return position + self.shifts[bisect_right(self.starts, position) - 1]

    def origin_end(self, position: int) -> int:
        """The end in the text of what ends at ``position`` of the view."""
        return self.origin(position - 1) + 1 if position else 0


def plain(text: str) -> View:
    """The view of a text that has nothing odd."""
    return View(text, [], [])


def view_of(text: str) -> View:
    """The view of any text."""
    pieces: list[str] = []
    starts, shifts = [0], [0]
    at = seen = 0
    for match in _ODD.finditer(text):
        pieces.append(text[seen : match.start()])
        at += match.start() - seen
        seen = match.end()
        reading = _reading(match.group())
        if reading:
            pieces.append(reading)
            at += 1
        else:
            starts.append(at)
            shifts.append(seen - at)
    pieces.append(text[seen:])
    return View("".join(pieces), starts, shifts) if len(starts) > 1 else plain("".join(pieces))


def _reading(odd: str) -> str:
    if _IS_GONE.match(odd):
        return ""
    if _IS_BLANK.match(odd):
        return " "
    if _IS_HYPHEN.match(odd):
        return "-"
    digit = unicodedata.decimal(odd, None)
    return chr(ord(odd) - 0xFEE0) if digit is None else str(digit)
