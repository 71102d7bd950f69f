"""Filters: which spans are meant. An immutable tree, the same for the API, the pages and the command line.

A filter says what one *span* must be; a list of traces shows each trace of which a span fits. ``ids`` (user, session,
tenant) may be raw: ``resolve`` turns them into pseudonyms before anything is asked of the store.
``filters`` makes one from what a person typed, ``compile`` asks the store with it.
"""

from typing import Final

import msgspec

from onrecord.model.record import Place

OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=", "prefix", "contains")


class Filter(msgspec.Struct, frozen=True):
    """Base of the tree."""


class And(Filter, frozen=True, tag=True):
    """All of them; of none: everything."""

    parts: tuple[Filter, ...] = ()


class Or(Filter, frozen=True, tag=True):
    """At least one of them; of none: nothing."""

    parts: tuple[Filter, ...] = ()


class Not(Filter, frozen=True, tag=True):
    """What the part does not match, unknown values included."""

    part: Filter


class Compare(Filter, frozen=True, tag=True):
    """A field against a value. A span whose field is unknown matches no comparison but ``!=``."""

    field: str
    """A name of ``fields.FIELDS``, or ``metadata.<key>``, ``attributes.<key>``, ``resource.<key>``."""
    operator: str
    value: str | float


class In(Filter, frozen=True, tag=True):
    """A field that has one of some values."""

    field: str
    values: tuple[str | float, ...]


class Exists(Filter, frozen=True, tag=True):
    """A field that is known."""

    field: str


class Text(Filter, frozen=True, tag=True):
    """Words in input, output or name. ``kind``: ``words`` (all of them), ``phrase`` or ``substring``."""

    kind: str
    text: str


class At(Filter, frozen=True, tag=True):
    """Spans at these places of the ledgers. What a search found: nobody types it."""

    places: tuple[Place, ...]


EVERYTHING: Final = And()


def looks_for_text(where: Filter) -> bool:
    """Whether any part of a filter is words, a phrase or a part of a word."""
    if isinstance(where, And | Or):
        return any(map(looks_for_text, where.parts))
    return looks_for_text(where.part) if isinstance(where, Not) else isinstance(where, Text)


def values_of(where: Filter, field: str) -> tuple[str, ...]:
    """Every text that a filter compares a field with, also in what it leaves out; each once, in order."""
    found: tuple[str | float, ...] = ()
    if isinstance(where, And | Or):
        found = tuple(value for part in where.parts for value in values_of(part, field))
    elif isinstance(where, Not):
        found = values_of(where.part, field)
    elif isinstance(where, Compare) and where.field == field:
        found = (where.value,)
    elif isinstance(where, In) and where.field == field:
        found = where.values
    return tuple(dict.fromkeys(value for value in found if isinstance(value, str)))
