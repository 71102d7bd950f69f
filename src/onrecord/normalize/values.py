"""Reading a value that a client sent, whatever type it chose for it.

Conventions disagree on types: a count is an int, a string or a float; a map is a map or its JSON text. Every
function here answers with the type asked for or with *unknown* (``""``, ``None``); none raises on any value.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from onrecord.limits import ATTRIBUTE_DEPTH

_BRACKETS = ("{", "[")


def as_text(value: Any) -> str:
    """A value as text: strings as they are, anything else as compact JSON; ``None`` is empty."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        return orjson.dumps(value, _foreign, orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError, RecursionError):
        return str(value)


def as_int(value: Any) -> int | None:
    """A whole number below 2^63, from an int, a float or their decimal text; otherwise unknown."""
    if type(value) is int:
        return value if -(2**63) <= value < 2**63 else None
    number = as_float(value)
    return int(number) if number is not None and abs(number) < 2**53 else None


def as_float(value: Any) -> float | None:
    """A finite number, from an int, a float or their text; otherwise unknown. A boolean is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and len(value) > 40:  # noqa: PLR2004 - longer than any number that is meant as one
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_bool(value: Any) -> bool | None:
    """A truth value, from a bool or the words ``true`` and ``false``; otherwise unknown."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return None


def as_list(value: Any) -> list[Any]:
    """The items of a list, of the JSON text of a list, or the value as the only item; ``None`` has none."""
    value = parsed(value)
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def as_map(value: Any) -> dict[str, Any]:
    """A map, or the map that a JSON text says; anything else has no keys."""
    value = parsed(value)
    return value if isinstance(value, dict) else {}


def as_texts(value: Any) -> tuple[str, ...]:
    """The items of a list as texts, empty ones left out."""
    return tuple(text for item in as_list(value) if (text := as_text(item)))


def parsed(value: Any) -> Any:
    """The value that a JSON text of an object or array says; any other value, and text that is no JSON, as it is."""
    if type(value) is not str or not value.lstrip(" \n\r\t").startswith(_BRACKETS):
        return value
    try:
        result = orjson.loads(value)
    except ValueError:  # also lone surrogates and nesting beyond what the parser bears
        return value
    if value.count("[") + value.count("{") > ATTRIBUTE_DEPTH and deeper_than(result, ATTRIBUTE_DEPTH):
        return value
    return result


def deeper_than(value: Any, depth: int) -> bool:
    """Whether arrays and maps nest more than ``depth`` levels; level by level, so that no input exhausts the stack."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(depth):
        below: list[Any] = []
        for outer in level:
            inner = outer.values() if isinstance(outer, dict) else outer
            below.extend([item for item in inner if isinstance(item, dict | list)])
        if not below:
            return False
        level = below
    return True


def first(values: Mapping[str, Any], *keys: str) -> Any:
    """The value of the first of ``keys`` that is there and not ``None``."""
    for key in keys:
        value = values.get(key)
        if value is not None:
            return value
    return None


def without(values: Mapping[str, Any], known: Sequence[str] | frozenset[str]) -> dict[str, Any]:
    """What is left of a map when the keys that a field carries are taken out."""
    return {key: value for key, value in values.items() if key not in known and value is not None}


def _foreign(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
