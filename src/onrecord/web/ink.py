"""Hostile text becomes safe markup: escaped, with its invisible characters made visible and its hits marked.

Every byte that a client sent passes through :func:`ink` (or Jinja's escaping) before it reaches a page. Control
characters and the bidirectional controls that reorder a line are shown as a small label, since text that looks
different from what it says is no evidence. Pseudonyms are marked as such. Never raises.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup, escape

_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
_PSEUDONYM = r"<[A-Z][A-Z_]{1,30}_[0-9a-hjkmnp-tv-z]{12}>"
_NAMES = {
    0x0D: "CR", 0x1B: "ESC", 0x00: "NUL", 0x08: "BS", 0x200E: "LRM", 0x200F: "RLM", 0x061C: "ALM", 0x202A: "LRE",
    0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI",
    0x2069: "PDI", 0xFEFF: "BOM",
}  # fmt: skip
_LEAD = 16
"""Characters before a hit that a narrow column can afford."""
_TERMS = 16
"""Search terms marked in one text."""


@lru_cache(maxsize=64)
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    hits = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True)) or r"(?!)"
    return re.compile(f"(?P<control>{_CONTROL})|(?P<pseudonym>{_PSEUDONYM})|(?P<hit>(?i:{hits}))")


def ink(text: str, terms: Sequence[str] = (), *, short: bool = False) -> Markup:
    """``text`` as markup that is safe in an element's content, with ``terms`` marked (case-insensitive).

    ``short`` writes a pseudonym by its label alone, for lists; the whole one stands in its title.
    """
    wanted = tuple(term for term in terms if term.strip())[:_TERMS]
    pieces: list[str] = []
    end = 0
    for found in _pattern(wanted).finditer(text):
        pieces.append(str(escape(text[end : found.start()])))
        pieces.append(_dress(found, short=short))
        end = found.end()
    pieces.append(str(escape(text[end:])))
    return Markup("".join(pieces))  # noqa: S704 - each piece is escaped above


def _dress(found: re.Match[str], *, short: bool) -> str:
    piece = found.group()
    if found.lastgroup == "control":
        code = ord(piece)
        return f'<span class="ctl" title="control character U+{code:04X}">{_NAMES.get(code, f"{code:02X}")}</span>'
    if found.lastgroup == "pseudonym":
        shown = piece[1:-1].rpartition("_")[0] if short else piece
        title = f"{escape(piece)}: a pseudonym; the same value always gets the same one"
        return f'<span class="pseudonym" title="{title}">{escape(shown)}</span>'
    return f"<mark>{escape(piece)}</mark>"


def line(text: str, length: int) -> str:
    """The first ``length`` characters of ``text`` on one line, for previews."""
    flat = " ".join(text[: length * 2].split())
    return flat if len(flat) <= length and len(text) <= length * 2 else flat[:length].rstrip() + "…"


def near(text: str, terms: Sequence[str], length: int) -> str:
    """A preview that begins shortly before the first hit, so that a narrow column shows it."""
    places = [place for term in terms if (place := text.lower().find(term.lower())) > _LEAD]
    if not places or any(0 <= text.lower().find(term.lower()) <= _LEAD for term in terms):
        return line(text, length)
    return "…" + line(text[min(places) - _LEAD // 2 :], length)
