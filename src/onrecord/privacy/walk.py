"""Walking values: every text of a record, wherever it stands.

``gather`` lists what there is to read, ``rebuild`` gives the same value with texts replaced; what is unchanged comes
back as the same object. Both know strings, bytes that are UTF-8 text, long integers, lists, tuples, maps and the
model's structs; nothing else holds text.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple, get_args

import msgspec

LONG_NUMBER: Final = 9_999_999
"""Integers up to here are too short to name a person."""
TEXT_BYTES: Final = 1024 * 1024
"""Bytes values beyond this are media, not text."""
_NUMBERS: Final = frozenset((int, float, bool, type(None)))

Leaf = Callable[[str, str], str]
"""Given a text and the key of the nearest map entry above it, what stands there instead."""


class Gathered(NamedTuple):
    """Every text of a value; for each the key of the nearest map entry above it; and every map key."""

    texts: list[str]
    under: list[str]
    keys: list[str]


def gather(value: Any, into: Gathered, key: str = "") -> None:
    """Append what ``value`` holds to ``into``."""
    kind = type(value)
    if kind is str:
        into.texts.append(value)
        into.under.append(key)
    elif kind is dict:
        into.keys.extend(value)
        for name, below in value.items():
            if type(below) is str:
                into.texts.append(below)
                into.under.append(name)
            else:
                gather(below, into, name)
    elif kind is list or kind is tuple:
        for below in value:
            gather(below, into, key)
    elif kind is int:
        if value > LONG_NUMBER:
            gather(str(value), into, key)
    elif kind is not float and kind is not bool and value is not None:
        _gather_other(value, into, key)


def _gather_other(value: Any, into: Gathered, key: str) -> None:
    if isinstance(value, bytes):
        text = text_in(value)
        if text is not None:
            gather(text, into, key)
    elif isinstance(value, msgspec.Struct):
        for name in text_fields(type(value)):
            below = getattr(value, name)
            if below:
                gather(below, into)


@cache
def text_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Names of the fields of a struct that can hold text."""
    fields = msgspec.structs.fields(kind)
    return tuple(field.name for field in fields if not _NUMBERS.issuperset(get_args(field.type) or (field.type,)))


def text_in(raw: bytes) -> str | None:
    """The text that bytes hold, or None when they are no text."""
    if not raw or len(raw) > TEXT_BYTES or b"\0" in raw[:64]:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def rebuild(value: Any, leaf: Leaf, key: str = "") -> Any:
    """``value`` with ``leaf`` applied to every text; the same object where nothing changed."""
    kind = type(value)
    if kind is str:
        return leaf(value, key) if value else value
    if kind is dict:
        return _map(value, leaf)
    if kind is list or kind is tuple:
        items = [rebuild(below, leaf, key) for below in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else kind(items)
    if kind is int and value > LONG_NUMBER:
        new = leaf(str(value), key)
        return value if new == str(value) else new
    if kind is bytes:
        return _bytes(value, leaf, key)
    if isinstance(value, msgspec.Struct):
        return _struct(value, leaf)
    return value


def _bytes(value: bytes, leaf: Leaf, key: str) -> bytes:
    text = text_in(value)
    if text is None:
        return value
    new = leaf(text, key)
    return value if new == text else new.encode("utf-8", "surrogatepass")


def _map(value: dict[str, Any], leaf: Leaf) -> dict[str, Any]:
    changed = False
    result: dict[str, Any] = {}
    for key, below in value.items():
        new_key = leaf(key, "")
        while new_key != key and new_key in result:
            new_key += "'"  # two keys that became one token
        new = rebuild(below, leaf, key if new_key == key else "")
        changed = changed or new is not below or new_key != key
        result[new_key] = new
    return result if changed else value


def _struct(value: msgspec.Struct, leaf: Leaf) -> msgspec.Struct:
    new = {}
    for name in text_fields(type(value)):
        old = getattr(value, name)
        if old:
            changed = rebuild(old, leaf)
            if changed is not old:
                new[name] = changed
    return msgspec.structs.replace(value, **new) if new else value
