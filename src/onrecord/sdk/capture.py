"""What a program passes around, as text for the record: text as it is, the rest as JSON, bounded.

An object that JSON does not know is named by its type. Its ``repr`` is not asked for: it may run queries, be huge or
hold a secret.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

import msgspec

from onrecord.limits import CLIENT_VALUE_BYTES

TEXT: Final = "text/plain"
JSON: Final = "application/json"


def captured(value: Any) -> tuple[str, str]:
    """Text and media type of a value. Never raises."""
    if type(value) is str:
        return bounded(value), TEXT
    try:
        return bounded(_ENCODER.encode(value).decode("utf-8")), JSON
    except Exception:  # noqa: BLE001 - a value that breaks its own encoding is named, not kept
        return _named(value), TEXT


def bounded(text: str) -> str:
    """A text cut to what is captured, with a word that it was."""
    if len(text) <= CLIENT_VALUE_BYTES:
        return text
    return f"{text[:CLIENT_VALUE_BYTES]} [cut off: {len(text)} characters]"


def attribute(value: Any) -> Any:
    """A value as an attribute of OpenTelemetry: scalars and lists of text stay, the rest becomes JSON."""
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return list(value)
    return captured(value)[0]


def _simple(value: Any) -> Any:
    if isinstance(value, str | PurePath):
        return str(value)
    for name in ("model_dump", "to_dict"):
        dump = getattr(type(value), name, None)
        if callable(dump):
            return dump(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    return _named(value)


def _named(value: Any) -> str:
    return f"<{type(value).__module__}.{type(value).__qualname__}>"


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_simple)
