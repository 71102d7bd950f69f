"""LangSmith's filter language, ``and(eq(run_type, "llm"), gt(latency, 5))``, as a filter of ours.

What it can ask and we can not is refused with a sentence, never left out: a list that ignores half of a filter is a
wrong answer. Source: docs.langchain.com/langsmith/trace-query-syntax.
"""

import re
from typing import Any, Final

import msgspec
import orjson

from onrecord.errors import Rejected
from onrecord.query.fields import find
from onrecord.query.language import condition
from onrecord.query.syntax import And, Compare, Filter, In, Not, Or, Text

RUN_TYPES: Final = {
    "llm": ("llm",), "tool": ("tool",), "retriever": ("retriever", "reranker"), "embedding": ("embedding",),
    "prompt": ("prompt",), "parser": (),
    "chain": ("chain", "agent", "guardrail", "evaluator", "memory", "span"),
}  # fmt: skip
"""Kinds of ours by LangSmith's type of run."""
_FIELDS: Final = {
    "name": "name", "start_time": "start", "end_time": "end", "latency": "latency", "total_tokens": "tokens_total",
    "prompt_tokens": "tokens_input", "completion_tokens": "tokens_output", "total_cost": "cost", "id": "span",
    "trace_id": "trace", "parent_run_id": "parent", "is_root": "root", "session_name": "application",
    "thread_id": "session", "model_name": "model", "error_message": "error_message", "tags": "tag",
    "reference_example_id": "attributes.reference_example_id", "first_token_time": "time_to_first_token",
}  # fmt: skip
_COMPARISONS: Final = {"eq": "=", "neq": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "like": "~"}
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<open>[(\[])|(?P<close>[)\]])|(?P<comma>,)|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'"""
    r"""|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+(?:\.\d+)?))"""
)
_ESCAPED: Final = re.compile(r"\\(.)")
_CHARACTERS: Final = 16_384
_DEPTH: Final = 16
_PAIRED: Final = {"metadata_key": "metadata_value", "feedback_key": "feedback_score"}


class _Call(msgspec.Struct, frozen=True):
    """``name(arguments)``; a list is a call without a name."""

    name: str
    arguments: tuple[Any, ...]


class _Word(str):
    """A name that stands without quotes."""

    __slots__ = ()


def filter_of(text: str) -> Filter:
    """The filter that a text says.

    Raises:
        Rejected: it is malformed, or asks what onrecord can not answer.
    """
    if len(text) > _CHARACTERS:
        raise Rejected("The filter is too long.")
    value, at = _read(text, 0, 0)
    if text[at:].strip():
        raise Rejected("The filter goes on behind its end.")
    return _filter(value)


def _read(text: str, at: int, depth: int) -> tuple[Any, int]:
    """The value that starts at an offset, and the offset behind it."""
    found = _TOKEN.match(text, at)
    if found is None or depth > _DEPTH:
        raise _malformed(at)
    at = found.end()
    match found.lastgroup:
        case "double" | "single":
            return _ESCAPED.sub(r"\1", found[found.lastgroup]), at
        case "number":
            return float(found["number"]), at
        case "open":
            return _arguments("", text, at, depth)
        case "word":
            opened = _TOKEN.match(text, at)
            if opened is not None and opened["open"] == "(":
                return _arguments(found["word"], text, opened.end(), depth)
            return _Word(found["word"]), at
    raise _malformed(at)


def _arguments(name: str, text: str, at: int, depth: int) -> tuple[_Call, int]:
    values: list[Any] = []
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _malformed(at)
        if found["close"]:
            return _Call(name, tuple(values)), found.end()
        if found["comma"]:
            at = found.end()
            continue
        value, at = _read(text, at, depth + 1)
        values.append(value)


def _malformed(at: int) -> Rejected:
    return Rejected(f"The filter is malformed at character {at}.")


def _filter(value: Any) -> Filter:
    if not isinstance(value, _Call):
        raise Rejected('A filter is made of comparisons such as eq(run_type, "llm").')
    match value.name:
        case "and":
            return And(tuple(_filter(part) for part in _joined(value.arguments)))
        case "or":
            return Or(tuple(_filter(part) for part in value.arguments))
        case "not":
            return Not(_filter(value.arguments[0] if value.arguments else None))
        case "search":
            return Text("words", str(value.arguments[0]) if value.arguments else "")
        case "has":
            return _has(*_two(value))
        case "in":
            return _in(*_two(value))
        case "pair":
            return _pair(value)
        case name if name in _COMPARISONS:
            field, other = _two(value)
            return _compare(str(field), _COMPARISONS[name], other)
    raise Rejected(
        "The filter uses a function that onrecord does not know.", hint="It knows eq, gt, has, in, search ..."
    )


def _two(call: _Call) -> tuple[Any, Any]:
    if len(call.arguments) != 2:  # noqa: PLR2004
        raise Rejected("A comparison of a filter has a field and a value.")
    return call.arguments[0], call.arguments[1]


def _joined(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Conditions on a key and on its value, put together: ``eq(metadata_key, "a"), eq(metadata_value, "b")``."""
    left = list(parts)
    for key, partner in _PAIRED.items():
        named = [part for part in left if _is_on(part, key)]
        valued = [part for part in left if _is_on(part, partner)]
        if len(named) == len(valued) == 1:
            left = [part for part in left if part is not named[0] and part is not valued[0]]
            left.append(_Call("pair", (key, named[0].arguments[1], valued[0])))
    return tuple(left)


def _is_on(part: Any, field: str) -> bool:
    return isinstance(part, _Call) and len(part.arguments) == 2 and part.arguments[0] == field  # noqa: PLR2004


def _pair(call: _Call) -> Filter:
    kind, key, valued = call.arguments
    operator = _COMPARISONS.get(valued.name, "=")
    name = f"metadata.{key}" if kind == "metadata_key" else f"score.{key}"
    return _plain(name, operator, valued.arguments[1])


def _has(field: Any, value: Any) -> Filter:
    if field == "tags":
        return Compare("tag", "=", str(value))
    if field == "metadata":
        try:
            told = orjson.loads(str(value))
        except ValueError:
            told = None
        if isinstance(told, dict) and told:
            return And(tuple(_plain(f"metadata.{key}", "=", one) for key, one in told.items()))
    raise Rejected("onrecord understands has() of tags and of metadata.")


def _in(field: Any, value: Any) -> Filter:
    values = value.arguments if isinstance(value, _Call) and not value.name else ()
    return Or(tuple(_compare(str(field), "=", one) for one in values))


def _compare(field: str, operator: str, value: Any) -> Filter:
    if field == "run_type" and operator in ("=", "!="):
        kinds = In("kind", RUN_TYPES.get(str(value), ()))
        return Not(kinds) if operator == "!=" else kinds
    if field == "status" and operator in ("=", "!="):
        told = status_of(str(value))
        return Not(told) if operator == "!=" else told
    if field == "error" and operator in ("=", "!="):
        failed = Compare("status", "=", "error")
        return failed if (str(value).lower() == "true") == (operator == "=") else Not(failed)
    if field not in _FIELDS:
        raise Rejected("The filter names a field that onrecord can not ask for.")
    if field == "latency":
        value = f"{_text(value)}s" if isinstance(value, float) else value
    return _plain(_FIELDS[field], operator, value)


def status_of(word: str) -> Filter:
    """Runs of LangSmith's ``success``, ``error`` or ``pending``."""
    if word == "pending":
        return Compare("running", "=", 1)
    failed = Compare("status", "=", "error")
    return failed if word == "error" else And((Not(failed), Compare("running", "=", 0)))


def _plain(name: str, operator: str, value: Any) -> Filter:
    field = find(name)
    if field is None:
        raise Rejected("The filter names a key that onrecord can not ask for.")
    try:
        return condition(field, operator, [(_text(value), True)])
    except ValueError as error:
        raise Rejected(f"The filter is not understood: {error}.") from None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
