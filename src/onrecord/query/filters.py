"""Filters from what a person typed: the search line and URL parameters. The tree itself is ``syntax``.

Every fault is ``Rejected``; it names the parameter or the position, never the value.
"""

import re
from collections.abc import Sequence
from typing import Final

from onrecord.errors import Rejected
from onrecord.query.fields import find
from onrecord.query.language import condition, parse
from onrecord.query.syntax import EVERYTHING, And, Compare, Exists, Filter, In, Not, Or, Text

__all__ = [
    "EVERYTHING",
    "And",
    "Compare",
    "Exists",
    "Filter",
    "In",
    "Not",
    "Or",
    "Text",
    "everything_of",
    "from_parameters",
    "parse",
]

SUFFIXES: Final = {
    "ne": "!=",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
    "prefix": "prefix",
    "contains": "~",
    "exists": "exists",
}
"""What may follow a field's name and two underscores in a URL."""
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
QUERY: Final = "q"
"""The parameter that holds a search line."""


def from_parameters(pairs: Sequence[tuple[str, str]]) -> Filter:
    """A filter from URL parameters: ``model=gpt-4o&latency__gt=2s&user=jan@example.com&q=...``.

    The same parameter twice means *one of them*; different parameters must all fit.

    Raises:
        Rejected: as ``parse``; an unknown parameter is named.
    """
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return everything_of([_parameter(name, values) for name, values in grouped.items()])


def everything_of(parts: Sequence[Filter]) -> Filter:
    """The filter that all of ``parts`` make together."""
    needed = [part for part in parts if part != EVERYTHING]
    return needed[0] if len(needed) == 1 else And(tuple(needed))


def _parameter(name: str, values: list[str]) -> Filter:
    if name == QUERY:
        return everything_of([parse(value) for value in values])
    stem, mark, suffix = name.rpartition("__")
    field = find(stem if mark and suffix in SUFFIXES else name)
    if field is None:
        raise Rejected(
            f"There is no parameter {_shown(name)}.", hint="The parameters are listed in /api/v1/openapi.json."
        )
    operator = SUFFIXES[suffix] if mark and suffix in SUFFIXES else "="
    try:
        if operator == "exists":
            return _exists(field.name, values)
        return condition(field, operator, [(value, True) for value in values])
    except ValueError as error:
        raise Rejected(f"The parameter {_shown(name)} is not understood: {error}.") from None


def _exists(name: str, values: list[str]) -> Filter:
    word = values[0].lower()
    if word not in ("true", "false"):
        raise ValueError("the value is true or false")
    return Exists(name) if word == "true" else Not(Exists(name))


def _shown(name: str) -> str:
    """A parameter's name as an error may repeat it: what could be a person's text is not repeated."""
    return f"'{name}'" if _NAME.fullmatch(name) else "of that name"
