"""Completions of the search line: names of fields, and values that were observed, for what is being typed."""

import re
from typing import Final

import msgspec

from onrecord.model.access import Level
from onrecord.query.fields import ALIASES, FIELDS, Field, find
from onrecord.query.figures import facets
from onrecord.query.scope import View, reads_text
from onrecord.query.syntax import Filter

SHOWN: Final = 10
"""Completions of one answer."""
_LOOKED_AT: Final = 200
"""The most frequent values of a field that are looked through."""
_NAME: Final = re.compile(r"(?:^|[\s(])-?([A-Za-z_][\w.]*)$")
_QUOTED: Final = re.compile(r'(?:^|[\s(])-?([A-Za-z_][\w.]*)(?::|!?=)"([^"]*)$')
_BARE: Final = re.compile(r'(?:^|[\s(])-?([A-Za-z_][\w.]*)(?::|!?=)([^\s"()]*)$')
_PLAIN: Final = re.compile(r"[\w.@/:+-]+", re.ASCII)
_COUNTED: Final = ("text", "id", "flag", "list", "open")


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that could be meant."""

    text: str
    """What stands in place of what was typed from ``start`` on."""
    start: int
    """Character of the line at which it begins."""
    note: str = ""
    count: int | None = None
    """Spans that have the value; ``None`` for the name of a field."""


def complete(view: View, line: str, where: Filter) -> tuple[Completion, ...]:
    """Completions of the end of ``line``, the most likely first.

    Values are those of the spans that fit ``where``; a field of text that the reader may not see has none.
    """
    for pattern in (_QUOTED, _BARE):
        if match := pattern.search(line):
            field = find(match[1])
            start = match.start(2) - (pattern is _QUOTED)
            return _values(view, field, match[2], start, where) if field is not None else ()
    match = _NAME.search(line)
    return _names(match[1], match.start(1)) if match else ()


def _names(typed: str, start: int) -> tuple[Completion, ...]:
    low = typed.lower()
    named = [*FIELDS, *(alias for alias in ALIASES if alias not in FIELDS)]
    likely = sorted((name for name in named if low in name), key=lambda name: (not name.startswith(low), name))
    found = ((name, FIELDS.get(ALIASES.get(name, name))) for name in likely[:SHOWN])
    return tuple(
        Completion(text=f"{name}{'>' if _is_measured(field) else ':'}", start=start, note=field.note)
        for name, field in found
        if field is not None
    )


def _is_measured(field: Field | None) -> bool:
    return field is not None and field.kind in ("number", "duration")


def _values(view: View, field: Field, typed: str, start: int, where: Filter) -> tuple[Completion, ...]:
    if field.kind not in _COUNTED or (view.level < Level.PSEUDONYMISED and reads_text(field.name)):
        return ()
    low = typed.lower()
    known = facets(view, (field.name,), where, _LOOKED_AT)[0].values
    fitting = [one for one in known if low in one.value.lower()]
    fitting.sort(key=lambda one: not one.value.lower().startswith(low))
    seen = {one.value for one in fitting}
    rest = [value for value in field.choices if value not in seen and value.startswith(low)]
    return (
        *(Completion(text=quoted(one.value), start=start, count=one.count) for one in fitting[:SHOWN]),
        *(Completion(text=value, start=start, count=0) for value in rest[: max(0, SHOWN - len(fitting))]),
    )


def quoted(value: str) -> str:
    """A value as the language writes it: in quotes where it needs them."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return value if _PLAIN.fullmatch(value) else f'"{escaped}"'
