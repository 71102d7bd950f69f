"""JSON kept as text: its strings and long numbers are rewritten in place, every other byte stays as it was."""

import json
import re
from collections.abc import Callable
from typing import Final

_LEXEME = re.compile(r'"(?:[^"\\]|\\.)*+"|-?\d[\d.eE+\-]*+|[\[\]{},]', re.DOTALL)
_KEY_END = re.compile(r"\s*:")
_OPENING: Final = ("{", "[")
_LONG_NUMBER: Final = 8
"""Digits of the shortest number that can name a person."""


def is_json(text: str) -> bool:
    """Whether ``text`` is a JSON object or array."""
    if not text.lstrip()[:1].startswith(_OPENING):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def rewrite(text: str, change: Callable[[str, str], str]) -> str:
    """Valid JSON ``text`` with ``change(value, key)`` applied to its strings, keys and long numbers.

    ``key`` is that of the nearest map entry; empty for keys themselves and below a changed one. A changed number
    becomes a string.
    """
    pieces: list[str] = []
    keys: list[str] = [""]
    seen = 0
    for lexeme in _LEXEME.finditer(text):
        raw = lexeme.group()
        new = raw
        if raw[0] == '"':
            value = json.loads(raw, strict=False)
            if _KEY_END.match(text, lexeme.end()):
                changed = change(value, "")
                keys[-1] = value if changed == value else ""
                new = _string(raw, value, changed)
            else:
                new = _string(raw, value, change(value, keys[-1]))
        elif raw == "{":
            keys.append("")
        elif raw == "[":
            keys.append(keys[-1])
        elif raw in "]}":
            keys.pop()
        elif raw.isdigit() and len(raw) >= _LONG_NUMBER:
            changed = change(raw, keys[-1])
            new = raw if changed == raw else json.dumps(changed)
        if new is not raw:
            pieces += (text[seen : lexeme.start()], new)
            seen = lexeme.end()
    return "".join(pieces) + text[seen:] if pieces else text


def _string(raw: str, value: str, changed: str) -> str:
    return raw if changed == value else json.dumps(changed, ensure_ascii=raw.isascii())
