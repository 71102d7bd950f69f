"""What the engine says about a statement, in words for who wrote it: no paths, no internal names, no versions."""

import re
from typing import Final

from onrecord.limits import SQL_ANSWER_BYTES, SQL_BYTES, SQL_FILE_ROWS, SQL_RESULT_BYTES, SQL_ROW_BYTES, SQL_SECONDS
from onrecord.query.sql.views import VIEWS, names

_HEAD: Final = re.compile(r"^(?:Code: \d+\. )?(?:DB::Exception: )?(?:Code: \d+\. DB::Exception: )?")
_TAIL: Final = re.compile(
    r"(?::? ?[Ii]n scope .*|[:,.]? ?[Ww]hile (?:executing|processing) .*|[:,.]? ?[Ii]n query .*"
    r"|[:,.]? ?WITH spans AS .*| ?\(version .*|: ?\(while .*)",
    re.DOTALL,
)
_NAME: Final = re.compile(r"\s*\(([A-Z][A-Z0-9_]+)\)\s*\.?$")
_EXPECTED: Final = re.compile(r"\.? Expected one of:.*", re.DOTALL)
_SYNTAX: Final = re.compile(r"Syntax error: failed at position \d+(?: \(((?:[^()]|\([^()]*\))*?)\))?.*", re.DOTALL)
_DATABASE: Final = re.compile(r"\b\w*onrecord\w*_\d+\.|\b__table\d+\.|\bdefault\.(?=\w)")
_PATH: Final = re.compile(r"(?<![\w'\"])/(?:[\w.@+-]+/)+[\w.@+-]*")
TOO_LARGE: Final = (
    f"The result is larger than {SQL_FILE_ROWS:,} rows or {SQL_RESULT_BYTES >> 20} MB, or one row of it than "
    f"{SQL_ROW_BYTES >> 20} MB. Add a LIMIT, or aggregate."
)
TOO_LARGE_TO_SHOW: Final = (
    f"The result is larger than {SQL_ANSWER_BYTES >> 20} MB, or one row of it than {SQL_ROW_BYTES >> 20} MB. Select "
    "fewer columns, or a part of a text: substring(input, 1, 200)."
)
_CHARACTERS: Final = 400
_TIMEOUT: Final = (159, 160, 209)
_MEMORY: Final = (241, 173, 307)
_LARGE: Final = (158, 396)
_NO_TABLE: Final = (60, 81)
_DEEP: Final = (167, 168, 306)
_DENIED: Final = 164


def words_of(code: int, said: str, form: str = "") -> str:
    """One sentence about a fault of the engine."""
    if code in _TIMEOUT:
        return f"It took longer than {SQL_SECONDS} seconds and was ended. Narrow the time: WHERE received > now() - ..."
    if code in _MEMORY:
        return f"It needed more than {SQL_BYTES >> 20} MB of memory and was ended. Read fewer rows or columns."
    if code in _LARGE:
        return TOO_LARGE_TO_SHOW if form == "table" else TOO_LARGE
    if code in _DEEP:
        return "It is too long, or nested too deeply."
    if code in _NO_TABLE:
        return f"There is no view of that name. The views are {names(VIEWS)}."
    if code == _DENIED:
        return "Only reading is possible here."
    text = _HEAD.sub("", said.strip(), count=1)
    text = _EXPECTED.sub("", _NAME.sub("", _TAIL.sub("", text)))
    text = _PATH.sub("...", _DATABASE.sub("", _NAME.sub("", text))).strip(" :.,\n")
    syntax = _SYNTAX.match(text)
    if syntax:
        text = (
            f"Syntax error at {syntax[1]}" if syntax[1] and syntax[1] != "end of query" else "Syntax error at its end"
        )
    text = " ".join(text.split())
    if not text:
        return f"The engine refused it (code {code})."
    return f"{text[:_CHARACTERS]}{'...' if len(text) > _CHARACTERS else '.'}"
