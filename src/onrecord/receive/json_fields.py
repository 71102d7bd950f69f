"""The fields of OTLP in JSON: ids, numbers, enums, attribute values, each in every way that clients write them.

Source: OTLP 1.9, "JSON Protobuf Encoding", and proto3's JSON mapping. A value of the wrong type raises ``Bad``, whose
sentence names the field and holds no byte of it.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Any, Final

from onrecord.limits import ATTRIBUTE_DEPTH, ATTRIBUTE_KEY_BYTES, ATTRIBUTES_PER_SPAN
from onrecord.receive.decoded import Bad

_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_SNAKE = re.compile(r"(?<=[a-z])([A-Z])")


def snake(name: str) -> str:
    """The protobuf name of a lowerCamelCase name."""
    return _SNAKE.sub(r"_\1", name).lower()


def get(parent: dict[str, Any], name: str) -> Any:
    """A value under its lowerCamelCase name, else under its protobuf name."""
    value = parent.get(name)
    return parent.get(snake(name)) if value is None else value


def items(item: dict[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    """The objects of a list, at most so many.

    Raises:
        Bad: it is no list, too long, or holds something else.
    """
    values = item.get(name)
    if values is None:
        return []
    if not isinstance(values, list):
        raise Bad(f"{name} is not a list")
    if len(values) > most:
        raise Bad(f"more than {most} {name}")
    if not all(isinstance(value, dict) for value in values):
        raise Bad(f"one of {name} is not an object")
    return values


def id_of(item: dict[str, Any], name: str, size: int, *, needed: bool = False) -> str:
    """An id as lower-case hex; also from base64, which generic protobuf-to-JSON converters write.

    Raises:
        Bad: it is neither, of another length, or needed and zero.
    """
    text = text_of(get(item, name))
    if not text and not needed:
        return ""
    if len(text) != 2 * size or not _HEX.match(text):
        try:
            raw = b64decode(text, validate=True)
        except (NotBase64, ValueError):
            raw = b""
        if len(raw) != size:
            raise Bad(f"{name} is not {2 * size} hex digits")
        text = raw.hex()
    if text.strip("0"):
        return text.lower()
    if needed:
        raise Bad(f"{name} is zero")
    return ""


def uint(item: dict[str, Any], name: str, end: int) -> int:
    """A whole number from 0 up to ``end``, also as text; 0 when it is not there.

    Raises:
        Bad: it is something else.
    """
    value = get(item, name)
    if value is None:
        return 0
    if isinstance(value, str):
        value = int(value) if len(value) <= 20 and value.isascii() and value.isdigit() else None  # noqa: PLR2004 - 2^64
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value < end:
        raise Bad(f"{name} is not a whole number below {end}")
    return value


def enum(value: Any, names: dict[str, int], name: str) -> int:
    """An enum by number or name; 0 when it is not there.

    Raises:
        Bad: no such name.
    """
    if value is None:
        return 0
    if type(value) is int and 0 <= value < 2**31:
        return value
    if isinstance(value, str):
        number = names.get(value.upper(), int(value) if value.isascii() and value.isdigit() and len(value) < 9 else -1)  # noqa: PLR2004
        if number >= 0:
            return number
    raise Bad(f"{name} is not one of the values that OTLP knows")


def text_of(value: Any) -> str:
    """A text; empty when it is not there.

    Raises:
        Bad: it is something else.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise Bad("a name or id is not text")


def attributes_of(pairs: Any, depth: int = 0) -> dict[str, Any]:
    """Attributes as a map; of a name that comes twice the last counts.

    Raises:
        Bad: they are malformed or beyond a bound.
    """
    if pairs is None:
        return {}
    if not isinstance(pairs, list):
        raise Bad("attributes are not a list of key and value")
    if len(pairs) > ATTRIBUTES_PER_SPAN:
        raise Bad(f"more than {ATTRIBUTES_PER_SPAN} attributes")
    result: dict[str, Any] = {}
    for pair in pairs:
        key = pair.get("key", "") if isinstance(pair, dict) else None
        if not isinstance(key, str):
            raise Bad("an attribute has a key that is no text")
        if len(key) > ATTRIBUTE_KEY_BYTES:
            raise Bad(f"an attribute name is longer than {ATTRIBUTE_KEY_BYTES} bytes")
        result[key] = value_of(pair.get("value"), depth)
    return result


def value_of(value: Any, depth: int) -> Any:
    """An ``AnyValue``. One that has no known kind is unknown, as protobuf has it."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Bad("an attribute value is not an object such as {stringValue: ...}")
    if depth >= ATTRIBUTE_DEPTH:
        raise Bad(f"an attribute is nested more than {ATTRIBUTE_DEPTH} levels")
    for kind, inner in value.items():
        read = _KINDS.get(kind)
        if read is not None:
            return read(inner, depth + 1)
    return None


def _string(value: Any, _: int) -> str:
    if not isinstance(value, str):
        raise Bad("a stringValue is not text")
    return value


def _bool(value: Any, _: int) -> bool:
    if not isinstance(value, bool):
        raise Bad("a boolValue is neither true nor false")
    return value


def _int(value: Any, _: int) -> int:
    try:
        number = int(value) if isinstance(value, str) and len(value) <= 20 else value  # noqa: PLR2004 - 64 bits
    except ValueError:
        number = None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if type(number) is not int or not -(2**63) <= number < 2**63:
        raise Bad("an intValue is not a whole number of 64 bits")
    return number


def _double(value: Any, _: int) -> float:
    """A number, also as text: ``NaN``, ``Infinity`` and ``-Infinity`` have no other way in JSON."""
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > 400):  # noqa: PLR2004 - the longest double
        raise Bad("a doubleValue is not a number")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise Bad("a doubleValue is not a number") from None


def _bytes(value: Any, _: int) -> bytes:
    """Base64, standard or URL-safe, padded or not, as proto3's JSON mapping accepts it."""
    if not isinstance(value, str):
        raise Bad("a bytesValue is not base64")
    text = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise Bad("a bytesValue is not base64") from None


def _array(value: Any, depth: int) -> list[Any]:
    values = value.get("values", []) if isinstance(value, dict) else None
    if not isinstance(values, list):
        raise Bad("an arrayValue has no list of values")
    return [value_of(item, depth) for item in values]


def _map(value: Any, depth: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Bad("a kvlistValue has no list of values")
    return attributes_of(value.get("values"), depth)


_KINDS: Final[dict[str, Callable[[Any, int], Any]]] = {
    "stringValue": _string, "boolValue": _bool, "intValue": _int, "doubleValue": _double, "bytesValue": _bytes,
    "arrayValue": _array, "kvlistValue": _map, "string_value": _string, "bool_value": _bool, "int_value": _int,
    "double_value": _double, "bytes_value": _bytes, "array_value": _array, "kvlist_value": _map,
}  # fmt: skip

SPAN_KINDS: Final = {
    f"{prefix}{name}": number
    for number, name in enumerate(("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"))
    for prefix in ("SPAN_KIND_", "")
}
STATUS_CODES: Final = {
    f"{prefix}{name}": number for number, name in enumerate(("UNSET", "OK", "ERROR")) for prefix in ("STATUS_CODE_", "")
}
SEVERITIES: Final = {
    f"SEVERITY_NUMBER_{word}{step or ''}": 1 + 4 * position + (step - 1 if step else 0)
    for position, word in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))
    for step in (0, 2, 3, 4)
}
