"""Prompt versions: which system prompt a call used, whatever was filled into it.

The skeleton of a prompt is its text without what changes from call to call: detected personal data, dates, times, ids
and numbers, runs of blanks. Its version is a keyed hash of the skeleton, so that nobody without the key can test a
guess. A word that is filled in (a name, a city) does change the version: the skeleton knows no language.
"""

import re
from collections.abc import Sequence
from typing import Final

from onrecord.privacy.detect.scan import Detector, detector
from onrecord.privacy.pseudonym import TOKEN, short_mac

_MONTHS = (
    "jan(?:uary|uari|vier|uar)?|feb(?:ruary|ruari|ruar)?|f[eé]vr(?:ier)?|mar(?:ch|s|zo)?|maart|m[aä]rz|apr(?:il)?|avril|abril|"
    "may|mei|mai|mayo|june?|juni|juin|junio|july?|juli|juillet|julio|aug(?:ust|ustus)?|ao[uû]t|agosto|enero|febrero|"
    "sep(?:t(?:ember|embre|iembre)?)?|o[ck]t(?:ober|obre|ubre)?|nov(?:ember|embre|iembre)?|de[cz](?:ember|iembre)?|d[eé]cembre|dic(?:iembre)?"
)
_DAYS = "mon|tues|wednes|thurs|fri|satur|sun|maan|dins|woens|donder|vrij|zater|zon"
_WEEKDAY = (
    rf"(?:{_DAYS})d(?:ay|ag)|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|lundi|mardi|mercredi|jeudi|vendredi|samedi|"
    r"dimanche|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo"
)
_NEVER_SAME: Final = re.compile(
    rf"(?<!\w)(?:(?:{_WEEKDAY})(?!\w)[,.]?\s*)?(?:de\s+)?(?:\d{{1,4}}(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?)?(?:{_MONTHS})\.?\s+(?:de\s+)?\d[\w:,.]*"
    rf"(?:\s+\d{{4}}(?!\w))?"
    r"|(?<!\w)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?!\w)"
    r"|(?<!\w)(?=\w{0,30}\d)[0-9a-f]{8,128}(?!\w)"
    r"|\d[\w.,:+\-/]*",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\s+")
"""Dates with a month's name, UUIDs, hexadecimal ids, and whatever begins with a digit."""


def prompt_version(key: bytes, texts: Sequence[str]) -> str:
    """``pv_`` and 12 base32 characters for the skeleton of ``texts``, the system messages of a call in order.

    Exact and masked texts give the same version. Empty when there is no text.
    """
    finder = detector()
    skeletons = [skeleton(finder, text) for text in texts if text]
    return f"pv_{short_mac(key, 'PROMPT', chr(0).join(skeletons))}" if skeletons else ""


def skeleton(finder: Detector, text: str) -> str:
    """``text`` without what changes from call to call."""
    pieces: list[str] = []
    seen = 0
    for found in finder.find(text):
        pieces.append(text[seen : found.start])
        seen = found.end
    fixed = TOKEN.sub("<>", "<>".join([*pieces, text[seen:]]))
    return _BLANKS.sub(" ", _NEVER_SAME.sub("#", fixed)).strip()
