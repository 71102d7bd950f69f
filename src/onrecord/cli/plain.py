"""Text that a client sent, made safe for a terminal. Pure.

A terminal obeys control characters, and a reader believes what stands where: escape sequences and the characters that
reorder a line are shown by their names instead. A pipe gets every byte as it is, inside JSON.
"""

import re
from typing import Final

_OBEYED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_JSON_OBEYED: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_PICTURES: Final = 0x2400
"""Where Unicode has pictures of the first 32 characters."""
_DELETE: Final = 0x7F


def shown(text: str) -> str:
    """``text`` with its control characters as pictures or by number; lines stay lines."""
    return _OBEYED.sub(_picture, text).replace("\t", "    ")


def flat(text: str) -> str:
    """``text`` on one line."""
    return shown(" ".join(text.split()))


def json_shown(text: str) -> str:
    """A line of JSON that says the same and that a terminal does not obey."""
    return _JSON_OBEYED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:  # noqa: PLR2004 - the control characters of ASCII
        return chr(_PICTURES + code)
    return "\u2421" if code == _DELETE else f"<U+{code:04X}>"
