"""From a filter to SQL: a condition with bound parameters only. Nothing that a person typed is ever part of the text.

``resolve`` first turns raw ids and raw personal data into the pseudonyms that the store holds, and relative instants
into absolute ones. Both are pure. A field's name reaches SQL only as a column of ``fields.FIELDS``.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from onrecord.errors import Rejected
from onrecord.model.ids import is_random_id
from onrecord.model.record import Place
from onrecord.query.fields import HAPPENED, Field, find
from onrecord.query.port import Lens
from onrecord.query.scope import SCOPED
from onrecord.query.syntax import And, At, Compare, Exists, Filter, In, Not, Or, Text

Value = str | int | float
_COLUMNS: Final = ("input_text", "output_text")
_SYMBOLS: Final = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LATER: Final = (">", ">=")
_WORD: Final = re.compile(r"[0-9A-Za-z\u0080-\U0010ffff]+")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that put no spaces between words: a word of them is looked for as a substring."""
_UNKNOWN_INSTANT: Final = ("start_us", "end_us")
_PASS: Final = {"pass": True, "passed": True, "fail": False, "failed": False}
ONLY_RESPONSE: Final = "trace_id = '' AND span_id = '' AND response_id != ''"
"""Judgements that name the response of a model call and neither its trace nor its span."""
ONE_JUDGEMENT: Final = (
    f"trace_id, span_id, session, if({ONLY_RESPONSE}, response_id, ''), "
    "if(score_id = '', toString((shard, idx, ordinal)), score_id)"
)
"""What is equal for all versions of one judgement of a name."""


class Bound(msgspec.Struct):
    """The parameters of one statement."""

    values: dict[str, Any] = {}

    def add(self, value: Value | list[str] | list[int] | list[float], kind: str) -> str:
        """The placeholder of a value of a ClickHouse type."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"


def resolve(where: Filter, lens: Lens, now_us: int) -> Filter:
    """The same filter in the words of the store."""

    def value(field: Field, one: Value) -> Value:
        if field.kind == "instant" and isinstance(one, int | float) and one < 0:
            return max(0, now_us + int(one))
        if isinstance(one, str) and field.identity:
            return _pseudonym(field, lens, one)
        return lens.screen.text(one).masked if isinstance(one, str) and field.screened else one

    if isinstance(where, And | Or):
        return type(where)(tuple(resolve(part, lens, now_us) for part in where.parts))
    if isinstance(where, Not):
        return Not(resolve(where.part, lens, now_us))
    if isinstance(where, Compare):
        return Compare(where.field, where.operator, value(field_of(where.field), where.value))
    if isinstance(where, In):
        field = field_of(where.field)
        return In(where.field, tuple(value(field, one) for one in where.values))
    return Text(where.kind, lens.screen.text(where.text).masked) if isinstance(where, Text) else where


def field_of(name: str) -> Field:
    """The field of this name; raises ``Rejected`` when there is none."""
    field = find(name)
    if field is None:
        raise Rejected("A filter names a field that does not exist.", hint="The fields are listed in docs/api.md.")
    return field


def compile_filter(where: Filter, bound: Bound) -> str:
    """The condition on a row of ``spans`` that is true for the spans that fit; never NULL."""
    if isinstance(where, And):
        return "(" + " AND ".join(compile_filter(part, bound) for part in where.parts) + ")" if where.parts else "1"
    if isinstance(where, Or):
        return "(" + " OR ".join(compile_filter(part, bound) for part in where.parts) + ")" if where.parts else "0"
    if isinstance(where, Not):
        return f"NOT {compile_filter(where.part, bound)}"
    if isinstance(where, Text):
        return _text(where, bound)
    if isinstance(where, At):
        return at(where.places, bound)
    return _condition(where, bound)


def at(places: Iterable[Place], bound: Bound) -> str:
    """The condition that a row stands at one of ``places``."""
    by_shard: dict[int, list[int]] = {}
    for place in places:
        by_shard.setdefault(place.shard, []).append(place.index)
    tests = [
        f"shard = {bound.add(shard, 'UInt16')} AND idx IN {bound.add(indexes, 'Array(UInt64)')}"
        for shard, indexes in by_shard.items()
    ]
    return f"({' OR '.join(tests) or '0'})"


def _condition(where: Filter, bound: Bound) -> str:
    if isinstance(where, Exists):
        return _exists(field_of(where.field), bound)
    if isinstance(where, In):
        field = field_of(where.field)
        if where.values and field.kind in ("text", "id"):
            return _one_of(field, where.values, bound)
        parts = [_compare(field, "=", value, bound) for value in where.values]
        return f"({' OR '.join(parts) or '0'})"
    if isinstance(where, Compare):
        field = field_of(where.field)
        if where.operator == "!=":
            return f"NOT {_compare(field, '=', where.value, bound)}"
        return _compare(field, where.operator, where.value, bound)
    raise Rejected("A filter of this kind is not known.")


def _compare(field: Field, operator: str, value: Value, bound: Bound) -> str:
    if field.kind == "score":
        return _score(field, operator, value, bound)
    if field.whole_trace:
        return _names(field, f"value = {bound.add(str(value), 'String')}", operator)
    if field.kind in ("number", "duration", "instant", "flag"):
        return _number(field, operator, value, bound)
    test = _text_test(operator, value, bound)
    if field.kind == "list":
        return f"arrayExists(x -> {test('x')}, {field.columns[0]})"
    if field.kind == "open":
        key = bound.add(field.key, "String")
        column = f"{field.columns[0]}[{key}]"
        return f"(mapContains({field.columns[0]}, {key}) AND {test(column)})"
    tests = [test(column) for column in field.columns]
    return tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})"


def _one_of(field: Field, values: tuple[Value, ...], bound: Bound) -> str:
    many = bound.add([str(value) for value in values], "Array(String)")
    if field.whole_trace:
        return _names(field, f"value IN {many}", "=")
    return f"({' OR '.join(f'{column} IN {many}' for column in field.columns)})"


def _text_test(operator: str, value: Value, bound: Bound) -> Callable[[str], str]:
    text = str(value)
    if operator == "=":
        placeholder = bound.add(text, "String")
        return lambda column: f"{column} = {placeholder}"
    if operator == "prefix":
        placeholder = bound.add(text, "String")
        return lambda column: f"startsWith({column}, {placeholder})"
    if operator == "contains":
        placeholder = bound.add(_pattern(text), "String")
        return lambda column: f"{column} ILIKE {placeholder}"
    if operator in _SYMBOLS and not isinstance(value, str):
        placeholder = bound.add(float(value), "Float64")
        return lambda column: f"ifNull(toFloat64OrNull({column}) {operator} {placeholder}, 0)"
    raise Rejected("A filter compares text in a way that text has not.")


def _number(field: Field, operator: str, value: Value, bound: Bound) -> str:
    if operator not in _SYMBOLS or isinstance(value, str):
        raise Rejected("A filter compares a number in a way that numbers have not.")
    column = field.columns[0]
    if field.kind == "instant":
        placeholder = bound.add(int(value), "Int64")
    else:
        scale = 1_000 if column == "duration_us" else 1
        placeholder = bound.add(float(value) * scale, "Float64")
    known = f"{column} != 0 AND " if column in _UNKNOWN_INSTANT else ""
    if column == HAPPENED and operator in _LATER:  # It was received later still: older parts are passed over.
        known = f"received_us {operator} {placeholder} AND "
    return f"({known}ifNull({column} {operator} {placeholder}, 0))"


def _exists(field: Field, bound: Bound) -> str:
    if field.kind == "score":
        return _scores(field, "1", bound)
    if field.whole_trace:
        return _names(field, "value != ''", "=")
    column = field.columns[0]
    if field.kind == "open":
        return f"mapContains({column}, {bound.add(field.key, 'String')})"
    if field.kind == "list":
        return f"notEmpty({column})"
    if field.kind in ("number", "duration", "flag"):
        return f"isNotNull({column})"
    if field.kind == "instant":
        return f"{column} != 0"
    return "(" + " OR ".join(f"{column} != ''" for column in field.columns) + ")"


def _names(field: Field, test: str, operator: str) -> str:
    """Spans of the traces of which any span names somebody."""
    if operator != "=":
        raise Rejected("An id is equal to another or not; it has no order.")
    names = f"SELECT trace_id FROM trace_names WHERE {SCOPED} AND field = '{field.name}' AND {test}"
    return f"(trace_id IN ({names}))"


def _score(field: Field, operator: str, value: Value, bound: Bound) -> str:
    if not isinstance(value, str):
        if operator not in _SYMBOLS:
            raise Rejected("A filter compares a number in a way that numbers have not.")
        return _scores(field, f"ifNull(value {operator} {bound.add(float(value), 'Float64')}, 0)", bound)
    if operator == "=" and value.lower() in _PASS:
        return _scores(field, f"ifNull(passed = {_PASS[value.lower()]}, 0)", bound)
    test = _text_test(operator, value, bound)("label")
    if operator == "=":
        test = f"({test} OR ifNull(value = toFloat64OrNull({bound.add(value, 'String')}), 0))"
    return _scores(field, test, bound)


def _scores(field: Field, test: str, bound: Bound) -> str:
    """Spans whose trace, or who themselves, have a judgement of which the newest version fits."""
    name = bound.add(field.key, "String")
    # The same client id again replaces the judgement: the one that stands last counts.
    newest = (
        "SELECT trace_id, span_id, response_id, passed, value, label FROM scores FINAL "
        f"WHERE {SCOPED} AND name = {name} ORDER BY shard DESC, idx DESC, ordinal DESC LIMIT 1 BY {ONE_JUDGEMENT}"
    )
    by_trace = f"trace_id != '' AND trace_id IN (SELECT trace_id FROM ({newest}) WHERE {test})"
    by_span = f"span_id IN (SELECT span_id FROM ({newest}) WHERE trace_id = '' AND span_id != '' AND {test})"
    by_response = f"response_id IN (SELECT response_id FROM ({newest}) WHERE {ONLY_RESPONSE} AND {test})"
    return f"({by_trace} OR {by_span} OR {by_response})"


def _text(where: Text, bound: Bound) -> str:
    words = where.text.split() if where.kind == "words" else [where.text]
    tests = [_word(word, where.kind, bound) for word in words]
    return f"({' AND '.join(tests)})" if tests else "1"


def _word(text: str, kind: str, bound: Bound) -> str:
    pieces = _WORD.findall(text)
    if kind == "substring" or not pieces or _UNSPACED.search(text):
        placeholder = bound.add(_pattern(text), "String")
        tests = [f"{column} ILIKE {placeholder}" for column in _COLUMNS]
    else:
        call = "hasAllTokens" if len(pieces) == 1 else "hasPhrase"
        placeholder = bound.add(" ".join(pieces), "String")
        tests = [f"{call}({column}, {placeholder})" for column in _COLUMNS]
    return f"({' OR '.join(tests)})"


def _pattern(text: str) -> str:
    """``text`` anywhere, as LIKE spells it."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _pseudonym(field: Field, lens: Lens, raw: str) -> str:
    names = lens.pseudonyms
    if field.identity == "user":
        return names.user(raw)
    if field.identity == "session":
        return names.session(raw)
    if field.identity == "tenant":
        return names.tenant(raw)
    return raw if is_random_id(raw) else names.text_id(raw)
