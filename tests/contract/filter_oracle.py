"""What a filter means, said a second time in Python: the oracle that compiled SQL is compared with."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from onrecord.query.fields import find
from onrecord.query.syntax import And, Compare, Exists, Filter, In, Not, Or, Text

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda have, want: have == want,
    "<": lambda have, want: have < want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    ">=": lambda have, want: have >= want,
    "prefix": lambda have, want: have.startswith(want),
    "contains": lambda have, want: want.lower() in have.lower(),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a span as the oracle knows."""

    trace: int
    number: int
    input: str
    output: str
    user: str
    model_served: str
    model_requested: str
    status: str
    kind: str
    latency_ms: float | None
    tokens_input: int | None
    tags: tuple[str, ...]
    metadata: dict[str, str]


def fits(where: Filter, row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row fits; ``rows`` are all there are, since a user of one span is a user of its whole trace."""
    match where:
        case And(parts):
            return all(fits(part, row, rows) for part in parts)
        case Or(parts):
            return any(fits(part, row, rows) for part in parts)
        case Not(part):
            return not fits(part, row, rows)
        case In(field, values):
            return any(_fits_value(field, "=", value, row, rows) for value in values)
        case Compare(field, "!=", value):
            return not _fits_value(field, "=", value, row, rows)
        case Compare(field, operator, value):
            return _fits_value(field, operator, value, row, rows)
        case Exists(field):
            return bool([value for value in _values(field, row, rows) if value != ""])
        case Text(kind, text):
            return _has_text(kind, text, row)
    raise AssertionError(where)


def _fits_value(field: str, operator: str, wanted: Any, row: Row, rows: Sequence[Row]) -> bool:
    have = _values(field, row, rows)
    if isinstance(wanted, float) and field.startswith("metadata."):
        have = [float(value) for value in have if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value)]
    return any(_COMPARE[operator](value, wanted) for value in have)


def _values(name: str, row: Row, rows: Sequence[Row]) -> list[Any]:
    field = find(name)
    assert field is not None
    if field.kind == "open":
        return [row.metadata[field.key]] if field.key in row.metadata else []
    if field.name == "user":
        return [other.user for other in rows if other.trace == row.trace and other.user]
    if field.name == "model":
        return [row.model_served, row.model_requested]
    if field.name == "tag":
        return list(row.tags)
    if field.name == "latency":
        return [] if row.latency_ms is None else [row.latency_ms]
    value = getattr(row, field.name)
    return [] if value is None else [value]


def _has_text(kind: str, text: str, row: Row) -> bool:
    if kind == "words":
        return all(_has_text("phrase", word, row) for word in text.split())
    wanted = _tokens(text)
    for body in (row.input, row.output):
        if kind == "substring" or not wanted:
            if text.lower() in body.lower():
                return True
            continue
        have = _tokens(body)
        if any(have[at : at + len(wanted)] == wanted for at in range(len(have))):
            return True
    return False


def _tokens(text: str) -> list[str]:
    return re.findall(r"[0-9a-z\u0080-\U0010ffff]+", text.lower())
