"""The compact language of the search line: ``model:gpt-4o status:error latency>2s "exact phrase" word -word``.

    query    = any { "OR" any } ;          any = { factor } ;
    factor   = [ "-" | "NOT" ] ( "(" query ")" | field operator value { "," value } | text ) ;
    operator = ":" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" ;      (":" also: value* prefix, * known)
    text     = word | "phrase" | *substring* ;

Pure and total: every text gives a filter or is ``Rejected`` with the position of the fault, never with a piece of it.
"""

import re
from typing import Final

import msgspec

from onrecord.errors import Rejected
from onrecord.query.fields import Field, find
from onrecord.query.syntax import And, Compare, Exists, Filter, In, Not, Or, Text
from onrecord.query.values import read_value

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<open>\()|(?P<close>\))|
    (?P<or>OR(?=[\s()]|$))|(?P<not>NOT(?=[\s()])|-(?=\S))|
    (?P<field>[A-Za-z_][A-Za-z0-9_]*(?:\.[^\s:=<>!~"()]+)?)(?P<operator>!=|<=|>=|[:=<>~])|
    "(?P<phrase>(?:[^"\\]|\\.)*)"|
    (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)
_VALUE: Final = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|([^\s,()"]+))(,?)""")
_ESCAPE: Final = re.compile(r"\\(.)")
_TEXT_CHARACTERS: Final = 4_096
_DEPTH: Final = 32
_VALUES: Final = 100


class _Scan(msgspec.Struct):
    """Where the reading stands."""

    text: str
    at: int = 0
    depth: int = 0

    def peek(self) -> re.Match[str] | None:
        """The next token; ``None`` at the end."""
        rest = self.text[self.at :].lstrip()
        if not rest:
            return None
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            raise _fault(len(self.text) - len(rest), "a quote is opened and not closed")
        return match

    def take(self, match: re.Match[str]) -> None:
        """Move past ``match``."""
        self.at = match.end()


def parse(text: str) -> Filter:
    """The filter that ``text`` says.

    Raises:
        Rejected: a field is not known, a value does not fit its field, a quote or parenthesis is not closed.
    """
    if len(text) > _TEXT_CHARACTERS:
        raise Rejected(f"The search text is longer than {_TEXT_CHARACTERS} characters.", hint="Search for less.")
    scan = _Scan(text)
    found = _query(scan)
    if scan.peek() is not None:
        raise _fault(scan.at, "a parenthesis is closed that was never opened")
    return found


def _query(scan: _Scan) -> Filter:
    choices = [_all(scan)]
    while (match := scan.peek()) is not None and match["or"]:
        scan.take(match)
        choices.append(_all(scan))
    return choices[0] if len(choices) == 1 else Or(tuple(choices))


def _all(scan: _Scan) -> Filter:
    parts: list[Filter] = []
    while (match := scan.peek()) is not None and not match["or"] and not match["close"]:
        parts.append(_factor(scan, match))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _factor(scan: _Scan, match: re.Match[str]) -> Filter:
    start = match.end() - len(match[0].lstrip())
    scan.take(match)
    if match["not"]:
        return _negated(scan, start)
    if match["open"]:
        return _group(scan, start)
    if match["field"]:
        return _condition(scan, match, start)
    if match["phrase"] is not None:
        return _text("phrase", _ESCAPE.sub(r"\1", match["phrase"]), start)
    word = match["word"]
    if len(word) > 1 and (word[0] == "*" or word[-1] == "*"):
        return _text("substring", word.strip("*"), start)
    return _text("words", word, start)


def _negated(scan: _Scan, start: int) -> Filter:
    match = scan.peek()
    if match is None or match["or"] or match["close"]:
        raise _fault(start, "what is to be left out is missing")
    scan.depth += 1
    if scan.depth > _DEPTH:
        raise _fault(start, f"the search is nested deeper than {_DEPTH}")
    found = Not(_factor(scan, match))
    scan.depth -= 1
    return found


def _group(scan: _Scan, start: int) -> Filter:
    scan.depth += 1
    if scan.depth > _DEPTH:
        raise _fault(start, f"the search is nested deeper than {_DEPTH}")
    found = _query(scan)
    closing = scan.peek()
    if closing is None or not closing["close"]:
        raise _fault(start, "a parenthesis is opened and not closed")
    scan.take(closing)
    scan.depth -= 1
    return found


def _condition(scan: _Scan, match: re.Match[str], start: int) -> Filter:
    field = find(match["field"])
    if field is None:
        raise _fault(start, "no field has this name; put the text in quotes to search for it")
    values: list[tuple[str, bool]] = []
    more = True
    while more:
        value = _VALUE.match(scan.text, scan.at)
        if value is None or len(values) >= _VALUES:
            raise _fault(scan.at, "a value is missing" if value is None else f"there are more than {_VALUES} values")
        scan.at = value.end()
        quoted = value[1] is not None
        values.append((_ESCAPE.sub(r"\1", value[1]) if quoted else value[2], quoted))
        more = bool(value[3])
    try:
        return condition(field, match["operator"], values)
    except ValueError as error:
        raise _fault(start, str(error)) from None


def condition(field: Field, operator: str, values: list[tuple[str, bool]]) -> Filter:
    """One field against values that a person typed, each with whether it stood in quotes; several mean *one of*.

    Raises:
        ValueError: a value does not fit the field; the sentence does not hold the value.
    """
    text, quoted = values[0]
    if len(values) > 1:
        if operator not in (":", "=", "!="):
            raise ValueError("only one value can be compared in this way")
        many = In(field.name, tuple(read_value(field.kind, one, field.choices) for one, _ in values))
        return Not(many) if operator == "!=" else many
    if operator == ":":
        return _colon(field, text) if not quoted else _single(field, "=", text)
    return _single(field, operator, text)


def _colon(field: Field, text: str) -> Filter:
    """What stands after a colon may begin with a sign or end with a star."""
    if text == "*":
        return Exists(field.name)
    for sign in ("<=", ">=", "<", ">"):
        if text.startswith(sign):
            return _single(field, sign, text[len(sign) :])
    if text.endswith("*") and field.is_text:
        return _single(field, "prefix", text[:-1])
    return _single(field, "=", text)


def _single(field: Field, operator: str, text: str) -> Filter:
    if operator in ("~", "prefix"):
        if not field.is_text or field.kind == "id" or not text:
            raise ValueError("only text can be searched in this way")
        return Compare(field.name, "contains" if operator == "~" else "prefix", text)
    if operator in ("<", "<=", ">", ">="):
        if field.kind == "flag" or (field.is_text and not field.is_open):
            raise ValueError("this field has no order")
        return Compare(field.name, operator, read_value("number" if field.is_open else field.kind, text))
    return Compare(field.name, operator, read_value(field.kind, text, field.choices))


def _text(kind: str, text: str, start: int) -> Filter:
    if not text.strip():
        raise _fault(start, "the text to search for is empty")
    return Text(kind, text)


def _fault(at: int, sentence: str) -> Rejected:
    return Rejected(f"The search is not understood at character {at + 1}: {sentence}.", hint="See docs/api.md, Search.")
