"""JSON as a collapsible tree of plain HTML, readable without script: nested ``details``, bounded in nodes and depth.

Every key and value goes through :func:`onrecord.web.ink.ink`. What exceeds a bound is counted in words, never
dropped silently.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from markupsafe import Markup

from onrecord.web.ink import ink
from onrecord.web.words import bytes_text, plural

NODES: Final = 2_000
"""Values of one tree on a page; the rest is one click away as text."""
DEPTH: Final = 40
"""Nesting shown as nesting; deeper values are shown as one line of JSON."""
OPEN_DEPTH: Final = 2
"""Levels that are open at first."""
STRING_CHARACTERS: Final = 4_000
"""Characters of one string inside a tree."""
PARSE_CHARACTERS: Final = 500_000
"""The longest text that is tried as JSON."""


class _Budget:
    """Nodes that may still be drawn."""

    def __init__(self, left: int) -> None:
        self.left = left


def parsed(text: str) -> Any:
    """The object or array that ``text`` is in JSON, else ``None``."""
    body = text.strip()
    if not body or len(body) > PARSE_CHARACTERS or body[0] + body[-1] not in ("{}", "[]"):
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


def json_text(value: Any) -> str:
    """``value`` as JSON on one line; bytes as their length, whatever else as its words."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except (ValueError, RecursionError):
        return "(too deeply nested to be written as JSON)"


def tree(value: Any, terms: Sequence[str] = ()) -> Markup:
    """``value`` as a collapsible tree."""
    return Markup('<div class="json">{}</div>').format(_draw(value, 0, _Budget(NODES), terms))


def _plain(value: Any) -> str:
    return f"({bytes_text(len(value))} of bytes)" if isinstance(value, bytes) else str(value)


def _draw(value: Any, depth: int, budget: _Budget, terms: Sequence[str]) -> Markup:
    budget.left -= 1
    if not isinstance(value, dict | list | tuple) or not value:
        return _leaf(value, terms)
    if depth >= DEPTH:
        return _leaf(json_text(value), terms)
    fields = isinstance(value, dict)
    items: Iterator[tuple[Any, Any]] = iter(value.items()) if isinstance(value, dict) else enumerate(value)
    rows: list[Markup] = []
    for key, item in items:
        if budget.left <= 0:
            rows.append(Markup('<li class="faint">{} not shown</li>').format(plural(len(value) - len(rows), "value")))
            break
        label = ink(str(key), terms)
        rows.append(Markup("<li><b>{}</b> {}</li>").format(label, _draw(item, depth + 1, budget, terms)))
    marks = "{}" if fields else "[]"
    return Markup("<details{}><summary>{}<i>{}</i>{}</summary><ul>{}</ul></details>").format(
        Markup(" open") if depth < OPEN_DEPTH and len(value) <= 40 else "",  # noqa: PLR2004 - a screen of rows
        marks[0],
        plural(len(value), "field" if fields else "item"),
        marks[1],
        Markup("").join(rows),
    )


def _leaf(value: Any, terms: Sequence[str]) -> Markup:
    if isinstance(value, str):
        if len(value) > STRING_CHARACTERS:
            cut = ink(value[:STRING_CHARACTERS], terms)
            rest = plural(len(value) - STRING_CHARACTERS, "more character")
            return Markup('<span class="s" dir="auto">{}</span> <span class="faint">… {}</span>').format(cut, rest)
        return Markup('<span class="s" dir="auto">{}</span>').format(ink(value, terms))
    if isinstance(value, bytes):
        return Markup('<span class="faint">{}</span>').format(_plain(value))
    return Markup('<span class="v">{}</span>').format(json_text(value))
